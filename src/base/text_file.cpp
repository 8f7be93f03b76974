#include "base/text_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/text.hpp"

namespace pinfold {
namespace {

std::string cannot_be_read(int error) { return "cannot be read: " + std::error_code(error, std::generic_category()).message(); }

class OpenFile {
public:
  explicit OpenFile(const std::filesystem::path& file)
      : x_fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), x_error(x_fd < 0 ? errno : 0) {
    if (x_fd >= 0 && ::fstat(x_fd, &x_status) != 0) {
      x_error = errno;
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (x_fd >= 0) {
      ::close(x_fd);
    }
  }

  [[nodiscard]] Expected<std::string, std::string> read_all(std::size_t most) const {
    if (x_error != 0) {
      return Unexpected(cannot_be_read(x_error));
    }
    if (!S_ISREG(x_status.st_mode)) {
      return Unexpected(std::string("is not a regular file"));
    }
    std::string text;
    std::array<char, 16'384> block{};
    for (;;) {
      const ssize_t got = ::read(x_fd, block.data(), block.size());
      if (got < 0) {
        return Unexpected(cannot_be_read(errno));
      }
      if (got == 0) {
        return text;
      }
      text.append(block.data(), static_cast<std::size_t>(got));
      if (text.size() > most) {
        return Unexpected(fmt::format("is larger than {} bytes", most));
      }
    }
  }
  /// Of the very file that is read, so that it cannot be swapped in between.
  [[nodiscard]] bool others_may_read() const { return (x_status.st_mode & (S_IRWXG | S_IRWXO)) != 0; }
  [[nodiscard]] bool is_open() const { return x_error == 0; }

private:
  int x_fd;
  int x_error;
  struct stat x_status {};
};

}  // namespace

Expected<std::string, std::string> read_text_file(const std::filesystem::path& file, std::size_t most) { return OpenFile(file).read_all(most); }

namespace {

Expected<std::string, std::string> read_private_file(const std::filesystem::path& file, std::size_t most) {
  const OpenFile opened(file);
  if (opened.is_open() && opened.others_may_read()) {
    return Unexpected(fmt::format("others than its owner may read it; run: chmod 600 {}", file.string()));
  }
  return opened.read_all(most);
}

}  // namespace

Expected<std::string, std::string> read_key_file(const std::filesystem::path& file) {
  constexpr std::size_t kMaxKeyBytes = std::size_t{16} * 1024;
  return read_private_file(file, kMaxKeyBytes);
}

Expected<std::string, std::string> read_secret_file(const std::filesystem::path& file) {
  auto text = read_private_file(file, kMaxSecretBytes);
  if (!text) {
    return text;
  }
  const std::string secret(trim(*text));
  if (secret.find('\n') != std::string::npos) {
    return Unexpected(std::string("has more than one line"));
  }
  return secret;
}

}  // namespace pinfold
