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
      {"switch not armed", kAllowList, kRefuse, [](Scene& s) { s.q.switch_armed = false; }},
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
      {"MACs unreadable", kUplink, kHold, [](Scene& s) { s.q.facts.learned_macs.reset(); }},
      {"five MACs", kUplink, kHold,
       [](Scene& s) {
         s.q.facts.learned_macs = {{mac(1), mac(2), mac(3), mac(4), mac(5)}};
       }},
      {"a stranger's MAC", kUplink, kHold, [](Scene& s) { s.q.learned_servers.push_back(&s.stranger); }},
      {"LLDP unreadable", kUplink, kHold, [](Scene& s) { s.q.facts.bridge_neighbours.reset(); }},
      {"LLDP bridge neighbour", kUplink, kHold, [](Scene& s) { s.q.facts.bridge_neighbours = 1; }},
      {"another in flight", kBlastRadius, kHold, [](Scene& s) { s.q.recent.in_flight_on_switch = 1; }},
      {"switch hour full", kBlastRadius, kHold, [](Scene& s) { s.q.recent.on_switch_hour = 2; }},
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

TEST(Guard, PassesAnOrdinaryAccessPortByAllRulesInOrder) {
  Scene s;
  const auto verdicts = evaluate(s.q, s.policy);
  std::vector<std::string> rules;
  std::transform(verdicts.begin(), verdicts.end(), std::back_inserter(rules), [](const auto& v) { return v.rule; });
  EXPECT_THAT(rules, testing::ElementsAre(kKillSwitch, kAllowList, kIdentity, kUplink, kBlastRadius));
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
  for (const std::string_view off : {kKillSwitch, kAllowList, kIdentity, kUplink, kBlastRadius}) {
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

TEST(Guard, AServerWithoutARecordedPortIsRefused) {
  Scene s;
  s.server.port.reset();
  EXPECT_EQ(outcome_of(evaluate(s.q, s.policy)), GuardOutcome::Refuse);
}

TEST(Guard, NothingReadHoldsAndNeverPasses) {
  Scene s;
  s.q.facts = {};
  const auto verdicts = evaluate(s.q, s.policy);
  EXPECT_EQ(outcome_of(verdicts), GuardOutcome::Hold);
  EXPECT_THAT(rules_not_passing(verdicts), testing::ElementsAre(kIdentity, kUplink, kBlastRadius));
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
    EXPECT_EQ(verdicts[3].rule, kUplink);
    EXPECT_EQ(verdicts[3].outcome, GuardOutcome::Pass);
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
