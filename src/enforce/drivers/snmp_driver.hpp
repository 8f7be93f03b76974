/// Switch ports over SNMPv3: IF-MIB ifAdminStatus, with what the guards want from BRIDGE-MIB, Q-BRIDGE-MIB and LLDP-MIB.
/// Least privilege: a write view of the ifAdminStatus column alone (docs/manual/enforcement.md).
/// The ifIndex is looked up by ifName in every reading and never kept beyond one action: agents renumber at a restart, and a remembered index
/// may be the uplink's.
/// Cost:    inspect walks ifName, ifOperStatus, the bridge ports, the whole forwarding table and LLDP's neighbours; reread walks ifName only.
/// Bounds:  kMaxPorts ports, kMaxForwarding forwarding entries; beyond them the fact counts as unreadable, which holds.
/// Threads: see snmp::Session. One driver object for one action.
/// Source:  RFC 2863 (IF-MIB), RFC 4188 (BRIDGE-MIB), RFC 4363 (Q-BRIDGE-MIB), IEEE 802.1AB-2005 (LLDP-MIB), RFC 3411 (snmpEngineBoots).
#pragma once

#include <optional>

#include "enforce/driver.hpp"
#include "snmp/session.hpp"

namespace pinfold::enforce::drivers {

inline constexpr std::size_t kMaxPorts = 8192;
inline constexpr std::size_t kMaxForwarding = 65'536;
inline constexpr std::size_t kMaxNeighbours = 4096;

class SnmpDriver final : public Driver {
public:
  explicit SnmpDriver(snmp::Settings settings) : x_settings(std::move(settings)) {}

  [[nodiscard]] Expected<guard::PortFacts, DriverError> inspect(const inventory::AccessPort& port) override;
  [[nodiscard]] Expected<void, DriverError> set(const guard::PortFacts& facts, guard::AdminState wish) override;
  [[nodiscard]] Expected<guard::PortFacts, DriverError> reread(const inventory::AccessPort& port) override;
  [[nodiscard]] std::string describe_write(const guard::PortFacts& facts, guard::AdminState wish) const override;
  [[nodiscard]] std::optional<AdminStates> admin_states() override;

private:
  [[nodiscard]] Expected<IfIndex, DriverError> resolve(const PortName& name);
  [[nodiscard]] Expected<guard::PortFacts, DriverError> read(IfIndex index);

  snmp::Settings x_settings;
  std::optional<snmp::Session> x_session;
};

}  // namespace pinfold::enforce::drivers
