/// A blocking TCP line client and listener on loopback, for tests of protocols. Reads give up after some seconds, so that no test hangs.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "mail/unique_fd.hpp"

namespace pinfold::mail {

class Stream {
public:
  explicit Stream(UniqueFd fd) : x_fd(std::move(fd)) {
    const timeval patience{20, 0};
    setsockopt(x_fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  [[nodiscard]] static Stream connect_to(std::uint16_t port) {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return Stream(std::move(fd));
  }
  void say(std::string_view text) { static_cast<void>(send(x_fd.get(), text.data(), text.size(), MSG_NOSIGNAL)); }
  /// The next line with its line end; "" at the end of the stream.
  [[nodiscard]] std::string line() {
    while (x_buffer.find('\n') == std::string::npos) {
      std::array<char, 4096> bytes{};
      const ssize_t got = recv(x_fd.get(), bytes.data(), bytes.size(), 0);
      if (got <= 0) {
        return std::exchange(x_buffer, {});
      }
      x_buffer.append(bytes.data(), static_cast<std::size_t>(got));
    }
    const auto end = x_buffer.find('\n') + 1;
    std::string first = x_buffer.substr(0, end);
    x_buffer.erase(0, end);
    return first;
  }
  /// The last line of a reply ("250-a", "250 b").
  [[nodiscard]] std::string reply() {
    std::string last = line();
    while (last.size() > 3 && last[3] == '-') {
      last = line();
    }
    return last;
  }

private:
  UniqueFd x_fd;
  std::string x_buffer;
};

class Listener {
public:
  Listener() : x_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    EXPECT_EQ(bind(x_fd.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(x_fd.get(), 4), 0);
    EXPECT_EQ(getsockname(x_fd.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
    x_port = ntohs(address.sin_port);
  }
  [[nodiscard]] std::uint16_t port() const { return x_port; }
  [[nodiscard]] Stream accept_one() { return Stream(UniqueFd(accept(x_fd.get(), nullptr, nullptr))); }

private:
  UniqueFd x_fd;
  std::uint16_t x_port = 0;
};

}  // namespace pinfold::mail
