/// The owner of a file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace pinfold::mail {

class UniqueFd {
public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : x_fd(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : x_fd(std::exchange(other.x_fd, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(x_fd, other.x_fd);
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return x_fd; }
  [[nodiscard]] explicit operator bool() const { return x_fd >= 0; }
  void reset() {
    if (x_fd >= 0) {
      close(std::exchange(x_fd, -1));
    }
  }

private:
  int x_fd = -1;
};

}  // namespace pinfold::mail
