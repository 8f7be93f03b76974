#include "backup/file_bytes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "backup/backup.hpp"
#include "base/crypto.hpp"

namespace pinfold::backup {
namespace {

[[noreturn]] void fail_with(const std::filesystem::path& path, int error) {
  throw BackupError(fmt::format("{}: {}", path.string(), std::generic_category().message(error)));
}

/// One open file, mapped.
class Mapping {
public:
  explicit Mapping(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat facts {};
    if (fd < 0 || ::fstat(fd, &facts) != 0) {
      fail_with(path, errno);
    }
    x_size = static_cast<std::size_t>(facts.st_size);
    if (x_size > 0) {
      x_bytes = ::mmap(nullptr, x_size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    const int error = errno;
    ::close(fd);
    if (x_bytes == MAP_FAILED) {
      fail_with(path, error);
    }
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (x_size > 0) {
      ::munmap(x_bytes, x_size);
    }
  }
  [[nodiscard]] std::string_view text() const { return {static_cast<const char*>(x_bytes), x_size}; }

private:
  void* x_bytes = nullptr;
  std::size_t x_size = 0;
};

}  // namespace

std::string sha256_of_file(const std::filesystem::path& file) { return sha256_hex(Mapping(file).text()); }

PlainFile::PlainFile(std::filesystem::path file, Use use) : x_path(std::move(file)) {
  const int flags = use == Use::Read ? O_RDONLY : O_WRONLY | O_CREAT | O_EXCL;
  const int fd = ::open(x_path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (fd < 0) {
    fail();
  }
  x_file.reset(::fdopen(fd, use == Use::Read ? "rb" : "wb"));
}

void PlainFile::fail() const { fail_with(x_path, errno); }

std::size_t PlainFile::read(std::span<char> block) {
  const std::size_t got = std::fread(block.data(), 1, block.size(), x_file.get());
  if (got == 0 && std::ferror(x_file.get()) != 0) {
    fail();
  }
  return got;
}

void PlainFile::write(std::span<const char> bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), x_file.get()) != bytes.size()) {
    fail();
  }
}

void PlainFile::sync() {
  if (std::fflush(x_file.get()) != 0 || ::fsync(::fileno(x_file.get())) != 0) {
    fail();
  }
}

void sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) {
    ::close(fd);
  }
  if (!synced) {
    fail_with(folder, error);
  }
}

}  // namespace pinfold::backup
