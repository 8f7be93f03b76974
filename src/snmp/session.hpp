/// One SNMPv3 session (authPriv, HMAC-SHA-256, AES-128), or a v2c one for switches that have nothing better, over the net-snmp library's
/// single-session API; the only file pair that knows the library. Used by: enforce (the switch driver), collect (interface counters and names). The
/// library reads no configuration files, loads no MIBs and keeps no state on disk. Units:   object values as the MIB has them. Clock: the library's
/// own, for time-outs. Threads: any, one at a time a session. The library's tables of users and engines are process-wide and unlocked, so every call
/// into it is
///          made under one process-wide lock: a silent switch delays the others by `timeout` × (`retries` + 1) a request. Make the first session
///          before other threads read the environment: net-snmp is told through it to load no MIBs.
/// Bounds:  a walk ends at `max_rows` with Malformed; an octet string is cut at kMaxOctets; at most kMaxRepetitions rows an answer.
/// Errors:  Unreachable: not sent, or no engine answered. Timeout: sent, no answer. Refused: the agent said no (user, key, view, value).
///          Malformed: an answer that makes no sense, or a set whose effect the agent itself does not know (genErr, undoFailed).
/// Source:  RFC 3414 (USM), RFC 1901 (v2c), RFC 7860 (HMAC-SHA-2), RFC 3826 (AES-128), RFC 3416 (operations).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/expected.hpp"
#include "base/time.hpp"
#include "net/ip_address.hpp"

namespace pinfold::snmp {

struct Error {
  enum class Kind : std::uint8_t { Unreachable, Timeout, Refused, Malformed };
  Kind kind = Kind::Unreachable;
  std::string what;  ///< which agent, what it said
};

inline constexpr std::size_t kMaxOctets = 1024;
inline constexpr std::uint8_t kMaxRepetitions = 25;

struct Settings {
  net::IpAddress host;
  std::uint16_t port = 161;
  std::string community;    ///< not empty: SNMPv2c, in clear on the wire and forgeable; `user` and the secrets are then unused
  std::string user;         ///< USM security name
  std::string auth_secret;  ///< at least 8 characters (RFC 3414 section 11.2)
  std::string priv_secret;
  Micros timeout = std::chrono::seconds{1};
  unsigned retries = 1;  ///< of reads; a set is never sent twice
};

using Oid = std::vector<unsigned long>;
/// ".1.3.6.1.2.1.1.5.0"
[[nodiscard]] std::string to_string(const Oid& oid);
[[nodiscard]] Oid below(Oid parent, std::initializer_list<unsigned long> tail);  ///< parent.tail

/// Integers, counters of 32 and 64 bits, gauges and time ticks are int64 (a Counter64 above 2^63-1 is negative: cast it back to unsigned).
/// monostate: noSuchObject, noSuchInstance, endOfMibView, or a type that is not wanted here.
using Value = std::variant<std::monostate, std::int64_t, std::string>;
struct Varbind {
  Oid name;
  Value value;
};

/// One value of a SET. All assignments of a SET take effect as if at once, or none does (RFC 3416 section 4.2.5).
struct Assignment {
  Oid name;
  std::int64_t value = 0;
  bool is_unsigned = false;  ///< Unsigned32 or Gauge32 rather than INTEGER
};

class Session {
public:
  [[nodiscard]] static Expected<Session, Error> open(const Settings& settings);
  Session(Session&& other) noexcept;
  Session& operator=(Session&& other) noexcept;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// All of them in one PDU, answered in the same order.
  [[nodiscard]] Expected<std::vector<Varbind>, Error> get(const std::vector<Oid>& names);
  /// Everything below `root`, in order.
  [[nodiscard]] Expected<std::vector<Varbind>, Error> walk(const Oid& root, std::size_t max_rows);
  [[nodiscard]] Expected<void, Error> set(const std::vector<Assignment>& assignments);
  /// A reading of this session got no usable answer (none, or genErr), which a moment later may be another matter.
  [[nodiscard]] bool fell_silent() const { return x_fell_silent; }

private:
  [[nodiscard]] static Expected<Session, Error> open_v2c(const Settings& settings);
  [[nodiscard]] static Expected<Session, Error> open_v3(const Settings& settings);
  Session(void* handle, std::string peer) : x_handle(handle), x_peer(std::move(peer)) {}
  void close() noexcept;
  [[nodiscard]] Unexpected<Error> unread(const Error& error);

  void* x_handle = nullptr;
  std::string x_peer;
  bool x_fell_silent = false;
};

}  // namespace pinfold::snmp
