/// One outgoing TCP connection, with TLS from the start, from a later moment (STARTTLS), or not at all. Blocking, with a time limit on every step.
/// Used by: ImapMailbox. Certificates are checked against the system's authorities (or `ca_file`) and the server's name.
/// Clock:   the kernel's time-outs. Threads: one at a time. Errors: texts for people; the stream is then of no use.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/expected.hpp"
#include "base/time.hpp"
#include "net/ip_address.hpp"

namespace pinfold::mail {

class TlsStream {
public:
  [[nodiscard]] static Expected<TlsStream, std::string> connect(const net::IpAddress& address, std::uint16_t port, Seconds timeout);
  TlsStream(TlsStream&&) noexcept;
  TlsStream& operator=(TlsStream&&) noexcept;
  ~TlsStream();

  /// The handshake. `name` is the server's, as in its certificate; `ca_file` empty: the system's authorities.
  [[nodiscard]] Expected<void, std::string> start_tls(const std::string& name, const std::string& ca_file);
  [[nodiscard]] Expected<void, std::string> write(std::string_view bytes);
  /// Some bytes; an empty text never.
  [[nodiscard]] Expected<std::string, std::string> read();

private:
  struct State;
  explicit TlsStream(std::unique_ptr<State> state);
  std::unique_ptr<State> x_state;
};

}  // namespace pinfold::mail
