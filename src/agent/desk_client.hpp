/// The agent's side of the wire (wire/wire.hpp): one signed HTTP/1.1 request at a time, each on its own connection.
/// Used by: enrolment and the uplink. To a numeric address, over TLS (1.2 or later) or plain (decision 2).
/// Security: over TLS nothing is sent before the desk has shown the pinned key, or a certificate of the given authority for its address.
/// Clock:   signs with clock.wall(); the desk refuses a skew over wire::kMaxClockSkew.
/// Threads: one caller at a time; blocks for at most kRequestTime.
/// Bounds:  an answer over kMaxAnswerBody is an error.
#pragma once

#include <string>
#include <string_view>

#include "agent/identity.hpp"
#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/expected.hpp"

namespace pinfold::agent {

inline constexpr Seconds kRequestTime{15};
inline constexpr std::size_t kMaxAnswerBody = 65536;

struct Answer {
  unsigned status = 0;
  std::string body;
};

class DeskClient {
public:
  /// `trust` is asked over https only, and must then have passed check_trust.
  DeskClient(DeskUrl desk, SigningKey key, const Clock& clock, DeskTrust trust = {})
      : x_desk(desk), x_key(key), x_clock(clock), x_trust(std::move(trust)) {}

  /// The error is what happened to the connection, in words.
  [[nodiscard]] Expected<Answer, std::string> send(std::string_view method, std::string_view target, std::string_view content_type, std::string body);
  [[nodiscard]] AgentId id() const;

private:
  DeskUrl x_desk;
  SigningKey x_key;
  const Clock& x_clock;
  DeskTrust x_trust;
};

/// Asks the desk to take this agent on; the server it is now enrolled for.
[[nodiscard]] Expected<ServerId, std::string> enrol(DeskClient& client, const std::string& token, const std::string& hostname);

}  // namespace pinfold::agent
