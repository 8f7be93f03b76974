// Every guard, one deviation at a time and every two together, against a question that passes.
#include "guard/guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/text.hpp"

namespace pinfold::guard {
namespace {

using desk::GuardOutcome;
using desk::PortWish;

net::MacAddress mac(std::uint8_t last) { return {{2, 0, 0, 0, 0, last}}; }

inventory::Server server_named(const char* id, const char* customer) {
  inventory::Server server;
  server.id = ServerId{id};
  server.customer = CustomerId{customer};
  server.mac = mac(1);
  server.port = inventory::AccessPort{SwitchId{"sw1"}, PortName{"swp1"}, "cust:srv-1001"};
  return server;
}

/// A question that passes, with the servers it points to.
struct Scene {
  inventory::Server server = server_named("srv-1001", "1001");
  inventory::Server sibling = server_named("srv-1001b", "1001");
  inventory::Server stranger = server_named("srv-2002", "2002");
  desk::Policy policy;
  Question q;

  Scene() {
    q.server = &server;
    q.on_port = {&server};
    q.switch_armed = true;
    q.gateway_macs = {mac(254)};
    q.facts.identity = {"sw1.lab", 3, Millis{5000}, 100};
    q.facts.index = IfIndex{4};
    q.facts.name = "swp1";
    q.facts.alias = "cust:srv-1001";
    q.facts.if_type = kEthernet;
    q.facts.admin = AdminState::Up;
    q.facts.oper = OperState::Up;
    q.facts.learned_macs = {{mac(1)}};
    q.learned_servers = {&server};
    q.facts.bridge_neighbours = 0;
    q.facts.is_own_path = false;
    q.facts.switch_ports_up = 24;
    q.facts.learned_elsewhere = {{mac(2), mac(254)}};
    q.facts.stp_root = {true, false};
    q.facts.tagged_vlans = {true, 0};
    q.facts.bond = {true, std::vector<BondMember>{}};
    q.facts.traffic_share = {true, 0.02};
    q.now = WallTime{std::chrono::hours{500'000}};
    q.warrant = Warrant{q.now - std::chrono::minutes{5}, {{StaffId{"anna"}, q.now - std::chrono::minutes{1}, true}}};
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
};

struct Deviation {
  const char* name;
  std::string_view rule;  ///< the only rule that may catch it
  GuardOutcome outcome;
  std::function<void(Scene&)> make;
};

void label(Scene& s, const char* alias) {
  s.server.port->alias = alias;
  s.q.facts.alias = alias;
}

const std::vector<Deviation>& deviations() {
  static const auto kRefuse = GuardOutcome::Refuse;
  static const auto kHold = GuardOutcome::Hold;
  static const std::vector<Deviation> rows{
      {"kill switch set", kKillSwitch, kRefuse, [](Scene& s) { s.q.kill_switch = true; }},
      {"switch not armed", kDryRun, kRefuse, [](Scene& s) { s.q.switch_armed = false; }},
      {"server protected", kAllowList, kRefuse, [](Scene& s) { s.server.is_protected = true; }},
      {"record of the port empty", kAllowList, kRefuse, [](Scene& s) { s.q.on_port.clear(); }},
      {"record of the port names another", kAllowList, kRefuse, [](Scene& s) { s.q.on_port = {&s.stranger}; }},
      {"shared with another customer", kAllowList, kRefuse, [](Scene& s) { s.q.on_port.push_back(&s.stranger); }},
      {"shared with the customer's other server", kAllowList, kHold, [](Scene& s) { s.q.on_port.push_back(&s.sibling); }},
      {"shared with a protected server", kAllowList, kRefuse,
       [](Scene& s) {
         s.sibling.is_protected = true;
         s.q.on_port.push_back(&s.sibling);
       }},
      {"index not resolved", kIdentity, kHold, [](Scene& s) { s.q.facts.index.reset(); }},
      {"index has another name", kIdentity, kRefuse, [](Scene& s) { s.q.facts.name = "swp24"; }},
      {"name differs in case", kIdentity, kRefuse, [](Scene& s) { s.q.facts.name = "SWP1"; }},
      {"alias differs", kIdentity, kRefuse, [](Scene& s) { s.q.facts.alias = "cust:srv-1002"; }},
      {"alias read is empty", kIdentity, kRefuse, [](Scene& s) { s.q.facts.alias = ""; }},
      {"alias not on record", kIdentity, kHold, [](Scene& s) { s.server.port->alias.clear(); }},
      {"type unreadable", kIdentity, kHold, [](Scene& s) { s.q.facts.if_type.reset(); }},
      {"type is a LAG", kIdentity, kRefuse, [](Scene& s) { s.q.facts.if_type = 161; }},
      {"admin state unreadable", kIdentity, kHold, [](Scene& s) { s.q.facts.admin.reset(); }},
      {"port in testing", kIdentity, kHold, [](Scene& s) { s.q.facts.admin = AdminState::Testing; }},
      {"port already down", kIdentity, kHold, [](Scene& s) { s.q.facts.admin = AdminState::Down; }},
      {"alias core", kUplink, kRefuse, [](Scene& s) { label(s, "core:rt1"); }},
      {"alias UPLINK", kUplink, kRefuse, [](Scene& s) { label(s, "to rt1 (UPLINK)"); }},
      {"alias trunk1", kUplink, kRefuse, [](Scene& s) { label(s, "sw2-trunk1"); }},
      {"alias Peering", kUplink, kRefuse, [](Scene& s) { label(s, "DE-CIX Peering"); }},
      {"alias mgmt0", kUplink, kRefuse, [](Scene& s) { label(s, "mgmt0"); }},
      {"alias dc1core2", kUplink, kRefuse, [](Scene& s) { label(s, "dc1core2"); }},
      {"router's MAC learned", kUplink, kRefuse,
       [](Scene& s) {
         s.q.facts.learned_macs = {{mac(1), mac(254)}};
       }},
      {"own path", kUplink, kRefuse, [](Scene& s) { s.q.facts.is_own_path = true; }},
      {"own path unknown", kUplink, kHold, [](Scene& s) { s.q.facts.is_own_path.reset(); }},
      {"no MAC on record", kWitnesses, kHold, [](Scene& s) { s.server.mac.reset(); }},
      {"the MAC is not learned here", kWitnesses, kHold, [](Scene& s) { s.server.mac = mac(9); }},
      {"the MAC is learned on another port too", kWitnesses, kHold, [](Scene& s) { s.q.facts.learned_elsewhere->push_back(mac(1)); }},
      {"the other ports' MACs unreadable", kWitnesses, kHold, [](Scene& s) { s.q.facts.learned_elsewhere.reset(); }},
      {"spanning tree's root port", kUplink, kRefuse, [](Scene& s) { s.q.facts.stp_root.value = true; }},
      {"spanning tree unreadable", kUplink, kHold, [](Scene& s) { s.q.facts.stp_root.value.reset(); }},
      {"two tagged VLANs", kUplink, kRefuse, [](Scene& s) { s.q.facts.tagged_vlans.value = 2; }},
      {"VLANs unreadable", kUplink, kHold, [](Scene& s) { s.q.facts.tagged_vlans.value.reset(); }},
      {"bonded", kUplink, kHold,
       [](Scene& s) {
         s.q.facts.bond.value = {{PortName{"swp2"}, IfIndex{5}, AdminState::Up, OperState::Up}};
       }},
      {"bonded with an uplink", kUplink, kRefuse,
       [](Scene& s) {
         s.q.facts.bond.value = {{PortName{"swp24"}, IfIndex{24}, AdminState::Up, OperState::Up, "core:UPLINK"}};
       }},
      {"bond unreadable", kUplink, kHold, [](Scene& s) { s.q.facts.bond.value.reset(); }},
      {"a third of the traffic", kUplink, kHold, [](Scene& s) { s.q.facts.traffic_share.value = 0.33; }},
      {"traffic unreadable", kUplink, kHold, [](Scene& s) { s.q.facts.traffic_share.value.reset(); }},
      {"evidence unknown", kStaleness, kHold, [](Scene& s) { s.q.warrant->evidence_at.reset(); }},
      {"evidence old", kStaleness, kHold, [](Scene& s) { s.q.warrant->evidence_at = s.q.now - std::chrono::minutes{31}; }},
      {"evidence of tomorrow", kStaleness, kHold, [](Scene& s) { s.q.warrant->evidence_at = s.q.now + Seconds{6}; }},
      {"nobody approved", kApproval, kHold, [](Scene& s) { s.q.warrant->approvals.clear(); }},
      {"approval without a name", kApproval, kHold, [](Scene& s) { s.q.warrant->approvals[0].by = StaffId{}; }},
      {"approval of yesterday", kApproval, kHold, [](Scene& s) { s.q.warrant->approvals[0].at = s.q.now - std::chrono::hours{24}; }},
      {"approval of tomorrow", kApproval, kHold, [](Scene& s) { s.q.warrant->approvals[0].at = s.q.now + Seconds{6}; }},
      {"five MACs", kUplink, kHold,
       [](Scene& s) {
         s.q.facts.learned_macs = {{mac(1), mac(2), mac(3), mac(4), mac(5)}};
       }},
      {"a stranger's MAC", kUplink, kHold, [](Scene& s) { s.q.learned_servers.push_back(&s.stranger); }},
      {"LLDP unreadable", kUplink, kHold, [](Scene& s) { s.q.facts.bridge_neighbours.reset(); }},
      {"LLDP bridge neighbour", kUplink, kHold, [](Scene& s) { s.q.facts.bridge_neighbours = 1; }},
      {"another in flight", kBlastRadius, kHold, [](Scene& s) { s.q.recent.in_flight_on_switch = 1; }},
      {"switch hour full", kBlastRadius, kHold, [](Scene& s) { s.q.recent.on_switch_hour = 2; }},
      {"switch day full", kBlastRadius, kHold, [](Scene& s) { s.q.recent.on_switch_day = 6; }},
      {"three of the customer's down", kBlastRadius, kHold, [](Scene& s) { s.q.recent.down_of_customer = 3; }},
      {"approval for another port", kApproval, kHold, [](Scene& s) { s.q.warrant->placed_since = s.q.now; }},
      {"site hour full", kBlastRadius, kHold, [](Scene& s) { s.q.recent.on_site_hour = 5; }},
      {"site day full", kBlastRadius, kHold, [](Scene& s) { s.q.recent.on_site_day = 20; }},
      {"policy allows none", kBlastRadius, kHold, [](Scene& s) { s.policy.max_disables_per_switch_hour = 0; }},
      {"one held of 24", kBlastRadius, kHold, [](Scene& s) { s.q.recent.ports_down_on_switch = 1; }},
      {"ports up unreadable", kBlastRadius, kHold, [](Scene& s) { s.q.facts.switch_ports_up.reset(); }},
  };
  return rows;
}

std::vector<std::string> rules_not_passing(const std::vector<desk::GuardVerdict>& verdicts) {
  std::vector<std::string> rules;
  for (const auto& verdict : verdicts) {
    if (verdict.outcome != GuardOutcome::Pass) {
      rules.push_back(verdict.rule);
      EXPECT_FALSE(verdict.why.empty());
    }
  }
  return rules;
}

GuardOutcome outcome_named(const Scene& s, std::string_view rule) {
  const auto verdicts = evaluate(s.q, s.policy);
  const auto found = std::find_if(verdicts.begin(), verdicts.end(), [&](const auto& v) { return v.rule == rule; });
  return found == verdicts.end() ? GuardOutcome::Pass : found->outcome;
}

TEST(Guard, PassesAnOrdinaryAccessPortByAllRulesInOrder) {
  Scene s;
  const auto verdicts = evaluate(s.q, s.policy);
  std::vector<std::string> rules;
  std::transform(verdicts.begin(), verdicts.end(), std::back_inserter(rules), [](const auto& v) { return v.rule; });
  EXPECT_THAT(rules, testing::ElementsAre(kKillSwitch, kAllowList, kIdentity, kWitnesses, kUplink, kBlastRadius, kStaleness, kApproval, kDryRun));
  EXPECT_THAT(rules_not_passing(verdicts), testing::IsEmpty());
  EXPECT_EQ(outcome_of(verdicts), GuardOutcome::Pass);
}

TEST(Guard, EachDeviationIsCaughtByItsRuleAlone) {
  for (const Deviation& row : deviations()) {
    SCOPED_TRACE(row.name);
    Scene s;
    row.make(s);
    const auto verdicts = evaluate(s.q, s.policy);
    EXPECT_THAT(rules_not_passing(verdicts), testing::ElementsAre(row.rule));
    EXPECT_EQ(outcome_of(verdicts), row.outcome);
  }
}

TEST(Guard, EveryTwoDeviationsGiveTheWorseOutcome) {
  for (const Deviation& first : deviations()) {
    for (const Deviation& second : deviations()) {
      const bool both_alias = istarts_with(first.name, "alias") && istarts_with(second.name, "alias");
      if (first.rule == second.rule || both_alias) {
        continue;  // these may write to the same field, so that the second undoes the first
      }
      SCOPED_TRACE(std::string(first.name) + " and " + second.name);
      Scene s;
      first.make(s);
      second.make(s);
      const auto verdicts = evaluate(s.q, s.policy);
      EXPECT_THAT(rules_not_passing(verdicts), testing::IsSupersetOf({std::string(first.rule), std::string(second.rule)}));
      EXPECT_EQ(outcome_of(verdicts), std::max(first.outcome, second.outcome));
    }
  }
}

// The mutation test: a desk in which one guard is switched off lets through what only that guard catches.
TEST(Guard, NoneIsSpare) {
  for (const std::string_view off : {kKillSwitch, kAllowList, kIdentity, kWitnesses, kUplink, kBlastRadius, kStaleness, kApproval, kDryRun}) {
    SCOPED_TRACE(off);
    const bool lets_through = std::any_of(deviations().begin(), deviations().end(), [&](const Deviation& row) {
      Scene s;
      row.make(s);
      auto verdicts = evaluate(s.q, s.policy);
      verdicts.erase(std::remove_if(verdicts.begin(), verdicts.end(), [&](const auto& v) { return v.rule == off; }), verdicts.end());
      return outcome_of(verdicts) == GuardOutcome::Pass;
    });
    EXPECT_TRUE(lets_through);
  }
}

// No deviation can be "caught by its rule alone" here: with no record, or no label, two rules have something to say, and each must say it.
TEST(Guard, AServerWithoutARecordedPortIsRefusedByTheAllowListAndByIdentity) {
  Scene s;
  s.server.port.reset();
  s.q.on_port.clear();
  EXPECT_EQ(outcome_named(s, kAllowList), GuardOutcome::Refuse);
  EXPECT_EQ(outcome_named(s, kIdentity), GuardOutcome::Refuse);
}

TEST(Guard, AnUnreadableAliasHoldsBothIdentityAndUplink) {
  Scene s;
  s.q.facts.alias.reset();
  EXPECT_THAT(rules_not_passing(evaluate(s.q, s.policy)), testing::ElementsAre(kIdentity, kUplink));
}

TEST(Guard, NothingReadHoldsAndNeverPasses) {
  Scene s;
  s.q.facts = {};
  const auto verdicts = evaluate(s.q, s.policy);
  EXPECT_EQ(outcome_of(verdicts), GuardOutcome::Hold);
  EXPECT_THAT(rules_not_passing(verdicts), testing::ElementsAre(kIdentity, kWitnesses, kUplink, kBlastRadius));
}

TEST(Guard, UnreadableMacsHoldBothTheWitnessAndTheUplink) {
  Scene s;
  s.q.facts.learned_macs.reset();
  EXPECT_THAT(rules_not_passing(evaluate(s.q, s.policy)), testing::ElementsAre(kWitnesses, kUplink));
}

TEST(Guard, WithoutACaseAskedAboutNothingIsApprovedOrFresh) {
  Scene s;
  s.q.warrant.reset();
  EXPECT_THAT(rules_not_passing(evaluate(s.q, s.policy)), testing::ElementsAre(kStaleness, kApproval));
}

TEST(Guard, ThePolicysOwnApprovalPassesAndNeverLifts) {
  Scene s;
  s.q.warrant->approvals = {{StaffId{"policy"}, s.q.now, false}};
  s.q.armed_since = s.q.now - std::chrono::days{30};
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Pass);
  s.q.warrant->approvals.push_back({StaffId{"anna"}, s.q.now, true});
  s.q.facts.bridge_neighbours = 1;
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Hold);
}

TEST(Guard, ForTheFirstDaysAfterArmingAPersonApprovesWhateverThePolicySays) {
  Scene s;
  s.q.warrant->approvals = {{StaffId{"policy"}, s.q.now, false}};
  EXPECT_THAT(rules_not_passing(evaluate(s.q, s.policy)), testing::ElementsAre(kApproval));  // since when it is armed is unknown
  s.q.armed_since = s.q.now - std::chrono::days{30} + Seconds{1};
  EXPECT_THAT(rules_not_passing(evaluate(s.q, s.policy)), testing::ElementsAre(kApproval));
  s.q.warrant->approvals.push_back({StaffId{"anna"}, s.q.now, true});
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Pass);
  s.q.warrant->approvals.pop_back();
  s.policy.person_first = Micros{0};  // an operator who knows his switches
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Pass);
}

// Two persons lift what G1, G3, G4 and G5 hold; one person twice is one; nobody lifts a refusal, an unread identity or old evidence.
TEST(GuardLifting, OnlyTwoDifferentPersonsAndOnlyWhatMayBeLifted) {
  for (const Deviation& row : deviations()) {
    SCOPED_TRACE(row.name);
    const bool liftable =
        row.outcome == GuardOutcome::Hold && (row.rule == kAllowList || row.rule == kWitnesses || row.rule == kUplink || row.rule == kBlastRadius);
    for (const char* second : {"anna", "bert"}) {
      Scene s;
      row.make(s);
      s.q.warrant->approvals.push_back({StaffId{second}, s.q.now, true});
      if (row.name == std::string_view("approval for another port")) {
        s.q.warrant->placed_since = s.q.now - Seconds{1};  // the second approval is for this one
      }
      const GuardOutcome expected = row.rule == kApproval                            ? GuardOutcome::Pass  // the second approval is a good one
                                    : liftable && second == std::string_view("bert") ? GuardOutcome::Pass
                                                                                     : row.outcome;
      EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), expected) << second;
    }
  }
}

