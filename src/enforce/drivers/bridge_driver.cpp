#include "enforce/drivers/bridge_driver.hpp"

#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "enforce/drivers/own_path.hpp"

namespace pinfold::enforce::drivers {

using guard::AdminState;
using guard::OperState;
using guard::PortFacts;

namespace {

[[nodiscard]] Unexpected<DriverError> failed(Netlink::Errno error, std::string_view what) {
  using Kind = DriverError::Kind;
  const Kind kind = error == ENODEV                     ? Kind::NotFound
                    : error == EPERM || error == EACCES ? Kind::Refused
                    : error == EAGAIN                   ? Kind::Timeout
                                                        : Kind::Malformed;
  return Unexpected(DriverError{kind, fmt::format("{}: {}", what, std::generic_category().message(error))});
}

/// IF_OPER_* is RFC 2863's ifOperStatus with another numbering.
[[nodiscard]] OperState oper_state(std::uint8_t kernel) {
  switch (kernel) {
    case IF_OPER_UP: return OperState::Up;
    case IF_OPER_DOWN: return OperState::Down;
    case IF_OPER_NOTPRESENT: return OperState::NotPresent;
    case IF_OPER_LOWERLAYERDOWN: return OperState::LowerLayerDown;
    case IF_OPER_TESTING: return OperState::Testing;
    case IF_OPER_DORMANT: return OperState::Dormant;
    default: return OperState::Unknown;
  }
}

[[nodiscard]] AdminState admin_state(const Link& link) { return link.is_up ? AdminState::Up : AdminState::Down; }

[[nodiscard]] std::string host_name() {
  utsname name{};
  return ::uname(&name) == 0 ? name.nodename : "";
}

}  // namespace

Expected<PortFacts, DriverError> BridgeDriver::inspect(const inventory::AccessPort& port) {
  x_netlink.reset();
  auto facts = reread(port);
  if (facts) {
    read_witnesses(*facts);
  }
  return facts;
}

Expected<PortFacts, DriverError> BridgeDriver::reread(const inventory::AccessPort& port) {
  if (!x_netlink) {
    auto opened = Netlink::open();
    if (!opened) {
      return failed(opened.error(), "rtnetlink");
    }
    x_netlink.emplace(*std::move(opened));
  }
  const auto link = x_netlink->link(port.name.value);
  return link ? read(*link) : failed(link.error(), printable(port.name.value));
}

Expected<PortFacts, DriverError> BridgeDriver::read(const Link& link) {
  if (link.master == 0) {
    return Unexpected(DriverError{DriverError::Kind::NotFound, fmt::format("{} is no port of a bridge", printable(link.name))});
  }
  const auto bridge = x_netlink->link(link.master);
  if (!bridge) {
    return failed(bridge.error(), "the bridge of " + printable(link.name));
  }
  if (bridge->kind != "bridge") {
    return Unexpected(DriverError{DriverError::Kind::NotFound, fmt::format("{} is a port of {}, which is a {} and no bridge; record that one",
                                                                           printable(link.name), printable(bridge->name), printable(bridge->kind))});
  }
  x_bridge = *bridge;
  PortFacts facts;
  facts.identity.sys_name = host_name() + "/" + bridge->name;
  facts.identity.uptime = std::chrono::duration_cast<Millis>(system_clock().mono().since_start);
  facts.index = IfIndex{link.index};
  facts.name = link.name;
  facts.alias = link.alias;
  facts.if_type = link.type == ARPHRD_ETHER ? guard::kEthernet : 1U;  // 1: IANAifType "other"
  facts.admin = admin_state(link);
  facts.oper = oper_state(link.oper);
  facts.lldp_offered = false;  // the kernel has no such table; an LLDP daemon is another machine's witness
  facts.stp_root = {true, link.port_no != 0 && bridge->root_port == link.port_no};
  if (const auto links = x_netlink->links()) {
    facts.bond = {true, std::vector<guard::BondMember>{}};
    for (const Link& one : *links) {
      if (one.master == link.index) {  // only a bond can be a port and have ports
        facts.bond.value->push_back({PortName{one.name}, IfIndex{one.index}, admin_state(one), oper_state(one.oper), one.alias});
      }
    }
  } else {
    facts.bond.offered = true;
  }
  read_vlans(link, facts);
  return facts;
}

void BridgeDriver::read_vlans(const Link& link, PortFacts& facts) {
  facts.quarantine_vlan = x_options.quarantine_vlan;
  if (!x_bridge.is_filtering_vlans) {
    return;  // there are no VLANs; a quarantine stays unreadable, which holds
  }
  facts.tagged_vlans.offered = true;
  const auto vlans = x_netlink->vlans(link.index);
  if (!vlans) {
    return;
  }
  unsigned tagged = 0;
  std::optional<std::uint16_t> pvid;
  std::optional<std::uint16_t> other_untagged;
  for (const Vlan& vlan : *vlans) {
    tagged += vlan.is_untagged ? 0U : 1U;
    if (vlan.is_pvid) {
      pvid = vlan.id;
    } else if (vlan.is_untagged) {
      other_untagged = vlan.id;
    }
  }
  facts.tagged_vlans.value = tagged;
  if (x_options.quarantine_vlan) {
    // Half moved is not moved: the port still hears the other VLAN.
    facts.pvid = pvid == x_options.quarantine_vlan && other_untagged ? other_untagged : pvid.value_or(0);
  }
}

void BridgeDriver::read_traffic(PortFacts& facts) {
  const auto links = x_netlink->links();
  if (!links) {
    return;
  }
  unsigned up = 0;
  double all = 0;
  double own = 0;
  for (const Link& one : *links) {
    if (one.master == x_bridge.index) {
      up += one.oper == IF_OPER_UP ? 1U : 0U;
      all += static_cast<double>(one.octets);
      own += one.index == facts.index->value ? static_cast<double>(one.octets) : 0;
    }
  }
  facts.switch_ports_up = up;
  facts.traffic_share = {true, all > 0 ? own / all : 0};
}

void BridgeDriver::read_witnesses(PortFacts& facts) {
  read_traffic(facts);
  const auto entries = x_netlink->forwarding();
  if (!entries) {
    return;
  }
  facts.learned_macs.emplace();
  facts.learned_elsewhere.emplace();
  for (const ForwardingEntry& entry : *entries) {
    if (entry.bridge == x_bridge.index && entry.port != x_bridge.index) {
      auto& list = entry.port == facts.index->value ? *facts.learned_macs : *facts.learned_elsewhere;
      list.push_back(entry.mac);
    }
  }
  for (auto* list : {&*facts.learned_macs, &*facts.learned_elsewhere}) {  // a bridge that filters VLANs has an entry for each
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  if (const auto own = own_path_macs()) {
    facts.is_own_path =
        std::any_of(facts.learned_macs->begin(), facts.learned_macs->end(), [&](const net::MacAddress& mac) { return own->contains(mac); });
  }
}

Expected<void, DriverError> BridgeDriver::set(const PortFacts& facts, AdminState wish) {
  if (!x_netlink || !facts.index) {
    return Unexpected(DriverError{DriverError::Kind::Refused, "the port was not resolved in this session"});
  }
  const auto link = x_netlink->link(facts.index->value);
  const auto before = link ? read(*link) : Expected<PortFacts, DriverError>(failed(link.error(), facts.name));
  if (!before) {
    return Unexpected(DriverError{DriverError::Kind::Unreachable, before.error().what});
  }
  if (!guard::same_identity(facts, *before)) {
    return Unexpected(DriverError{DriverError::Kind::Refused, "the identity of the port changed straight before the write"});
  }
  auto written = facts.quarantine_vlan ? write_vlan(facts, wish) : write_links(facts, wish);
  if (!written) {
    return written;
  }
  const auto link_after = x_netlink->link(facts.index->value);
  const auto after = link_after ? read(*link_after) : Expected<PortFacts, DriverError>(failed(link_after.error(), facts.name));
  if (after && !guard::same_identity(facts, *after)) {
    return Unexpected(DriverError{DriverError::Kind::Moved, "the identity of the port changed during the write: another port may have been hit"});
  }
  return {};
}

Expected<void, DriverError> BridgeDriver::write_links(const PortFacts& facts, AdminState wish) {
  std::vector<std::uint32_t> indexes{facts.index->value};
  for (const guard::BondMember& member : facts.bond.value.value_or(std::vector<guard::BondMember>{})) {
    indexes.push_back(member.index->value);
  }
  bool is_first = true;
  for (const std::uint32_t index : indexes) {
    if (const auto written = x_netlink->set_up(index, wish == AdminState::Up); !written) {
      auto error = failed(written.error(), facts.name).error();
      if (!is_first) {
        error.kind = DriverError::Kind::Malformed;  // some are written: read what has become of them
      }
      return Unexpected(std::move(error));
    }
    is_first = false;
  }
  return {};
}

Expected<void, DriverError> BridgeDriver::write_vlan(const PortFacts& facts, AdminState wish) {
  const auto vlan = wish == AdminState::Down ? facts.quarantine_vlan : facts.vlan_to_restore;
  if (!vlan || *vlan == 0) {
    return Unexpected(DriverError{DriverError::Kind::Refused, "no VLAN to write: the one before is not on record"});
  }
  const std::uint32_t index = facts.index->value;
  if (const auto added = x_netlink->add_vlan(index, {*vlan, true, true}); !added) {
    return failed(added.error(), facts.name);
  }
  const auto vlans = x_netlink->vlans(index);
  if (!vlans) {
    return failed(vlans.error(), facts.name);
  }
  for (const Vlan& one : *vlans) {
    if (one.is_untagged && one.id != *vlan) {
      if (const auto removed = x_netlink->remove_vlan(index, one.id); !removed) {
        return Unexpected(DriverError{DriverError::Kind::Malformed, failed(removed.error(), facts.name).error().what});
      }
    }
  }
  return {};
}

std::string BridgeDriver::describe_write(const PortFacts& facts, AdminState wish) const {
  if (!facts.index) {
    return {};
  }
  const bool down = wish == AdminState::Down;
  if (facts.quarantine_vlan) {
    const auto vlan = down ? facts.quarantine_vlan : facts.vlan_to_restore;
    return vlan ? fmt::format("RTM_SETLINK ifindex {}: VLAN {} pvid untagged, other untagged VLANs removed", facts.index->value, *vlan) : "";
  }
  std::string text = fmt::format("RTM_NEWLINK ifindex {} {}", facts.index->value, down ? "down" : "up");
  for (const guard::BondMember& member : facts.bond.value.value_or(std::vector<guard::BondMember>{})) {
    text += fmt::format(", ifindex {} {}", member.index->value, down ? "down" : "up");
  }
  return text;
}

std::optional<PortTraffic> BridgeDriver::traffic(const PortFacts& facts) {
  if (!x_netlink || !facts.index) {
    return std::nullopt;
  }
  PortTraffic traffic;
  if (const auto link = x_netlink->link(facts.index->value)) {
    traffic.octets = link->received;
  }
  if (const auto entries = x_netlink->forwarding()) {
    traffic.learned = static_cast<std::size_t>(
        std::count_if(entries->begin(), entries->end(), [&](const ForwardingEntry& entry) { return entry.port == facts.index->value; }));
  }
  return traffic;
}

std::optional<AdminStates> BridgeDriver::admin_states() {
  const auto links = x_netlink ? x_netlink->links() : Expected<std::vector<Link>, Netlink::Errno>(Unexpected(ENOTCONN));
  if (!links) {
    return std::nullopt;
  }
  AdminStates states;
  for (const Link& one : *links) {
    if (one.master == x_bridge.index) {
      states.emplace(PortName{one.name}, admin_state(one));
    }
  }
  return states;
}

}  // namespace pinfold::enforce::drivers
