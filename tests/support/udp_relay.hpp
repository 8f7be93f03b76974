// A relay on loopback between a program and a UDP server: what is lost, held back or answered falsely on the way is the test's to say.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>

namespace pinfold::test {

class UdpRelay {
public:
  /// What becomes of a request: nullopt: it goes on to the server; a text: it is answered with that (empty: with nothing).
  using OnRequest = std::function<std::optional<std::string>(const std::string& datagram)>;
  /// Whether an answer goes on to the program.
  using OnAnswer = std::function<bool(const std::string& datagram)>;

  UdpRelay(const std::string& server, std::uint16_t port, OnRequest on_request, OnAnswer on_answer = {})
      : x_on_request(std::move(on_request)), x_on_answer(std::move(on_answer)) {
    x_inner = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    x_outer = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    static_cast<void>(::bind(x_inner, reinterpret_cast<const sockaddr*>(&here), sizeof here));
    socklen_t length = sizeof here;
    ::getsockname(x_inner, reinterpret_cast<sockaddr*>(&here), &length);
    x_port = ntohs(here.sin_port);
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(port);
    ::inet_pton(AF_INET, server.c_str(), &there.sin_addr);
    static_cast<void>(::connect(x_outer, reinterpret_cast<const sockaddr*>(&there), sizeof there));
    x_thread = std::thread([this] { serve(); });
  }
  UdpRelay(const UdpRelay&) = delete;
  UdpRelay& operator=(const UdpRelay&) = delete;
  ~UdpRelay() {
    x_ends = true;
    x_thread.join();
    ::close(x_inner);
    ::close(x_outer);
  }
  [[nodiscard]] std::uint16_t port() const { return x_port; }

private:
  [[nodiscard]] static std::optional<std::string> take(int socket, sockaddr_in* from) {
    std::array<char, 65536> bytes{};
    socklen_t length = sizeof *from;
    const ssize_t got =
        ::recvfrom(socket, bytes.data(), bytes.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(from), from == nullptr ? nullptr : &length);
    return got < 0 ? std::nullopt : std::optional(std::string(bytes.data(), static_cast<std::size_t>(got)));
  }
  void answer(const std::string& datagram) {
    static_cast<void>(::sendto(x_inner, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&x_program), sizeof x_program));
  }
  void serve() {
    while (!x_ends) {
      std::array<pollfd, 2> ready{{{x_inner, POLLIN, 0}, {x_outer, POLLIN, 0}}};
      ::poll(ready.data(), ready.size(), 20);
      if (const auto request = take(x_inner, &x_program)) {
        if (const auto said = x_on_request(*request)) {
          if (!said->empty()) {
            answer(*said);
          }
        } else {
          static_cast<void>(::send(x_outer, request->data(), request->size(), 0));
        }
      }
      if (const auto back = take(x_outer, nullptr); back && (!x_on_answer || x_on_answer(*back))) {
        answer(*back);
      }
    }
  }

  OnRequest x_on_request;
  OnAnswer x_on_answer;
  int x_inner = -1;
  int x_outer = -1;
  std::uint16_t x_port = 0;
  sockaddr_in x_program{};
  std::atomic<bool> x_ends{false};
  std::thread x_thread;
};

}  // namespace pinfold::test
