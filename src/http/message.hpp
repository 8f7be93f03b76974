/// A request and a response, apart from any server, so that every route is a function that a test can call.
/// Bounds:  the server has already held head and body to its limits (http/server.hpp).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"

namespace pinfold::http {

struct Request {
  std::string method;                          ///< "GET"
  std::string target;                          ///< path and query as sent
  std::map<std::string, std::string> headers;  ///< names in lower case; of a repeated one, the first
  std::string body;
  std::string remote;   ///< numeric address of the peer
  bool is_tls = false;  ///< to us, not to a proxy

  [[nodiscard]] std::string_view header(const std::string& lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
  }
  [[nodiscard]] std::string_view path() const { return std::string_view{target}.substr(0, target.find('?')); }
};

/// Something that goes on after the head of a response: the server asks for what is there, and waits to be told that there is more.
/// Threads: `take` is called on the server's; `wake` may be called from any, and must not block.
class Stream {
public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;
  [[nodiscard]] virtual std::string take() = 0;    ///< what is to be written now; empty: nothing
  [[nodiscard]] virtual bool is_over() const = 0;  ///< the connection is to be closed
  virtual void on_more(std::function<void()> wake) = 0;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<Stream> stream{};  ///< instead of `body`; ends with the connection
};

/// Called on the server's threads, several at once. Must not throw; what it throws all the same becomes a 500 without details.
using Handler = std::function<Response(const Request&)>;

}  // namespace pinfold::http
