// G0, G1, G2 and ownership: the operator's word, and whether the port read is the one on record.
#include "base/text.hpp"
#include "guard/rules.hpp"

namespace pinfold::guard {

using desk::GuardVerdict;

namespace {

/// "the same port", or the other port of the bond that the server is recorded on.
[[nodiscard]] std::string place_of(const inventory::Server& other, const Question& q) {
  const bool is_same = !other.port || !q.server->port || other.port->name == q.server->port->name;
  return is_same ? "the same port" : printable(other.port->name.value) + ", which is bonded with it";
}

void judge_sharers(Rule& rule, const Question& q) {
  if (std::none_of(q.on_port.begin(), q.on_port.end(), [&](const inventory::Server* s) { return s->id == q.server->id; })) {
    rule.refuse("the record of the port does not name this server");
  }
  for (const inventory::Server* other : q.on_port) {
    if (other->id == q.server->id) {
      continue;
    }
    if (other->customer != q.server->customer) {
      rule.refuse(fmt::format("server {} of another customer is recorded on {}; isolate this one at its hypervisor's bridge",
                              printable(other->id.value), place_of(*other, q)));
    } else if (other->is_protected) {
      rule.refuse(fmt::format("the protected server {} is recorded on {}", printable(other->id.value), place_of(*other, q)));
    } else {
      rule.hold(fmt::format("server {} of the same customer would be cut off with it", printable(other->id.value)));
    }
  }
}

void judge_alias(Rule& rule, const std::string& recorded, const std::optional<std::string>& read) {
  if (recorded.empty()) {
    rule.hold("no ifAlias on record to compare with");
  } else if (!read) {
    rule.hold("ifAlias is unreadable");
  } else if (*read != recorded) {
    rule.refuse(fmt::format("ifAlias is \"{}\", on record is \"{}\"", printable(*read), printable(recorded)));
  }
}

void judge_state(Rule& rule, const Question& q) {
  const auto off = is_off(q.facts);
  if (!q.facts.admin) {
    rule.hold("ifAdminStatus is unreadable");
  } else if (*q.facts.admin == AdminState::Testing) {
    rule.hold("the port is in testing mode: somebody is working on it");
  } else if (q.wish == desk::PortWish::Down && (off == true || *q.facts.admin == AdminState::Down)) {
    rule.hold("the port is already shut, and not by this action: it would not be ours to open again");
  }
  if (!off && q.facts.quarantine_vlan) {
    rule.hold("the port's VLAN is unreadable");
  }
}

}  // namespace

GuardVerdict kill_switch(const Question& q) {
  Rule rule(kKillSwitch);
  rule.values(q.kill_switch ? "stop is set" : "stop is not set");
  if (q.kill_switch) {
    rule.refuse("the kill switch is set: nothing is disabled until `pinfold resume`");
  }
  return std::move(rule).verdict();
}

GuardVerdict allow_list(const Question& q) {
  Rule rule(kAllowList);
  if (q.server->is_protected) {
    rule.refuse("the server is protected");
  }
  if (!q.server->port) {
    rule.values("no port on record");
    rule.refuse("the server has no switch port on record");
    return std::move(rule).verdict();
  }
  rule.values(fmt::format("record: {} {}, servers on the port: {}", printable(q.server->port->switch_id.value), printable(q.server->port->name.value),
                          q.on_port.size()));
  judge_sharers(rule, q);
  return std::move(rule).verdict();
}

GuardVerdict identity(const Question& q) {
  Rule rule(kIdentity);
  const PortFacts& facts = q.facts;
  rule.values(fmt::format("sysName {}, ifIndex {}, ifName {}, ifAlias {}, ifType {}, ifAdminStatus {}", printable(facts.identity.sys_name),
                          facts.index ? std::to_string(facts.index->value) : "unresolved", printable(facts.name),
                          facts.alias ? "\"" + printable(*facts.alias) + "\"" : "unreadable", shown(facts.if_type), to_string(facts.admin)) +
              (facts.quarantine_vlan ? fmt::format(", VLAN {}, quarantine VLAN {}", shown(facts.pvid), *facts.quarantine_vlan) : ""));
  if (!q.server->port) {
    rule.refuse("there is no record to compare with");
    return std::move(rule).verdict();
  }
  if (!facts.index) {
    rule.hold("the name was not resolved to an index in this session");
  } else if (facts.name != q.server->port->name.value) {
    rule.refuse(fmt::format("index {} is named \"{}\", on record is \"{}\"", facts.index->value, printable(facts.name),
                            printable(q.server->port->name.value)));
  }
  judge_alias(rule, q.server->port->alias, facts.alias);
  if (!facts.if_type) {
    rule.hold("ifType is unreadable");
  } else if (*facts.if_type != kEthernet) {
    rule.refuse(fmt::format("ifType {} is not an Ethernet port", *facts.if_type));
  }
  judge_state(rule, q);
  return std::move(rule).verdict();
}

GuardVerdict ownership(const Question& q) {
  Rule rule(kOwnership);
  rule.values(q.pinfold_shut_it ? "journal: shut by Pinfold" : "journal: not shut by Pinfold");
  if (!q.pinfold_shut_it) {
    rule.refuse("Pinfold did not shut this port and does not open what others shut");
  }
  return std::move(rule).verdict();
}

}  // namespace pinfold::guard