TEST(GuardLifting, TheCasesAuthorIsNoneOfTheTwo) {
  Scene s;
  s.q.facts.bridge_neighbours = 1;
  s.q.warrant->author = StaffId{"anna"};
  s.q.warrant->approvals.push_back({StaffId{"bert"}, s.q.now, true});
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Hold);
  s.q.warrant->approvals.push_back({StaffId{"carl"}, s.q.now, true});
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Pass);
}

TEST(GuardLifting, SaysWhoAcceptedWhat) {
  Scene s;
  s.q.facts.bridge_neighbours = 1;
  s.q.warrant->approvals.push_back({StaffId{"bert"}, s.q.now, true});
  const auto verdicts = evaluate(s.q, s.policy);
  EXPECT_THAT(verdicts[4].why, testing::StartsWith("accepted by anna, bert: a neighbour says by LLDP or CDP"));
}

TEST(GuardQuarantine, ThePortIsOffByItsVlanAndNotByItsLink) {
  Scene s;
  s.q.facts.quarantine_vlan = 666;
  s.q.facts.pvid = 1;
  EXPECT_EQ(is_off(s.q.facts), false);
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Pass);
  s.q.facts.pvid = 666;
  EXPECT_EQ(is_off(s.q.facts), true);
  EXPECT_THAT(rules_not_passing(evaluate(s.q, s.policy)), testing::ElementsAre(kIdentity));
  s.q.facts.pvid.reset();
  EXPECT_EQ(is_off(s.q.facts), std::nullopt);
  EXPECT_THAT(rules_not_passing(evaluate(s.q, s.policy)), testing::ElementsAre(kIdentity));
}

