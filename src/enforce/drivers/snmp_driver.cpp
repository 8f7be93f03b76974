#include "enforce/drivers/snmp_driver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "enforce/drivers/own_path.hpp"
#include "enforce/drivers/snmp_tables.hpp"

namespace pinfold::enforce::drivers {

using guard::AdminState;
using guard::OperState;
using guard::PortFacts;

namespace {

using snmp::below;
using snmp::Oid;
using snmp::Varbind;

constexpr std::uint16_t kMaxVlan = 4094;

[[nodiscard]] Oid pvid_of(unsigned long bridge_port) { return below(bridge(), {7, 1, 4, 5, 1, 1, bridge_port}); }  // dot1qPvid

[[nodiscard]] Unexpected<DriverError> failed(const snmp::Error& error) {
  using Kind = DriverError::Kind;
  constexpr std::array kKinds{Kind::Unreachable, Kind::Timeout, Kind::Refused, Kind::Malformed};  // by snmp::Error::Kind
  return Unexpected(DriverError{kKinds.at(static_cast<std::size_t>(error.kind)), error.what});
}

const Oid& if_entry() {
  static const Oid oid{1, 3, 6, 1, 2, 1, 2, 2, 1};
  return oid;
}
const Oid& if_x_entry() {
  static const Oid oid{1, 3, 6, 1, 2, 1, 31, 1, 1, 1};
  return oid;
}
constexpr unsigned long kIfType = 3;
constexpr unsigned long kIfAdminStatus = 7;
constexpr unsigned long kIfOperStatus = 8;
constexpr unsigned long kIfInOctets = 10;
constexpr unsigned long kIfName = 1;
constexpr unsigned long kIfHcInOctets = 6;
constexpr unsigned long kIfAlias = 18;

[[nodiscard]] std::optional<std::string> text(const Varbind& row) {
  const auto* value = std::get_if<std::string>(&row.value);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

/// MIB enumerations count from 1, ours from 0, in the same order.
template <typename E>
[[nodiscard]] std::optional<E> state(const Varbind& row, E last) {
  const auto value = number(row);
  if (!value || *value < 1 || *value > static_cast<std::int64_t>(last) + 1) {
    return std::nullopt;
  }
  return static_cast<E>(*value - 1);
}

[[nodiscard]] std::int64_t mib_value(AdminState wish) { return static_cast<std::int64_t>(wish) + 1; }

[[nodiscard]] Oid admin_status(IfIndex index) { return below(if_entry(), {kIfAdminStatus, index.value}); }

/// The same ports under the same indexes, whatever their state.
[[nodiscard]] bool same_bond(const PortFacts& before, const PortFacts& after) {
  if (!before.bond.value || !after.bond.value) {
    return false;
  }
  return std::equal(before.bond.value->begin(), before.bond.value->end(), after.bond.value->begin(), after.bond.value->end(),
                    [](const auto& a, const auto& b) { return a.name == b.name && a.index == b.index; });
}

[[nodiscard]] std::optional<bool> is_own_path(const std::optional<std::vector<net::MacAddress>>& learned) {
  const auto own = own_path_macs();
  if (!learned || !own) {
    return std::nullopt;
  }
  return std::any_of(learned->begin(), learned->end(), [&](const net::MacAddress& mac) { return own->contains(mac); });
}

}  // namespace

Expected<PortFacts, DriverError> SnmpDriver::inspect(const inventory::AccessPort& port) {
  x_session.reset();
  x_is_bonded = false;
  auto facts = reread(port);
  if (facts) {
    read_witnesses(*x_session, *facts);
    facts->is_own_path = is_own_path(facts->learned_macs);
    facts->fell_silent = x_session->fell_silent();
    x_is_bonded = !facts->bond.value || !facts->bond.value->empty();
  }
  return facts;
}

Expected<PortFacts, DriverError> SnmpDriver::reread(const inventory::AccessPort& port) {
  if (const auto opened = open(); !opened) {
    return Unexpected(opened.error());
  }
  const auto index = resolve(port.name);
  auto facts = index ? read(*index) : Expected<PortFacts, DriverError>(Unexpected(index.error()));
  if (!facts && facts.error().kind != DriverError::Kind::NotFound) {
    x_session.reset();  // the next reading starts afresh, with the agent's engine looked up again
  }
  return facts;
}

Expected<void, DriverError> SnmpDriver::open() {
  if (!x_session) {
    auto opened = snmp::Session::open(x_settings);
    if (!opened) {
      return failed(opened.error());
    }
    x_session.emplace(*std::move(opened));
  }
  return {};
}

Expected<IfIndex, DriverError> SnmpDriver::resolve(const PortName& name) {
  const auto rows = x_session->walk(below(if_x_entry(), {kIfName}), kMaxPorts);
  if (!rows) {
    return failed(rows.error());
  }
  std::optional<IfIndex> found;
  for (const Varbind& row : *rows) {
    if (text(row) != name.value) {
      continue;
    }
    if (found) {
      return Unexpected(DriverError{DriverError::Kind::NotFound, fmt::format("more than one port is named {}", printable(name.value))});
    }
    found = IfIndex{static_cast<std::uint32_t>(row.name.back())};
  }
  if (!found) {
    return Unexpected(DriverError{DriverError::Kind::NotFound, fmt::format("no port is named {}", printable(name.value))});
  }
  return *found;
}

/// Identity and state in one PDU, so that they are of one moment.
Expected<PortFacts, DriverError> SnmpDriver::read(IfIndex index) {
  const auto rows = x_session->get({below(if_x_entry(), {kIfName, index.value}), below(if_x_entry(), {kIfAlias, index.value}),
                                    below(if_entry(), {kIfType, index.value}), admin_status(index), below(if_entry(), {kIfOperStatus, index.value}),
                                    Oid{1, 3, 6, 1, 2, 1, 31, 1, 5, 0},     // ifTableLastChange
                                    Oid{1, 3, 6, 1, 2, 1, 1, 3, 0},         // sysUpTime
                                    Oid{1, 3, 6, 1, 6, 3, 10, 2, 1, 2, 0},  // snmpEngineBoots
                                    Oid{1, 3, 6, 1, 2, 1, 1, 5, 0}});       // sysName
  if (!rows) {
    return failed(rows.error());
  }
  const std::vector<Varbind>& row = *rows;
  const auto uptime = number(row[6]);
  if (!uptime) {
    return Unexpected(DriverError{DriverError::Kind::Malformed, "sysUpTime is unreadable: the agent's restarts could not be seen"});
  }
  PortFacts facts;
  facts.index = index;
  facts.name = text(row[0]).value_or("");
  facts.alias = text(row[1]);
  if (const auto type = number(row[2])) {
    facts.if_type = static_cast<std::uint32_t>(*type);
  }
  facts.admin = state(row[3], AdminState::Testing);
  facts.oper = state(row[4], OperState::LowerLayerDown);
  if (const auto changed = number(row[5])) {
    facts.identity.table_changed = static_cast<std::uint32_t>(*changed);
  }
  facts.identity.uptime = Millis{*uptime * 10};
  facts.identity.engine_boots = static_cast<std::uint32_t>(number(row[7]).value_or(0));
  facts.identity.sys_name = text(row[8]).value_or("");
  if (x_options.quarantine_vlan) {
    read_pvid(facts);
  }
  if (x_is_bonded) {
    read_bond(*x_session, facts);
  }
  return facts;
}

void SnmpDriver::read_pvid(PortFacts& facts) {
  facts.quarantine_vlan = x_options.quarantine_vlan;
  x_bridge_port = bridge_port_of(*x_session, *facts.index);
  if (!x_bridge_port) {
    return;
  }
  const auto rows = x_session->get({pvid_of(*x_bridge_port)});
  const auto vlan = rows ? number(rows->front()) : std::nullopt;
  if (vlan && *vlan >= 1 && *vlan <= kMaxVlan) {
    facts.pvid = static_cast<std::uint16_t>(*vlan);
  }
}

std::vector<snmp::Assignment> SnmpDriver::assignments(const PortFacts& facts, AdminState wish) const {
  if (!facts.index) {
    return {};
  }
  if (facts.quarantine_vlan) {
    const auto vlan = wish == AdminState::Down ? facts.quarantine_vlan : facts.vlan_to_restore;
    const bool is_bonded = facts.bond.value && !facts.bond.value->empty();
    return x_bridge_port && vlan && !is_bonded ? std::vector<snmp::Assignment>{{pvid_of(*x_bridge_port), *vlan, true}}
                                               : std::vector<snmp::Assignment>{};
  }
  std::vector<snmp::Assignment> all{{admin_status(*facts.index), mib_value(wish), false}};
  for (const guard::BondMember& member : facts.bond.value.value_or(std::vector<guard::BondMember>{})) {
    if (!member.index) {
      return {};
    }
    all.push_back({admin_status(*member.index), mib_value(wish), false});
  }
  return all;
}

Expected<void, DriverError> SnmpDriver::set(const PortFacts& facts, AdminState wish) {
  if (!x_session || !facts.index) {
    return Unexpected(DriverError{DriverError::Kind::Refused, "the port was not resolved in this session"});
  }
  const auto before = read(*facts.index);
  if (!before) {
    return Unexpected(DriverError{DriverError::Kind::Unreachable, before.error().what});
  }
  if (!guard::same_identity(facts, *before)) {
    return Unexpected(DriverError{DriverError::Kind::Refused, "the identity of the port changed straight before the write"});
  }
  if (x_is_bonded && !same_bond(facts, *before)) {
    return Unexpected(DriverError{DriverError::Kind::Refused, "the ports of the bond changed straight before the write"});
  }
  const auto all = assignments(facts, wish);
  if (all.empty()) {
    return Unexpected(DriverError{DriverError::Kind::Refused, facts.quarantine_vlan
                                                                  ? "no VLAN to write: the one before is not on record, or the port is bonded"
                                                                  : "a port of the bond has no index"});
  }
  const auto written = x_session->set(all);
  if (!written) {
    return failed(written.error());
  }
  if (const auto after = read(*facts.index); after && !guard::same_identity(facts, *after)) {
    return Unexpected(DriverError{DriverError::Kind::Moved, "the identity of the port changed during the write: another port may have been hit"});
  }
  return {};  // an unreadable state is for the verification to find out
}

std::string SnmpDriver::describe_write(const PortFacts& facts, AdminState wish) const {
  std::string text;
  for (const snmp::Assignment& one : assignments(facts, wish)) {
    text += fmt::format("{}{} = {}", text.empty() ? "SET " : ", ", snmp::to_string(one.name), one.value);
  }
  return text;
}

/// Octets of all the ports of a bond; MAC addresses of the one.
std::optional<PortTraffic> SnmpDriver::traffic(const PortFacts& facts) {
  if (!x_session || !facts.index) {
    return std::nullopt;
  }
  std::vector<IfIndex> indexes{*facts.index};
  for (const guard::BondMember& member : facts.bond.value.value_or(std::vector<guard::BondMember>{})) {
    if (!member.index) {
      return std::nullopt;
    }
    indexes.push_back(*member.index);
  }
  PortTraffic traffic{std::uint64_t{0}, learned_on(*x_session, *facts.index)};
  for (const IfIndex index : indexes) {
    const auto rows = x_session->get({below(if_x_entry(), {kIfHcInOctets, index.value}), below(if_entry(), {kIfInOctets, index.value})});
    const auto wide = rows ? number(rows->at(0)) : std::nullopt;
    const auto octets = wide || !rows ? wide : number(rows->at(1));
    traffic.octets = octets && traffic.octets ? std::optional(*traffic.octets + static_cast<std::uint64_t>(*octets)) : std::nullopt;
  }
  return traffic;
}

std::optional<AdminStates> SnmpDriver::admin_states() {
  if (!x_session) {
    return std::nullopt;
  }
  const auto names = x_session->walk(below(if_x_entry(), {kIfName}), kMaxPorts);
  const auto states = x_session->walk(below(if_entry(), {kIfAdminStatus}), kMaxPorts);
  if (!names || !states) {
    return std::nullopt;
  }
  std::map<unsigned long, AdminState> by_index;
  for (const Varbind& row : *states) {
    if (const auto admin = state(row, AdminState::Testing)) {
      by_index.emplace(row.name.back(), *admin);
    }
  }
  AdminStates result;
  for (const Varbind& row : *names) {
    const auto found = by_index.find(row.name.back());
    if (const auto name = text(row); name && found != by_index.end()) {
      result.emplace(PortName{*name}, found->second);
    }
  }
  return result;
}

Expected<void, DriverError> SnmpDriver::save() {
  if (!x_options.save) {
    return Unexpected(DriverError{DriverError::Kind::Refused, "no objects for saving are configured"});
  }
  if (const auto opened = open(); !opened) {
    return opened;
  }
  if (const auto written = x_session->set({{x_options.save->name, x_options.save->value, false}}); !written) {
    return failed(written.error());
  }
  const auto deadline = system_clock().mono() + kSaveWithin;
  std::string last = "no answer";
  while (system_clock().mono() < deadline) {
    const auto rows = x_session->get({x_options.save->done});
    const auto said = rows ? number(rows->front()) : std::nullopt;
    if (said == x_options.save->done_value) {
      return {};
    }
    last = said ? std::to_string(*said) : "no answer";
    std::this_thread::sleep_for(std::chrono::milliseconds{500});
  }
  return Unexpected(DriverError{DriverError::Kind::Timeout, fmt::format("not saved within {} s: {} is {}", kSaveWithin / std::chrono::seconds{1},
                                                                        snmp::to_string(x_options.save->done), last)});
}

}  // namespace pinfold::enforce::drivers
