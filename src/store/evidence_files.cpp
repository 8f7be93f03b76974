#include "store/evidence_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/crypto.hpp"

namespace pinfold::store {
namespace {

using records::StoreError;

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  throw StoreError(fmt::format("{}: {}", path.string(), std::error_code(error, std::generic_category()).message()));
}

class File {
public:
  File(const std::filesystem::path& path, int flags) : x_path(path), x_fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (x_fd >= 0) {
      ::close(x_fd);
    }
  }
  [[nodiscard]] bool is_open() const { return x_fd >= 0; }

  void write_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(x_fd, bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR) {
        fail(x_path, errno);
      }
      bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
  }
  [[nodiscard]] std::string read_all() const {
    std::string bytes;
    std::array<char, 65'536> block{};
    for (;;) {
      const ssize_t got = ::read(x_fd, block.data(), block.size());
      if (got == 0) {
        return bytes;
      }
      if (got < 0 && errno != EINTR) {
        fail(x_path, errno);
      }
      bytes.append(block.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      if (bytes.size() > kMaxEvidenceBytes) {
        throw StoreError(x_path.string() + ": larger than evidence can be");
      }
    }
  }
  /// Now is when it was last put.
  void touch() const {
    if (::futimens(x_fd, nullptr) != 0) {
      fail(x_path, errno);
    }
  }
  /// LOCK_SH or LOCK_EX, until this is closed.
  void lock(int how) const {
    while (::flock(x_fd, how) != 0) {
      if (errno != EINTR) {
        fail(x_path, errno);
      }
    }
  }
  void sync() const {
    if (::fsync(x_fd) != 0) {
      fail(x_path, errno);
    }
  }

private:
  std::filesystem::path x_path;
  int x_fd;
};

void sync_directory(const std::filesystem::path& path) {
  const File directory(path, O_RDONLY | O_DIRECTORY);
  if (!directory.is_open()) {
    fail(path, errno);
  }
  directory.sync();
}

void make_directory(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), S_IRWXU) == 0) {
    sync_directory(path.parent_path().empty() ? "." : path.parent_path());
  } else if (errno != EEXIST) {
    fail(path, errno);
  }
}

/// A file under its temporary name; gone again unless it was renamed.
void write_and_rename(const std::filesystem::path& folder, const std::string& name, std::string_view bytes) {
  const std::filesystem::path temporary = folder / (".new-" + random_token(80));
  try {
    const File file(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.is_open()) {
      fail(temporary, errno);
    }
    file.write_all(bytes);
    file.sync();
    if (::rename(temporary.c_str(), (folder / name).c_str()) != 0) {
      fail(folder / name, errno);
    }
  } catch (const StoreError&) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_directory(folder);
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

FileEvidenceStore::FileEvidenceStore(std::filesystem::path directory) : x_directory(std::move(directory)) { make_directory(x_directory); }

std::string FileEvidenceStore::put(std::string_view bytes) {
  if (bytes.size() > kMaxEvidenceBytes) {
    throw StoreError(fmt::format("evidence of {} bytes: larger than {}", bytes.size(), kMaxEvidenceBytes));
  }
  std::string hash = sha256_hex(bytes);
  const std::filesystem::path folder = folder_of(hash);
  make_directory(folder);
  const File held(x_directory, O_RDONLY | O_DIRECTORY);
  held.lock(LOCK_SH);
  const File present(folder / hash, O_RDONLY);
  if (present.is_open() && present.read_all() == bytes) {
    present.touch();
    sync_directory(folder);  // whoever wrote it may not have come to this yet
    return hash;
  }
  write_and_rename(folder, hash, bytes);  // also in place of a damaged one
  return hash;
}

std::optional<std::string> FileEvidenceStore::get(std::string_view sha256) const {
  if (!is_sha256(sha256)) {
    return std::nullopt;
  }
  const std::filesystem::path path = folder_of(sha256) / std::string(sha256);
  const File file(path, O_RDONLY);
  if (!file.is_open()) {
    if (errno == ENOENT) {
      return std::nullopt;
    }
    fail(path, errno);
  }
  std::string bytes = file.read_all();
  if (sha256_hex(bytes) != sha256) {
    throw StoreError(path.string() + ": damaged: its content does not match its name");
  }
  return bytes;
}

records::EvidenceStore::Swept FileEvidenceStore::sweep(WallTime put_before, const std::function<bool(std::string_view)>& is_named, bool is_trial) {
  Swept swept;
  for (const auto& folder : std::filesystem::directory_iterator(x_directory)) {
    if (!folder.is_directory()) {
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      const std::string name = entry.path().filename().string();
      if (!is_sha256(name) || is_named(name)) {
        continue;
      }
      const File held(x_directory, O_RDONLY | O_DIRECTORY);
      held.lock(LOCK_EX);
      struct stat about {};
      if (::lstat(entry.path().c_str(), &about) != 0 || Seconds{about.st_mtim.tv_sec} >= put_before.since_epoch) {
        continue;
      }
      if (!is_trial && ::unlink(entry.path().c_str()) != 0) {
        fail(entry.path(), errno);
      }
      ++swept.pieces;
      swept.bytes += static_cast<std::uint64_t>(about.st_size);
    }
  }
  return swept;
}

void FileEvidenceStore::remove(std::string_view sha256) {
  if (!is_sha256(sha256)) {
    return;
  }
  const std::filesystem::path path = folder_of(sha256) / std::string(sha256);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    fail(path, errno);
  }
  if (std::filesystem::exists(path.parent_path())) {
    sync_directory(path.parent_path());
  }
}

}  // namespace pinfold::store