TEST(Guard, WhatASwitchDoesNotOfferHoldsNothing) {
  Scene s;
  s.q.facts.stp_root = {};
  s.q.facts.tagged_vlans = {};
  s.q.facts.bond = {};
  s.q.facts.traffic_share = {};
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Pass);
}

TEST(Guard, OnASwitchOfSevenPortsTheShareOfTrafficSaysNothing) {
  Scene s;
  s.q.facts.traffic_share.value = 0.9;
  s.q.facts.switch_ports_up = 7;
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Pass);
  s.q.facts.switch_ports_up = 8;
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Hold);
}

TEST(Guard, AnAgentWithoutLldpIsNotHeldForIt) {
  Scene s;
  s.q.facts.bridge_neighbours.reset();
  s.q.facts.lldp_offered = false;
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Pass);
}

TEST(Guard, CustomersWithSuchWordsInsideOtherWordsAreNotUplinks) {
  for (const char* alias : {"cust:hardcore-games", "cust:scoreboard", "cust:compeer", "1001", "", "cust:trun-k"}) {
    SCOPED_TRACE(alias);
    Scene s;
    label(s, alias);
    const auto verdicts = evaluate(s.q, s.policy);
    EXPECT_EQ(verdicts[4].rule, kUplink);
    EXPECT_EQ(verdicts[4].outcome, GuardOutcome::Pass);
  }
}

