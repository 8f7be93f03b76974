#include "guard/guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace pinfold::guard {

using desk::GuardOutcome;
using desk::GuardVerdict;

namespace {

/// One rule at work: the worst of what it found, with every reason.
class Rule {
public:
  explicit Rule(std::string_view name) { x_verdict.rule = name; }

  void refuse(std::string_view why) { worsen(GuardOutcome::Refuse, why); }
  void hold(std::string_view why) { worsen(GuardOutcome::Hold, why); }
  void values(std::string text) { x_verdict.values = std::move(text); }

  [[nodiscard]] GuardVerdict verdict() && {
    if (x_verdict.why.empty()) {
      x_verdict.why = "nothing against it";
    }
    return std::move(x_verdict);
  }

private:
  void worsen(GuardOutcome outcome, std::string_view why) {
    x_verdict.outcome = std::max(x_verdict.outcome, outcome);
    if (!x_verdict.why.empty()) {
      x_verdict.why += "; ";
    }
    x_verdict.why += why;
  }

  GuardVerdict x_verdict{{}, GuardOutcome::Pass, {}, {}};
};
static_assert(GuardOutcome::Pass < GuardOutcome::Hold && GuardOutcome::Hold < GuardOutcome::Refuse, "Rule::worsen compares them");

[[nodiscard]] bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

constexpr std::array<std::string_view, 5> kUplinkWords{"core", "uplink", "trunk", "peer", "mgmt"};

/// The first run of letters in `alias` that begins with a word which operators give to links between devices: "core1", "rt1-UPLINKS",
/// "peering". Beginnings, not whole words: missing an uplink is worse than refusing a customer whose port is called "peerless".
[[nodiscard]] std::optional<std::string> uplink_word(std::string_view alias) {
  std::size_t at = 0;
  while (at < alias.size()) {
    if (!is_letter(alias[at])) {
      ++at;
      continue;
    }
    const std::size_t start = at;
    while (at < alias.size() && is_letter(alias[at])) {
      ++at;
    }
    const std::string_view part = alias.substr(start, at - start);
    if (std::any_of(kUplinkWords.begin(), kUplinkWords.end(), [&](std::string_view word) { return istarts_with(part, word); })) {
      return std::string(part);
    }
  }
  return std::nullopt;
}

template <typename T>
[[nodiscard]] std::string shown(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "unreadable";
}

[[nodiscard]] std::string shown(const std::optional<std::vector<net::MacAddress>>& macs) {
  if (!macs) {
    return "unreadable";
  }
  std::string text = std::to_string(macs->size());
  for (std::size_t i = 0; i < std::min(macs->size(), kMaxMacsShown); ++i) {
    text += (i == 0 ? " (" : " ") + net::to_string((*macs)[i]);
  }
  if (macs->size() > kMaxMacsShown) {
    text += " …";
  }
  return macs->empty() ? text : text + ")";
}

[[nodiscard]] GuardVerdict kill_switch(const Question& q) {
  Rule rule(kKillSwitch);
  rule.values(q.kill_switch ? "stop is set" : "stop is not set");
  if (q.kill_switch) {
    rule.refuse("the kill switch is set: nothing is disabled until `pinfold resume`");
  }
  return std::move(rule).verdict();
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
      rule.refuse(fmt::format("server {} of another customer is recorded on the same port", printable(other->id.value)));
    } else if (other->is_protected) {
      rule.refuse(fmt::format("the protected server {} is recorded on the same port", printable(other->id.value)));
    } else {
      rule.hold(fmt::format("server {} of the same customer would be cut off with it", printable(other->id.value)));
    }
  }
}

[[nodiscard]] GuardVerdict allow_list(const Question& q) {
  Rule rule(kAllowList);
  if (!q.switch_armed) {
    rule.refuse("dry run: the operator has not armed this switch");
  }
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
  if (!q.facts.admin) {
    rule.hold("ifAdminStatus is unreadable");
  } else if (*q.facts.admin == AdminState::Testing) {
    rule.hold("the port is in testing mode: somebody is working on it");
  } else if (q.wish == desk::PortWish::Down && *q.facts.admin == AdminState::Down) {
    rule.hold("the port is already shut, and not by this action: it would not be ours to open again");
  }
}

