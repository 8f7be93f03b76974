#include <algorithm>
#include <set>

#include "enforce/drivers/snmp_driver.hpp"
#include "enforce/drivers/snmp_tables.hpp"

namespace pinfold::enforce::drivers {

namespace {

using snmp::below;
using snmp::Oid;
using snmp::Varbind;

constexpr std::int64_t kLagType = 161;  ///< IANAifType ieee8023adLag
constexpr std::size_t kMaxVlans = 4096;
constexpr std::size_t kMaxBondMembers = 32;

/// PortList (RFC 4363): one bit a bridge port, the first port is the most significant bit of the first octet.
[[nodiscard]] bool is_in(const std::string& ports, std::int64_t port) {
  const auto bit = static_cast<std::size_t>(port - 1);
  return port >= 1 && bit / 8 < ports.size() && (static_cast<unsigned char>(ports[bit / 8]) & (0x80U >> (bit % 8))) != 0;
}

[[nodiscard]] guard::BondMember bond_member(snmp::Session& session, unsigned long index) {
  guard::BondMember member;
  member.index = IfIndex{static_cast<std::uint32_t>(index)};
  const auto rows = session.get({{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1, index},     // ifName
                                 {1, 3, 6, 1, 2, 1, 2, 2, 1, 7, index},         // ifAdminStatus
                                 {1, 3, 6, 1, 2, 1, 2, 2, 1, 8, index},         // ifOperStatus
                                 {1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18, index}});  // ifAlias
  if (rows) {
    const auto* name = std::get_if<std::string>(&(*rows)[0].value);
    member.name = PortName{name == nullptr ? "" : *name};
    if (const auto* alias = std::get_if<std::string>(&(*rows)[3].value)) {
      member.alias = *alias;
    }
    const auto admin = number((*rows)[1]);
    const auto oper = number((*rows)[2]);
    if (admin && *admin >= 1 && *admin <= 3) {
      member.admin = static_cast<guard::AdminState>(*admin - 1);
    }
    if (oper && *oper >= 1 && *oper <= 7) {
      member.oper = static_cast<guard::OperState>(*oper - 1);
    }
  }
  return member;
}

/// IEEE8023-LAG-MIB: the aggregator that the port is attached to, by the port's ifIndex; 0: none.
[[nodiscard]] std::optional<std::map<unsigned long, unsigned long>> lag_groups(snmp::Session& session) {
  const auto rows = session.walk({1, 2, 840, 10006, 300, 43, 1, 2, 1, 1, 13}, kMaxPorts);  // dot3adAggPortAttachedAggID
  if (!rows) {
    return std::nullopt;
  }
  std::map<unsigned long, unsigned long> groups;
  for (const Varbind& row : *rows) {
    if (const auto group = number(row); group && *group > 0) {
      groups[row.name.back()] = static_cast<unsigned long>(*group);
    }
  }
  return groups;
}

/// The same from ifStackTable: a port below an interface of type ieee8023adLag.
[[nodiscard]] std::optional<std::map<unsigned long, unsigned long>> stack_groups(snmp::Session& session) {
  const Oid status{1, 3, 6, 1, 2, 1, 31, 1, 2, 1, 3};  // ifStackStatus, indexed by higher and lower layer
  const auto rows = session.walk(status, 2 * kMaxPorts);
  const auto types = session.walk({1, 3, 6, 1, 2, 1, 2, 2, 1, 3}, kMaxPorts);
  if (!rows || !types) {
    return std::nullopt;
  }
  std::set<unsigned long> bonds;
  for (const Varbind& row : *types) {
    if (number(row) == kLagType) {
      bonds.insert(row.name.back());
    }
  }
  std::map<unsigned long, unsigned long> groups;
  for (const Varbind& row : *rows) {
    if (row.name.size() == status.size() + 2 && bonds.contains(row.name[status.size()]) && row.name.back() != 0) {
      groups[row.name.back()] = row.name[status.size()];
    }
  }
  return groups;
}

}  // namespace

/// dot1dStpRootPort: the bridge port that leads to the spanning tree's root; 0: this bridge is the root.
void read_stp(snmp::Session& session, std::int64_t port, guard::PortFacts& facts) {
  const auto rows = session.walk(below(bridge(), {2, 7}), 2);
  facts.stp_root.offered = !rows || !rows->empty();
  if (rows && !rows->empty()) {
    if (const auto root = number(rows->front())) {
      facts.stp_root.value = *root == port;
    }
  }
}

/// VLANs whose frames leave the port tagged: dot1qVlanCurrentEgressPorts without dot1qVlanCurrentUntaggedPorts.
void read_vlans(snmp::Session& session, std::int64_t port, guard::PortFacts& facts) {
  const auto egress = session.walk(below(bridge(), {7, 1, 4, 2, 1, 4}), kMaxVlans);
  facts.tagged_vlans.offered = !egress || !egress->empty();
  if (!egress || egress->empty()) {
    return;
  }
  const auto untagged = session.walk(below(bridge(), {7, 1, 4, 2, 1, 5}), kMaxVlans);
  if (!untagged) {
    return;
  }
  constexpr std::size_t kIndexes = 2;  // dot1qVlanTimeMark, dot1qVlanIndex
  const auto members = [&](const std::vector<Varbind>& rows) {
    std::set<std::pair<unsigned long, unsigned long>> vlans;
    for (const Varbind& row : rows) {
      const auto* ports = std::get_if<std::string>(&row.value);
      if (row.name.size() >= kIndexes && ports != nullptr && is_in(*ports, port)) {
        vlans.emplace(row.name[row.name.size() - 2], row.name.back());
      }
    }
    return vlans;
  };
  const auto leaving = members(*egress);
  const auto bare = members(*untagged);
  facts.tagged_vlans.value =
      static_cast<unsigned>(std::count_if(leaving.begin(), leaving.end(), [&](const auto& vlan) { return !bare.contains(vlan); }));
}

/// Octets in and out that the port counted since the switch started, as a part of all ports': an uplink's is about a half.
void read_traffic(snmp::Session& session, const BridgePorts& ports, guard::PortFacts& facts) {
  facts.traffic_share.offered = true;
  double all = 0;
  double own = 0;
  for (const unsigned long column : {6UL, 10UL}) {  // ifHCInOctets, ifHCOutOctets
    const auto rows = session.walk({1, 3, 6, 1, 2, 1, 31, 1, 1, 1, column}, kMaxPorts);
    if (!rows || rows->empty()) {
      facts.traffic_share.offered = !rows;
      return;
    }
    for (const Varbind& row : *rows) {
      const auto index = static_cast<std::int64_t>(row.name.back());
      const bool is_port = std::any_of(ports.begin(), ports.end(), [&](const auto& port) { return port.second == index; });
      const auto octets = number(row);
      if (is_port && octets) {
        all += static_cast<double>(static_cast<std::uint64_t>(*octets));
        own += index == facts.index->value ? static_cast<double>(static_cast<std::uint64_t>(*octets)) : 0;
      }
    }
  }
  facts.traffic_share.value = all > 0 ? own / all : 0;
}

void read_bond(snmp::Session& session, guard::PortFacts& facts) {
  facts.bond.offered = true;
  auto groups = lag_groups(session);
  const auto stacked = stack_groups(session);
  if (!groups || !stacked) {
    return;
  }
  groups->insert(stacked->begin(), stacked->end());
  std::vector<guard::BondMember> members;
  const auto own = groups->find(facts.index->value);
  for (const auto& [index, group] : *groups) {
    if (own != groups->end() && group == own->second && index != facts.index->value) {
      members.push_back(bond_member(session, index));
    }
  }
  if (members.size() <= kMaxBondMembers) {
    facts.bond.value = std::move(members);
  }
}

}  // namespace pinfold::enforce::drivers