TEST(Guard, LimitsAreReachedExactly) {
  Scene s;
  s.q.recent = {1, 4, 19, 0, 0};
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Pass);
  s.q.facts.switch_ports_up = 299;  // 1 % is two whole ports
  s.q.recent.ports_down_on_switch = 1;
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Pass);
  s.q.recent.ports_down_on_switch = 2;
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Hold);
  s.q.facts.switch_ports_up = 0;  // at least one, whatever the share
  s.q.recent.ports_down_on_switch = 0;
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Pass);
}

TEST(Guard, FourMacsPass) {
  Scene s;
  s.q.facts.learned_macs = {{mac(1), mac(2), mac(3), mac(4)}};
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Pass);
}

TEST(GuardUp, AsksOnlyForIdentityAndOwnership) {
  for (const Deviation& row : deviations()) {
    SCOPED_TRACE(row.name);
    Scene s;
    row.make(s);
    s.q.wish = PortWish::Up;
    s.q.pinfold_shut_it = true;
    s.q.facts.admin = row.name == std::string_view("admin state unreadable") ? std::nullopt : std::optional(AdminState::Down);
    const auto verdicts = evaluate(s.q, s.policy);
    const bool expected =
        row.rule == kIdentity && row.name != std::string_view("port in testing") && row.name != std::string_view("port already down");
    EXPECT_EQ(outcome_of(verdicts) != GuardOutcome::Pass, expected);
    s.q.pinfold_shut_it = false;
    EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Refuse);
  }
}

