#include "agent/audit/host_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace pinfold::agent::audit {
namespace {

constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

std::optional<std::string> read_open(const Descriptor& file, std::size_t most, bool* is_cut) {
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::nullopt;
  }
  // The size is a hint only: files of /proc have none, and others may change meanwhile.
  std::string text;
  text.resize(std::min(most, std::max<std::size_t>(static_cast<std::size_t>(status.st_size), 4096) + 1));
  std::size_t used = 0;
  for (;;) {
    const ssize_t got = ::read(file.get(), text.data() + used, text.size() - used);
    if (got <= 0) {
      break;
    }
    used += static_cast<std::size_t>(got);
    if (used == text.size()) {
      if (used == most) {
        break;
      }
      text.resize(std::min(most, text.size() * 2));
    }
  }
  if (is_cut != nullptr) {
    *is_cut = used == most && static_cast<std::uint64_t>(status.st_size) > most;
  }
  text.resize(used);
  return text;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (x_fd >= 0) {
      ::close(x_fd);
    }
    x_fd = other.release();
  }
  return *this;
}
Descriptor::~Descriptor() {
  if (x_fd >= 0) {
    ::close(x_fd);
  }
}
int Descriptor::release() { return std::exchange(x_fd, -1); }

std::optional<std::string> read_regular(int folder, const char* name, std::size_t most, bool* is_cut) {
  return read_open(Descriptor(::openat(folder, name, kReadFlags | O_NOFOLLOW)), most, is_cut);
}

std::optional<std::string> HostFiles::read(const std::string& path, std::size_t most) const {
  return read_open(Descriptor(::open((x_root + path).c_str(), kReadFlags)), most, nullptr);
}

std::vector<std::string> HostFiles::list(const std::string& folder) const {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseFolder> open(::opendir((x_root + folder).c_str()));
  while (open != nullptr && names.size() < kMaxListed) {
    const dirent* entry = ::readdir(open.get());  // NOLINT(concurrency-mt-unsafe): the stream is this function's own
    if (entry == nullptr) {
      break;
    }
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<FileFacts> HostFiles::facts(const std::string& path) const {
  struct stat status {};
  if (::lstat((x_root + path).c_str(), &status) != 0) {
    return std::nullopt;
  }
  return FileFacts{status.st_mode, status.st_uid, status.st_gid, static_cast<std::uint64_t>(status.st_size), status.st_mtime};
}

bool HostFiles::is_folder(const std::string& path) const {
  const auto found = facts(path);
  return found && S_ISDIR(found->mode);
}

}  // namespace pinfold::agent::audit
