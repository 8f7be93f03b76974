/// One outgoing HTTP request and its whole answer: for webhooks to the operator's own programs and for NetBox.
/// Used by: enforce (the webhook driver), engine (the NetBox import). Asio and Beast stay inside.
/// Security: https checks the server's certificate and name against the machine's authorities, or against `ca_file` alone; redirects are not
///          followed; nothing of the request is logged.
/// Bounds:  the whole exchange takes at most `within`; the answer's body at most `max_body` bytes, its header 8 KiB (Beast's limit).
/// Threads: any; blocks the caller. Names are looked up by the system's resolver, which `within` covers too.
/// Errors:  NotSent: nothing was asked (no address, no connection, no trusted certificate). Unanswered: it may have been carried out.
/// Source:  RFC 9110, RFC 9112; Standard Webhooks 1.0 (standardwebhooks.com) for sign_webhook.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.hpp"
#include "base/time.hpp"

namespace pinfold::fetch {

struct Url {
  bool is_https = false;
  std::string host;  ///< a name, or an address without brackets
  std::uint16_t port = 0;
  std::string target;  ///< path and query, from the slash on
};
/// "https://netbox.example/api/"; no user information, no fragment, at most 2,000 bytes of printable ASCII.
[[nodiscard]] std::optional<Url> parse_url(std::string_view text);
[[nodiscard]] std::string to_string(const Url& url);
/// By its name: "localhost", 127.0.0.0/8 or ::1.
[[nodiscard]] bool is_loopback(const Url& url);

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  Url url;
  Headers headers;
  std::string body;
  std::string ca_file;  ///< PEM; empty: the machine's authorities
  Micros within = std::chrono::seconds{10};
  std::size_t max_body = std::size_t{8} << 20;
};
struct Answer {
  unsigned status = 0;
  std::string body;
};
struct Failure {
  enum class Kind : std::uint8_t { NotSent, Unanswered };
  Kind kind = Kind::NotSent;
  std::string what;
};

[[nodiscard]] Expected<Answer, Failure> send(const Request& request);

/// webhook-id, webhook-timestamp and webhook-signature ("v1," and the base 64 of HMAC-SHA-256 over "id.timestamp.body").
[[nodiscard]] Headers sign_webhook(std::string_view secret, std::string_view id, WallTime now, std::string_view body);

}  // namespace pinfold::fetch
