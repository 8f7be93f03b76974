#include "enforce/drivers/snmp_tables.hpp"

#include <algorithm>
#include <map>

#include "enforce/drivers/snmp_driver.hpp"

namespace pinfold::enforce::drivers {

namespace {

using snmp::below;
using snmp::Oid;
using snmp::Varbind;

constexpr std::int64_t kSelf = 4;  ///< dot1dTpFdbStatus, dot1qTpFdbStatus: one of the switch's own addresses
constexpr std::int64_t kUp = 1;    ///< ifOperStatus
/// LldpSystemCapabilitiesMap is BITS, the first is the most significant: bridge(2), router(4).
constexpr unsigned char kBridgeOrRouter = 0x20 | 0x08;

const Oid& lldp() {
  static const Oid oid{1, 0, 8802, 1, 1, 2};
  return oid;
}

/// The last six numbers of a forwarding entry's index.
[[nodiscard]] std::optional<net::MacAddress> mac_of(const Oid& name) {
  net::MacAddress mac;
  if (name.size() < mac.bytes.size() || std::any_of(name.end() - 6, name.end(), [](unsigned long part) { return part > 255; })) {
    return std::nullopt;
  }
  std::transform(name.end() - 6, name.end(), mac.bytes.begin(), [](unsigned long part) { return static_cast<std::uint8_t>(part); });
  return mac;
}

[[nodiscard]] bool is_own(snmp::Session& session, const Oid& status) {
  const auto rows = session.get({status});
  return rows && number(rows->front()) == kSelf;
}

enum class Table : std::uint8_t { Unreadable, Empty, Read };

/// One of the two forwarding tables; `entry` is dot1dTpFdbEntry or dot1qTpFdbEntry, whose columns 2 and 3 are port and status.
struct Learned {
  std::vector<net::MacAddress> here;
  std::vector<net::MacAddress> elsewhere;
};

[[nodiscard]] Table read_forwarding(snmp::Session& session, const Oid& entry, std::int64_t port, Learned& learned) {
  const auto rows = session.walk(below(entry, {2}), kMaxForwarding);
  if (!rows) {
    return Table::Unreadable;
  }
  for (const Varbind& row : *rows) {
    const auto mac = mac_of(row.name);
    const auto where = number(row);
    if (!mac || !where) {
      continue;
    }
    if (*where != port) {
      if (*where != 0) {  // 0: learned, but not on which port
        learned.elsewhere.push_back(*mac);
      }
      continue;
    }
    Oid status = row.name;
    status[entry.size()] = 3;
    // Asked only while it can matter: beyond the limit of the guards a person looks anyway.
    if (learned.here.size() > guard::kMaxLearnedMacs || !is_own(session, status)) {
      learned.here.push_back(*mac);
    }
  }
  return rows->empty() ? Table::Empty : Table::Read;
}

void read_learned(snmp::Session& session, std::int64_t port, guard::PortFacts& facts) {
  Learned learned;
  Table table = read_forwarding(session, below(bridge(), {4, 3, 1}), port, learned);
  if (table != Table::Read) {
    // Switches that learn by VLAN may leave the plain table empty. Both empty is no switch that works, so it counts as unreadable.
    learned = {};
    table = read_forwarding(session, below(bridge(), {7, 1, 2, 2, 1}), port, learned);
  }
  if (table == Table::Read) {
    std::sort(learned.elsewhere.begin(), learned.elsewhere.end());
    facts.learned_macs = std::move(learned.here);
    facts.learned_elsewhere = std::move(learned.elsewhere);
  }
}

[[nodiscard]] std::optional<unsigned> ports_up(snmp::Session& session, const BridgePorts& ports) {
  const auto rows = session.walk({1, 3, 6, 1, 2, 1, 2, 2, 1, 8}, kMaxPorts);  // ifOperStatus
  if (!rows) {
    return std::nullopt;
  }
  unsigned up = 0;
  for (const Varbind& row : *rows) {
    const auto index = static_cast<std::int64_t>(row.name.back());
    const bool is_port = std::any_of(ports.begin(), ports.end(), [&](const auto& port) { return port.second == index; });
    up += is_port && number(row) == kUp ? 1U : 0U;
  }
  return up;
}

/// LLDP numbers its ports for itself: the one that is described by our ifName, else the one with our ifIndex as its number.
[[nodiscard]] std::optional<unsigned long> lldp_port(snmp::Session& session, const guard::PortFacts& facts) {
  const auto rows = session.walk(below(lldp(), {1, 3, 7, 1}), 3 * kMaxPorts);  // lldpLocPortTable: columns 2 subtype, 3 id, 4 description
  if (!rows) {
    return std::nullopt;
  }
  std::optional<unsigned long> by_number;
  for (const Varbind& row : *rows) {
    const auto* text = std::get_if<std::string>(&row.value);
    if (text != nullptr && *text == facts.name) {
      return row.name.back();
    }
    if (row.name.back() == facts.index->value) {
      by_number = row.name.back();
    }
  }
  return by_number;
}

void read_neighbours(snmp::Session& session, guard::PortFacts& facts) {
  const auto anything = session.walk(below(lldp(), {1, 3}), 3 * kMaxPorts + 64);  // lldpLocalSystemData
  facts.lldp_offered = !anything || !anything->empty();
  if (!anything || anything->empty()) {
    return;
  }
  const auto port = lldp_port(session, facts);
  const Oid column = below(lldp(), {1, 4, 1, 1, 12});  // lldpRemSysCapEnabled, indexed by time mark, local port number, index
  const auto rows = session.walk(column, kMaxNeighbours);
  if (!port || !rows) {
    return;
  }
  facts.bridge_neighbours = static_cast<unsigned>(std::count_if(rows->begin(), rows->end(), [&](const Varbind& row) {
    const auto* capabilities = std::get_if<std::string>(&row.value);
    return row.name.size() == column.size() + 3 && row.name[column.size() + 1] == *port && capabilities != nullptr && !capabilities->empty() &&
           (static_cast<unsigned char>(capabilities->front()) & kBridgeOrRouter) != 0;
  }));
}

/// CISCO-CDP-MIB cdpCacheCapabilities, indexed by ifIndex and device: one more place where a neighbour may say what it is. An agent without the table
/// offers no such witness; its silence holds nothing, and says nothing of LLDP.
void read_cdp_neighbours(snmp::Session& session, guard::PortFacts& facts) {
  constexpr unsigned char kRouterBridgeOrSwitch = 0x01 | 0x02 | 0x04 | 0x08;  // of the last octet
  const Oid column{1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1, 9};
  const auto rows = session.walk(column, kMaxNeighbours);
  if (!rows) {
    return;
  }
  const auto bridges = static_cast<unsigned>(std::count_if(rows->begin(), rows->end(), [&](const Varbind& row) {
    const auto* capabilities = std::get_if<std::string>(&row.value);
    return row.name.size() == column.size() + 2 && row.name[column.size()] == facts.index->value && capabilities != nullptr &&
           !capabilities->empty() && (static_cast<unsigned char>(capabilities->back()) & kRouterBridgeOrSwitch) != 0;
  }));
  if (bridges > 0) {
    facts.bridge_neighbours = facts.bridge_neighbours.value_or(0) + bridges;
  }
}

}  // namespace

const Oid& bridge() {
  static const Oid oid{1, 3, 6, 1, 2, 1, 17};
  return oid;
}

std::optional<std::int64_t> number(const Varbind& row) {
  const auto* value = std::get_if<std::int64_t>(&row.value);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<BridgePorts> bridge_ports(snmp::Session& session) {
  const auto rows = session.walk(below(bridge(), {1, 4, 1, 2}), kMaxPorts);
  if (!rows || rows->empty()) {
    return std::nullopt;
  }
  BridgePorts ports;
  for (const Varbind& row : *rows) {
    if (const auto index = number(row)) {
      ports[static_cast<std::int64_t>(row.name.back())] = *index;
    }
  }
  return ports;
}

std::optional<unsigned long> bridge_port_of(snmp::Session& session, IfIndex index) {
  const auto ports = bridge_ports(session);
  if (!ports) {
    return std::nullopt;
  }
  const auto own = std::find_if(ports->begin(), ports->end(), [&](const auto& port) { return port.second == index.value; });
  return own == ports->end() ? std::nullopt : std::optional(static_cast<unsigned long>(own->first));
}

std::optional<std::size_t> learned_on(snmp::Session& session, IfIndex index) {
  const auto port = bridge_port_of(session, index);
  if (!port) {
    return std::nullopt;
  }
  guard::PortFacts facts;
  read_learned(session, static_cast<std::int64_t>(*port), facts);
  return facts.learned_macs ? std::optional(facts.learned_macs->size()) : std::nullopt;
}

void read_witnesses(snmp::Session& session, guard::PortFacts& facts) {
  if (const auto ports = bridge_ports(session)) {
    facts.switch_ports_up = ports_up(session, *ports);
    read_traffic(session, *ports, facts);
    const auto own = std::find_if(ports->begin(), ports->end(), [&](const auto& port) { return port.second == facts.index->value; });
    if (own != ports->end()) {
      read_learned(session, own->first, facts);
      read_stp(session, own->first, facts);
      read_vlans(session, own->first, facts);
    }
  }
  read_neighbours(session, facts);
  read_cdp_neighbours(session, facts);
  read_bond(session, facts);
}

}  // namespace pinfold::enforce::drivers
