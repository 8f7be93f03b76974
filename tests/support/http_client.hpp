// A bare HTTP/1.1 client over loopback for tests: one connection, whole responses with their header fields; and raw bytes for bad manners.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <string>

#include "base/text.hpp"

namespace pinfold::test {

struct HttpResponse {
  unsigned status = 0;
  std::multimap<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  [[nodiscard]] std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string{} : found->second;
  }
};

class HttpClient {
public:
  explicit HttpClient(std::uint16_t port) : x_socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    x_open = ::connect(x_socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~HttpClient() { ::close(x_socket); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  [[nodiscard]] bool is_open() const { return x_open; }
  bool send(const std::string& bytes) const {
    return ::send(x_socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }

  /// What arrives until `until` is in it, the other side closes, or so many milliseconds pass without a byte.
  std::string read_until(const std::string& until, int quiet_ms = 5000) {
    while (x_buffer.find(until) == std::string::npos && fill(quiet_ms)) {
    }
    return x_buffer;
  }
  /// True: the other side closed within that time. What it sends meanwhile is thrown away.
  bool is_closed_within(int quiet_ms) {
    while (fill(quiet_ms)) {
      x_buffer.clear();
    }
    return !x_open;
  }

  std::optional<HttpResponse> request(const std::string& method, const std::string& target, const std::map<std::string, std::string>& headers = {},
                                      const std::string& body = {}) {
    std::string head = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n";
    for (const auto& [name, value] : headers) {
      head += name + ": " + value + "\r\n";
    }
    if (!body.empty() || method != "GET") {
      head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    return send(head + "\r\n" + body) ? response(method == "HEAD") : std::nullopt;
  }

  /// Up to the end of the head for a stream without a length.
  std::optional<HttpResponse> response(bool is_head = false) {
    read_until("\r\n\r\n", 15'000);
    const std::size_t end = x_buffer.find("\r\n\r\n");
    if (end == std::string::npos) {
      return std::nullopt;
    }
    HttpResponse response;
    const std::string head = x_buffer.substr(0, end);
    x_buffer.erase(0, end + 4);
    response.status = static_cast<unsigned>(std::stoul(head.substr(9, 3)));
    const auto lines = split(head, '\n');
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const std::size_t colon = lines[i].find(':');
      response.headers.emplace(to_lower(lines[i].substr(0, colon)), std::string(trim(lines[i].substr(colon + 1))));
    }
    const std::string length = response.header("content-length");
    const std::size_t wanted = is_head || length.empty() ? 0 : std::stoul(length);
    while (x_buffer.size() < wanted && fill(15'000)) {
    }
    response.body = x_buffer.substr(0, wanted);
    x_buffer.erase(0, wanted);
    return response;
  }

private:
  bool fill(int quiet_ms) {
    pollfd waiting{x_socket, POLLIN, 0};
    if (!x_open || ::poll(&waiting, 1, quiet_ms) <= 0) {
      return false;
    }
    char chunk[16'384];
    const ssize_t got = ::recv(x_socket, chunk, sizeof chunk, 0);
    if (got <= 0) {
      x_open = false;
      return false;
    }
    x_buffer.append(chunk, static_cast<std::size_t>(got));
    return true;
  }

  int x_socket;
  bool x_open = false;
  std::string x_buffer;
};

}  // namespace pinfold::test
