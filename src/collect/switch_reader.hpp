/// Reads one switch by SNMP: who it is, what its ports are called, what they count.
/// Used by: interface_poller. Errors: as snmp::Session.
/// Bounds:  kMaxPorts rows of ifName; kPortsPerRequest ports a request, so that an answer stays within one Ethernet frame (14 objects of about
///          28 bytes each); an agent that says tooBig is asked for fewer.
/// Threads: none; one reader, one thread at a time.
/// Source:  RFC 2863 (ifXTable, ifTable), RFC 3418 (sysUpTime), RFC 3411 (snmpEngineBoots).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/expected.hpp"
#include "base/ids.hpp"
#include "base/units.hpp"
#include "collect/interface_counters.hpp"
#include "snmp/session.hpp"

namespace pinfold::collect {

inline constexpr std::size_t kMaxPorts = 16'384;
inline constexpr std::size_t kPortsPerRequest = 3;

/// The two questions that are asked of an agent; a seam for tests.
class SnmpAgent {
public:
  SnmpAgent() = default;
  SnmpAgent(const SnmpAgent&) = delete;
  SnmpAgent& operator=(const SnmpAgent&) = delete;
  virtual ~SnmpAgent() = default;
  [[nodiscard]] virtual Expected<std::vector<snmp::Varbind>, snmp::Error> get(const std::vector<snmp::Oid>& names) = 0;
  [[nodiscard]] virtual Expected<std::vector<snmp::Varbind>, snmp::Error> walk(const snmp::Oid& root, std::size_t max_rows) = 0;
};
using OpenAgent = std::function<Expected<std::unique_ptr<SnmpAgent>, snmp::Error>()>;
/// Over a session of its own, each time it is called.
[[nodiscard]] OpenAgent agent_at(snmp::Settings settings);

/// When any of it changes, indexes may have moved.
struct SwitchIdentity {
  std::optional<std::uint32_t> uptime;         ///< sysUpTime, 10 ms; must be there
  std::optional<std::uint32_t> boots;          ///< snmpEngineBoots
  std::optional<std::uint32_t> table_changed;  ///< ifTableLastChange
};
/// Between two sights, `elapsed` apart.
[[nodiscard]] bool indexes_may_have_moved(const SwitchIdentity& before, const SwitchIdentity& after, Nanos elapsed);

/// ifIndex → ifName of one switch. Kept in memory only, for as long as the identity stays the same.
using PortNames = std::map<std::uint32_t, PortName>;

struct PortReading {
  PortName name;  ///< as the agent said in the same answer
  InterfaceReading reading;
};

class SwitchReader {
public:
  SwitchReader(std::unique_ptr<SnmpAgent> agent, const Clock& clock) : x_agent(std::move(agent)), x_clock(clock) {}

  [[nodiscard]] Expected<SwitchIdentity, snmp::Error> identity();
  [[nodiscard]] Expected<PortNames, snmp::Error> names();
  /// In the order asked for. A port that is gone has an empty name.
  [[nodiscard]] Expected<std::vector<PortReading>, snmp::Error> counters(const std::vector<IfIndex>& ports);

private:
  [[nodiscard]] Expected<void, snmp::Error> read_some(const IfIndex* first, std::size_t count, std::vector<PortReading>& out);

  std::unique_ptr<SnmpAgent> x_agent;
  const Clock& x_clock;
  std::size_t x_ports_per_request = kPortsPerRequest;
};

}  // namespace pinfold::collect