[[nodiscard]] GuardVerdict identity(const Question& q) {
  Rule rule(kIdentity);
  const PortFacts& facts = q.facts;
  rule.values(fmt::format("sysName {}, ifIndex {}, ifName {}, ifAlias {}, ifType {}, ifAdminStatus {}", printable(facts.identity.sys_name),
                          facts.index ? std::to_string(facts.index->value) : "unresolved", printable(facts.name),
                          facts.alias ? "\"" + printable(*facts.alias) + "\"" : "unreadable", shown(facts.if_type), to_string(facts.admin)));
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

void judge_macs(Rule& rule, const Question& q) {
  if (!q.facts.learned_macs) {
    rule.hold("the MAC addresses learned on the port are unreadable");
    return;
  }
  for (const net::MacAddress& mac : *q.facts.learned_macs) {
    if (q.gateway_macs.contains(mac)) {
      rule.refuse(fmt::format("the router's MAC {} is learned here", net::to_string(mac)));
    }
  }
  if (q.facts.learned_macs->size() > kMaxLearnedMacs) {
    rule.hold(fmt::format("{} MAC addresses are learned here, more than {}", q.facts.learned_macs->size(), kMaxLearnedMacs));
  }
  for (const inventory::Server* other : q.learned_servers) {
    if (other->customer != q.server->customer) {
      rule.hold(fmt::format("the MAC of server {} of another customer is learned here", printable(other->id.value)));
    }
  }
}

[[nodiscard]] GuardVerdict uplink(const Question& q) {
  Rule rule(kUplink);
  const PortFacts& facts = q.facts;
  rule.values(fmt::format("learned MACs {}, bridge or router neighbours {}, own path {}", shown(facts.learned_macs),
                          facts.lldp_offered ? shown(facts.bridge_neighbours) : "not offered", shown(facts.is_own_path)));
  if (!facts.alias) {
    rule.hold("ifAlias is unreadable");
  } else if (const auto word = uplink_word(*facts.alias)) {
    rule.refuse(fmt::format("ifAlias says \"{}\": a link between devices", *word));
  }
  if (!facts.is_own_path) {
    rule.hold("whether our own path to the switch leads over this port is unknown");
  } else if (*facts.is_own_path) {
    rule.refuse("our own path to the switch leads over this port");
  }
  judge_macs(rule, q);
  if (facts.lldp_offered && !facts.bridge_neighbours) {
    rule.hold("the LLDP neighbours are unreadable");
  } else if (facts.bridge_neighbours.value_or(0) > 0) {
    rule.hold("an LLDP neighbour says that it is a bridge or a router");
  }
  return std::move(rule).verdict();
}

[[nodiscard]] GuardVerdict blast_radius(const Question& q, const desk::Policy& policy) {
  Rule rule(kBlastRadius);
  const RecentDisables& recent = q.recent;
  rule.values(fmt::format(
      "in flight on the switch {}, disabled on the switch in the last hour {} of {}, on the site in the last hour {} of {}, "
      "in the last day {} of {}, held down on the switch {}, ports up {}",
      recent.in_flight_on_switch, recent.on_switch_hour, policy.max_disables_per_switch_hour, recent.on_site_hour, policy.max_disables_per_site_hour,
      recent.on_site_day, policy.max_disables_per_site_day, recent.ports_down_on_switch, shown(q.facts.switch_ports_up)));
  if (recent.in_flight_on_switch > 0) {
    rule.hold("another action on this switch is not finished");
  }
  if (recent.on_switch_hour >= policy.max_disables_per_switch_hour) {
    rule.hold("the switch's limit for an hour is reached");
  }
  if (recent.on_site_hour >= policy.max_disables_per_site_hour) {
    rule.hold("the site's limit for an hour is reached");
  }
  if (recent.on_site_day >= policy.max_disables_per_site_day) {
    rule.hold("the site's limit for a day is reached");
  }
  if (!q.facts.switch_ports_up) {
    rule.hold("how many ports of the switch are up is unreadable");
  } else if (recent.ports_down_on_switch >= std::max(1U, *q.facts.switch_ports_up / 100)) {
    rule.hold("Pinfold would hold down more than 1 % of the switch's ports");
  }
  return std::move(rule).verdict();
}

[[nodiscard]] GuardVerdict ownership(const Question& q) {
  Rule rule(kOwnership);
  rule.values(q.pinfold_shut_it ? "journal: shut by Pinfold" : "journal: not shut by Pinfold");
  if (!q.pinfold_shut_it) {
    rule.refuse("Pinfold did not shut this port and does not open what others shut");
  }
  return std::move(rule).verdict();
}

}  // namespace

std::vector<GuardVerdict> evaluate(const Question& question, const desk::Policy& policy) {
  if (question.wish == desk::PortWish::Up) {
    return {identity(question), ownership(question)};
  }
  return {kill_switch(question), allow_list(question), identity(question), uplink(question), blast_radius(question, policy)};
}

GuardOutcome outcome_of(const std::vector<GuardVerdict>& verdicts) {
  if (verdicts.empty()) {
    return GuardOutcome::Hold;
  }
  return std::max_element(verdicts.begin(), verdicts.end(), [](const auto& a, const auto& b) { return a.outcome < b.outcome; })->outcome;
}

bool same_identity(const PortFacts& before, const PortFacts& after) {
  return before.index && before.index == after.index && before.name == after.name && before.alias == after.alias && before.if_type == after.if_type &&
         before.identity.sys_name == after.identity.sys_name && before.identity.engine_boots == after.identity.engine_boots &&
         before.identity.table_changed == after.identity.table_changed && before.identity.uptime <= after.identity.uptime;
}

std::string_view to_string(std::optional<AdminState> state) {
  if (!state) {
    return "unreadable";
  }
  switch (*state) {
    case AdminState::Up: return "up";
    case AdminState::Down: return "down";
    case AdminState::Testing: return "testing";
  }
  return "unreadable";
}

std::string_view to_string(std::optional<OperState> state) {
  if (!state) {
    return "unreadable";
  }
  switch (*state) {
    case OperState::Up: return "up";
    case OperState::Down: return "down";
    case OperState::Testing: return "testing";
    case OperState::Unknown: return "unknown";
    case OperState::Dormant: return "dormant";
    case OperState::NotPresent: return "notPresent";
    case OperState::LowerLayerDown: return "lowerLayerDown";
  }
  return "unreadable";
}

}  // namespace pinfold::guard
