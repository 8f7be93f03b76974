// G3 and G4: what the switch has learned about the port. LLDP and MAC addresses are in the customer's power: they may summon a person, and
// never excuse or approve.
#include <array>

#include "base/text.hpp"
#include "guard/rules.hpp"

namespace pinfold::guard {

using desk::GuardVerdict;

namespace {

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

[[nodiscard]] std::string macs_shown(const std::optional<std::vector<net::MacAddress>>& macs) {
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

/// What a spanning tree, the VLANs, the bond and the counters say about the port's place in the network.
void judge_place(Rule& rule, const PortFacts& facts, std::string& values) {
  if (facts.stp_root.offered) {
    values += fmt::format(", spanning tree's root port {}", shown(facts.stp_root.value));
    if (!facts.stp_root.value) {
      rule.hold("whether the spanning tree's root lies behind this port is unreadable");
    } else if (*facts.stp_root.value) {
      rule.refuse("the spanning tree's root lies behind this port");
    }
  }
  if (facts.tagged_vlans.offered) {
    values += fmt::format(", tagged VLANs {}", shown(facts.tagged_vlans.value));
    if (!facts.tagged_vlans.value) {
      rule.hold("the VLANs that leave the port tagged are unreadable");
    } else if (*facts.tagged_vlans.value > kMaxTaggedVlans) {
      rule.refuse(fmt::format("{} VLANs leave the port tagged: a trunk", *facts.tagged_vlans.value));
    }
  }
  if (facts.traffic_share.offered && facts.switch_ports_up.value_or(kMinPortsForShare) >= kMinPortsForShare) {
    values += facts.traffic_share.value ? fmt::format(", share of the switch's traffic {:.0f} %", *facts.traffic_share.value * 100)
                                        : ", share of the switch's traffic unreadable";
    if (!facts.traffic_share.value) {
      rule.hold("the port's share of the switch's traffic is unreadable");
    } else if (*facts.traffic_share.value > kMaxTrafficShare) {
      rule.hold("the port carried more than 25 % of the switch's traffic");
    }
  }
}

void judge_bond(Rule& rule, const PortFacts& facts, std::string& values) {
  if (!facts.bond.offered) {
    return;
  }
  if (!facts.bond.value) {
    values += ", bond unreadable";
    rule.hold("whether the port belongs to a bond is unreadable");
  } else if (!facts.bond.value->empty()) {
    std::string members;
    for (const BondMember& member : *facts.bond.value) {
      members += (members.empty() ? "" : ", ") + printable(member.name.value);
      if (const auto word = uplink_word(member.alias.value_or(""))) {
        rule.refuse(fmt::format("ifAlias of {}, which is bonded with it, says \"{}\": a link between devices", printable(member.name.value), *word));
      }
    }
    values += ", bonded with " + members;
    rule.hold("the port is bonded with " + members + ": all of them are one action");
  }
}

}  // namespace

/// The record is one witness, the forwarding table the other. A forged address can make them disagree, which calls a person; it cannot make
/// them agree on another port than the recorded one.
GuardVerdict two_witnesses(const Question& q) {
  Rule rule(kWitnesses);
  const auto& mac = q.server->mac;
  const PortFacts& facts = q.facts;
  const auto knows = [&](const std::optional<std::vector<net::MacAddress>>& list) -> std::optional<bool> {
    return mac && list ? std::optional(std::find(list->begin(), list->end(), *mac) != list->end()) : std::nullopt;
  };
  const auto here = knows(facts.learned_macs);
  const auto elsewhere = knows(facts.learned_elsewhere);
  rule.values(fmt::format("recorded MAC {}, learned on this port {}, on another port {}", mac ? net::to_string(*mac) : "none", shown(here),
                          shown(elsewhere)));
  if (!mac) {
    rule.hold("no MAC address on record: the forwarding table cannot confirm where the server is plugged in");
    return std::move(rule).verdict();
  }
  if (!here) {
    rule.hold("the MAC addresses learned on the port are unreadable");
  } else if (!*here) {
    rule.hold("the server's MAC address is not learned on this port");
  }
  if (!elsewhere) {
    rule.hold("the MAC addresses learned on the other ports are unreadable");
  } else if (*elsewhere) {
    rule.hold("the cabling record differs: the server's MAC address is learned on another port");
  }
  return std::move(rule).verdict();
}

GuardVerdict uplink(const Question& q) {
  Rule rule(kUplink);
  const PortFacts& facts = q.facts;
  std::string values = fmt::format("learned MACs {}, bridge or router neighbours {}, own path {}", macs_shown(facts.learned_macs),
                                   facts.lldp_offered ? shown(facts.bridge_neighbours) : "not offered", shown(facts.is_own_path));
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
    rule.hold("a neighbour says by LLDP or CDP that it is a bridge or a router");
  }
  judge_place(rule, facts, values);
  judge_bond(rule, facts, values);
  rule.values(std::move(values));
  return std::move(rule).verdict();
}

}  // namespace pinfold::guard
