/// What the guards want to know of a port beyond IF-MIB: who is learned behind it, who says LLDP there, where it stands in the network.
/// Unreadable is nullopt, never an empty answer; a table that the agent does not have is "not offered". Internal to the SNMP driver.
/// Source:  RFC 4188 section 4 (BRIDGE-MIB), RFC 4363 section 5 (Q-BRIDGE-MIB), IEEE 802.1AB-2005 clause 12 (LLDP-MIB), RFC 2863 (ifStackTable,
///          ifHCInOctets), IEEE 802.1AX-2008 annex (IEEE8023-LAG-MIB).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "guard/guard.hpp"
#include "snmp/session.hpp"

namespace pinfold::enforce::drivers {

using BridgePorts = std::map<std::int64_t, std::int64_t>;  ///< dot1dBasePort → ifIndex

[[nodiscard]] const snmp::Oid& bridge();  ///< dot1dBridge
[[nodiscard]] std::optional<std::int64_t> number(const snmp::Varbind& row);

/// dot1dBasePortIfIndex; nullopt: unreadable, or an agent without bridge ports.
[[nodiscard]] std::optional<BridgePorts> bridge_ports(snmp::Session& session);
[[nodiscard]] std::optional<unsigned long> bridge_port_of(snmp::Session& session, IfIndex index);

/// How many MAC addresses are learned on the port; nullopt: unreadable.
[[nodiscard]] std::optional<std::size_t> learned_on(snmp::Session& session, IfIndex index);

/// Everything below, for the port at facts.index.
void read_witnesses(snmp::Session& session, guard::PortFacts& facts);

// snmp_topology.cpp
void read_stp(snmp::Session& session, std::int64_t port, guard::PortFacts& facts);
void read_vlans(snmp::Session& session, std::int64_t port, guard::PortFacts& facts);
void read_traffic(snmp::Session& session, const BridgePorts& ports, guard::PortFacts& facts);
void read_bond(snmp::Session& session, guard::PortFacts& facts);

}  // namespace pinfold::enforce::drivers