TEST(GuardUp, HoldsAPortInTesting) {
  Scene s;
  s.q.wish = PortWish::Up;
  s.q.pinfold_shut_it = true;
  s.q.facts.admin = AdminState::Testing;
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Hold);
}

TEST(GuardOutcomes, AnEmptyListHolds) { EXPECT_EQ(outcome_of({}), GuardOutcome::Hold); }

TEST(SameIdentity, AnyDifferenceCounts) {
  const Scene s;
  const PortFacts& before = s.q.facts;
  EXPECT_TRUE(same_identity(before, before));
  const std::vector<std::pair<const char*, std::function<void(PortFacts&)>>> changes{
      {"index", [](PortFacts& f) { f.index = IfIndex{5}; }},
      {"index gone", [](PortFacts& f) { f.index.reset(); }},
      {"name", [](PortFacts& f) { f.name = "swp2"; }},
      {"alias", [](PortFacts& f) { f.alias = "x"; }},
      {"alias gone", [](PortFacts& f) { f.alias.reset(); }},
      {"type", [](PortFacts& f) { f.if_type = 1; }},
      {"sysName", [](PortFacts& f) { f.identity.sys_name = "sw2"; }},
      {"boots", [](PortFacts& f) { ++f.identity.engine_boots; }},
      {"table", [](PortFacts& f) { f.identity.table_changed = 101; }},
      {"uptime back", [](PortFacts& f) { f.identity.uptime = Millis{4999}; }},
  };
  for (const auto& [name, change] : changes) {
    SCOPED_TRACE(name);
    PortFacts after = before;
    change(after);
    EXPECT_FALSE(same_identity(before, after));
  }
}

TEST(SameIdentity, TimeAndStateMayMoveOn) {
  const Scene s;
  PortFacts after = s.q.facts;
  after.identity.uptime = Millis{6000};
  after.admin = AdminState::Down;
  after.oper = OperState::Down;
  EXPECT_TRUE(same_identity(s.q.facts, after));
  PortFacts unresolved = s.q.facts;
  unresolved.index.reset();
  EXPECT_FALSE(same_identity(unresolved, unresolved));
}

}  // namespace
}  // namespace pinfold::guard
