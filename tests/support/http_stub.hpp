// A tiny HTTP server on loopback for tests: one thread, one request a connection, answers as told.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pinfold::test {

struct StubRequest {
  std::string head;  ///< request line and header fields
  std::string body;
  [[nodiscard]] std::string header(const std::string& name) const {
    const auto at = head.find("\r\n" + name + ": ");
    return at == std::string::npos ? "" : head.substr(at + name.size() + 4, head.find("\r\n", at + 2) - at - name.size() - 4);
  }
};

class HttpStub {
public:
  struct Answer {
    unsigned status = 200;
    std::string body;
    bool is_silent = false;  ///< the connection is closed without an answer
  };
  using Handler = std::function<Answer(const StubRequest&)>;

  explicit HttpStub(Handler handler) : x_handler(std::move(handler)) {
    x_listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(x_listener, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(x_listener, 16);
    socklen_t size = sizeof address;
    ::getsockname(x_listener, reinterpret_cast<sockaddr*>(&address), &size);
    x_port = ntohs(address.sin_port);
    x_thread = std::thread([this] { serve(); });
  }
  ~HttpStub() {
    x_stopping = true;
    ::shutdown(x_listener, SHUT_RDWR);
    x_thread.join();
    ::close(x_listener);
  }
  HttpStub(const HttpStub&) = delete;
  HttpStub& operator=(const HttpStub&) = delete;

  [[nodiscard]] std::string url(const std::string& target = "/") const { return "http://127.0.0.1:" + std::to_string(x_port) + target; }

private:
  void serve() {
    while (!x_stopping) {
      const int one = ::accept4(x_listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (one >= 0) {
        answer(one);
        ::close(one);
      }
    }
  }
  void answer(int one) {
    std::string text;
    std::size_t wanted = std::string::npos;
    char chunk[4096];
    while (wanted == std::string::npos || text.size() < wanted) {
      const ssize_t got = ::recv(one, chunk, sizeof chunk, 0);
      if (got <= 0) {
        return;
      }
      text.append(chunk, static_cast<std::size_t>(got));
      const auto end = text.find("\r\n\r\n");
      if (wanted == std::string::npos && end != std::string::npos) {
        const StubRequest head{text.substr(0, end + 2), {}};
        const std::string length = head.header("Content-Length");
        wanted = end + 4 + (length.empty() ? 0 : std::stoul(length));
      }
    }
    const auto end = text.find("\r\n\r\n");
    const Answer reply = x_handler({text.substr(0, end + 2), text.substr(end + 4)});
    if (reply.is_silent) {
      return;
    }
    const std::string out = "HTTP/1.1 " + std::to_string(reply.status) + " X\r\nContent-Length: " + std::to_string(reply.body.size()) +
                            "\r\nConnection: close\r\n\r\n" + reply.body;
    for (std::size_t sent = 0; sent < out.size();) {
      const ssize_t part = ::send(one, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (part <= 0) {
        return;
      }
      sent += static_cast<std::size_t>(part);
    }
  }

  Handler x_handler;
  int x_listener = -1;
  std::uint16_t x_port = 0;
  std::atomic<bool> x_stopping{false};
  std::thread x_thread;
};

}  // namespace pinfold::test
