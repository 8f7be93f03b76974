/// What every way of writing to a switch must be able to do. Drivers live in enforce/drivers/; the executor is their only caller.
/// Verify by state and then by silence on the wire, never by reading configuration back (three interfaces were caught lying).
/// Errors:  Unreachable, NotFound and Refused mean "not written". Timeout or Malformed after a set means *unknown*: read, do not resend.
///          Moved means "written, but the identity was another one right after it": it may have hit another port.
/// Threads: one writer a switch; the executor serialises. A driver object is for one port action.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/expected.hpp"
#include "base/time.hpp"
#include "guard/guard.hpp"

namespace pinfold::enforce {

struct DriverError {
  enum class Kind : std::uint8_t { Unreachable, Timeout, Refused, NotFound, Malformed, Moved };
  Kind kind = Kind::Unreachable;
  std::string what;  ///< which switch, which object, what it said
};

inline constexpr Micros kSaveWithin = std::chrono::seconds{60};  ///< a CX 6100 takes 12 s

/// What a port's own instruments show of what comes from its server. nullopt: unreadable.
struct PortTraffic {
  std::optional<std::uint64_t> octets;  ///< received since the switch started
  std::optional<std::size_t> learned;   ///< MAC addresses in the forwarding table; a port that is really down has none, but for static entries
};

using AdminStates = std::map<PortName, guard::AdminState>;

class Driver {
public:
  Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  virtual ~Driver() = default;
  /// Resolves the port by name in a fresh session and reads everything the guards want. NotFound: no such ifName, or more than one.
  [[nodiscard]] virtual Expected<guard::PortFacts, DriverError> inspect(const inventory::AccessPort& port) = 0;
  /// Writes the measure to the port at `facts.index`, in the session that resolved it: Down shuts it, or moves it to `facts.quarantine_vlan`
  /// where that is the measure (Up then writes `facts.vlan_to_restore`). Ports bonded with it are written with it. Refused, and nothing
  /// written, when the identity is no longer that of `facts` straight before the write.
  [[nodiscard]] virtual Expected<void, DriverError> set(const guard::PortFacts& facts, guard::AdminState wish) = 0;
  /// The port's identity and state now, by name, resolved anew: the reading that verifies. Need not read what only the guards want.
  [[nodiscard]] virtual Expected<guard::PortFacts, DriverError> reread(const inventory::AccessPort& port) = 0;
  /// The instruments of the port that was last read. nullopt: this driver has none.
  [[nodiscard]] virtual std::optional<PortTraffic> traffic(const guard::PortFacts& /*facts*/) { return std::nullopt; }
  /// So long after a change the instruments certainly show what came after it: agents keep counters for a while.
  [[nodiscard]] virtual Micros traffic_lag() const { return Micros{0}; }
  /// The write that `set` would do, in the protocol's own words, for dry runs and people: "SET .1.3.6.1.2.1.2.2.1.7.4 = 2".
  [[nodiscard]] virtual std::string describe_write(const guard::PortFacts& facts, guard::AdminState wish) const = 0;
  /// Every port's admin state, to see after a mismatch whether another port was hit; nullopt where it cannot be read.
  [[nodiscard]] virtual std::optional<AdminStates> admin_states() { return std::nullopt; }
  /// Whether save() does anything on this switch.
  [[nodiscard]] virtual bool can_save() const { return false; }
  /// Copies the running configuration to the one of the next start, and checks that it is there. At most kSaveWithin.
  [[nodiscard]] virtual Expected<void, DriverError> save() { return Unexpected(DriverError{DriverError::Kind::Refused, "this switch cannot save"}); }
};

}  // namespace pinfold::enforce
