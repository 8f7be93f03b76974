/// What the guards want to know of a port beyond IF-MIB: who is learned behind it, who says LLDP there, how many ports are up.
/// Unreadable is nullopt, never an empty answer. Internal to the SNMP driver.
/// Source:  RFC 4188 section 4, RFC 4363 section 5, IEEE 802.1AB-2005 clause 12.
#pragma once

#include <optional>
#include <vector>

#include "guard/guard.hpp"
#include "snmp/session.hpp"

namespace pinfold::enforce::drivers {

/// Fills in learned_macs, switch_ports_up, lldp_offered and bridge_neighbours of the port at facts.index.
void read_witnesses(snmp::Session& session, guard::PortFacts& facts);

}  // namespace pinfold::enforce::drivers
