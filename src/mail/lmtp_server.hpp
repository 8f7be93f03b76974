/// Takes mail from the operator's own mail server over LMTP (Postfix: `transport_maps` → lmtp:inet:127.0.0.1:2424).
/// Used by: the engine. Every accepted mail is durable before its 250, so a crash loses nothing: the sending server still has it.
/// Trust:   meant for loopback or a private network; there is no authentication in LMTP. It holds out against slow, silent and rude clients all
///          the same.
/// Clock:   monotonic, for deadlines. Threads: one of its own, in which both callbacks run; `port` and the destructor from any.
/// Bounds:  LmtpServerOptions and LmtpLimits; memory is at most connections × mail_bytes, and a client that does not read is not read from.
/// Errors:  a busy or forbidden address: std::system_error from the constructor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "mail/lmtp_session.hpp"
#include "net/ip_address.hpp"

namespace pinfold::mail {

struct LmtpServerOptions {
  net::IpAddress address = net::IpAddress::v4(0x7F000001);
  std::uint16_t port = 0;  ///< 0: any free one, see LmtpServer::port
  std::string host = "localhost";
  LmtpLimits limits;
  std::size_t connections = 16;    ///< further ones get 421 at once
  Millis idle = Seconds{60};       ///< without a byte moved, either way
  Millis lifetime = Seconds{600};  ///< of one connection, however busy
};

class LmtpServer {
public:
  LmtpServer(LmtpServerOptions options, LmtpCallbacks callbacks, const Clock& clock);
  LmtpServer(const LmtpServer&) = delete;
  LmtpServer& operator=(const LmtpServer&) = delete;
  ~LmtpServer();  ///< closes every connection; a mail in the middle stays with its sender

  [[nodiscard]] std::uint16_t port() const;

private:
  class Loop;
  std::unique_ptr<Loop> x_loop;
};

}  // namespace pinfold::mail
