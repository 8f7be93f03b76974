/// Switch ports over SNMP: IF-MIB ifAdminStatus, or Q-BRIDGE-MIB dot1qPvid where a quarantine VLAN is the measure, with what the guards want from
/// BRIDGE-MIB, Q-BRIDGE-MIB and LLDP-MIB. Quarantine: only the VLAN of untagged frames from the port is changed, and only that is restored. The
/// operator makes the quarantine VLAN leave every access port untagged beforehand (docs/manual/enforcement.md). Bonds:   all ports of a bond are one
/// SET, which the protocol carries out as a whole or not at all. Saving:  by whatever pair of objects the vendor has: one is written, another is read
/// until it says that it is done. Least privilege: a write view of the one column (docs/manual/enforcement.md). The ifIndex is looked up by ifName in
/// every reading and never kept beyond one action: agents renumber at a restart, and a remembered index may be the uplink's. Cost:    inspect walks
/// ifName, ifOperStatus, the bridge ports, the whole forwarding table and LLDP's neighbours; reread walks ifName only. Bounds:  kMaxPorts ports,
/// kMaxForwarding forwarding entries; beyond them the fact counts as unreadable, which holds. Threads: see snmp::Session. One driver object for one
/// action. Source:  RFC 2863 (IF-MIB), RFC 4188 (BRIDGE-MIB), RFC 4363 (Q-BRIDGE-MIB), IEEE 802.1AB-2005 (LLDP-MIB), RFC 3411 (snmpEngineBoots).
#pragma once

#include <optional>

#include "enforce/driver.hpp"
#include "snmp/session.hpp"

namespace pinfold::enforce::drivers {

inline constexpr std::size_t kMaxPorts = 8192;
inline constexpr std::size_t kMaxForwarding = 65'536;
inline constexpr std::size_t kMaxNeighbours = 4096;

/// How this vendor's agent is told to save: `name` = `value`, then `done` reads `done_value`.
struct SnmpSave {
  snmp::Oid name;
  std::int64_t value = 0;
  snmp::Oid done;
  std::int64_t done_value = 0;
};

/// net-snmp's agent shows an interface's counters of up to 3 s ago.
inline constexpr Micros kTrafficLag = std::chrono::milliseconds{3250};

struct SnmpOptions {
  std::optional<std::uint16_t> quarantine_vlan;  ///< the measure is this VLAN, not the port down
  std::optional<SnmpSave> save;
  Micros traffic_lag = kTrafficLag;  ///< how old a counter may be that the agent shows
};

class SnmpDriver final : public Driver {
public:
  explicit SnmpDriver(snmp::Settings settings, SnmpOptions options = {}) : x_settings(std::move(settings)), x_options(std::move(options)) {}

  [[nodiscard]] Expected<guard::PortFacts, DriverError> inspect(const inventory::AccessPort& port) override;
  [[nodiscard]] Expected<void, DriverError> set(const guard::PortFacts& facts, guard::AdminState wish) override;
  [[nodiscard]] Expected<guard::PortFacts, DriverError> reread(const inventory::AccessPort& port) override;
  [[nodiscard]] std::string describe_write(const guard::PortFacts& facts, guard::AdminState wish) const override;
  [[nodiscard]] std::optional<PortTraffic> traffic(const guard::PortFacts& facts) override;
  [[nodiscard]] Micros traffic_lag() const override { return x_options.traffic_lag; }
  [[nodiscard]] std::optional<AdminStates> admin_states() override;
  [[nodiscard]] bool can_save() const override { return x_options.save.has_value(); }
  [[nodiscard]] Expected<void, DriverError> save() override;

private:
  [[nodiscard]] Expected<IfIndex, DriverError> resolve(const PortName& name);
  [[nodiscard]] Expected<guard::PortFacts, DriverError> read(IfIndex index);
  [[nodiscard]] Expected<void, DriverError> open();
  void read_pvid(guard::PortFacts& facts);
  /// The SET of `set`; empty: it cannot be said (no VLAN to restore, a bond member without an index).
  [[nodiscard]] std::vector<snmp::Assignment> assignments(const guard::PortFacts& facts, guard::AdminState wish) const;

  snmp::Settings x_settings;
  SnmpOptions x_options;
  bool x_is_bonded = false;                    ///< as inspect found it: then every reading reads the other members too
  std::optional<unsigned long> x_bridge_port;  ///< looked up anew in every reading
  std::optional<snmp::Session> x_session;
};

}  // namespace pinfold::enforce::drivers
