/// The HTTP server: Boost.Beast with a deadline on everything, so that slow or silent clients are cut and cost one connection each.
/// Used by: engine, once for people (loopback by default) and once for host agents.
/// TLS by `Tls`, with the certificate's files read once at the start; without it plain, for loopback or behind a proxy.
/// What `is_slow` names runs on threads of its own (Limits::slow_threads), so that a password check or a switch that answers late delays nobody else.
/// A response with a Stream goes on until the client leaves, stops reading (write_deadline) or the stream is over.
/// Bounds:  Limits below; over max_connections new ones are closed at once. 413/431 by closing: the client broke the contract.
/// Threads: its own (Limits::threads); the handler is called there. `stop` closes everything and joins.
/// Errors:  ServerError when the address cannot be listened on.
/// Source:  RFC 9110, RFC 9112; the parser is Beast's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <variant>

#include "base/time.hpp"
#include "http/message.hpp"
#include "net/ip_address.hpp"

namespace pinfold::http {

struct ServerError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Limits {
  std::size_t max_connections = 1024;
  std::uint32_t header_bytes = 8192;
  std::uint64_t body_bytes = std::uint64_t{8} << 20U;
  Seconds request_deadline{10};  ///< for a whole request, so that a dribble does not extend it
  Seconds idle{30};              ///< between requests of one connection
  Seconds write_deadline{10};
  unsigned threads = 2;
  unsigned slow_threads = 2;
};

struct Tls {
  std::string certificate;  ///< file: PEM, the whole chain
  std::string key;          ///< file: PEM
};

/// The SHA-256 of the certificate's public key, in hex (RFC 7469's pin, which uses base 64): what an agent is told to accept and nothing else. A new
/// certificate for the same key has the same. nullopt: no such file, or no certificate in it.
[[nodiscard]] std::optional<std::string> public_key_pin(const std::string& certificate_file);

struct ListenAddress {
  net::IpAddress address;
  std::uint16_t port = 0;  ///< 0: any free one
};
/// A socket that is listening already: handed over by systemd (LISTEN_FDS) or by the demo. Owned from then on.
struct ListeningSocket {
  int descriptor = -1;
};
using ListenOn = std::variant<ListenAddress, ListeningSocket>;

class Server {
public:
  using IsSlow = std::function<bool(const Request&)>;
  Server(const ListenOn& where, const Limits& limits, Handler handler, IsSlow is_slow = {}, const std::optional<Tls>& tls = std::nullopt);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  void stop();

private:
  struct Impl;
  std::unique_ptr<Impl> x_impl;
};

}  // namespace pinfold::http
