// The SNMP driver and the executor against a real agent that really shuts links. Real time passes here: it is what is measured.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "enforce/snmp_fixture.hpp"

namespace pinfold::enforce {
namespace {

using desk::ActionResult;
using desk::PortWish;
using drivers::SnmpDriver;
using guard::AdminState;
using Ending = ActionOutcome::Ending;

TEST_F(SnmpLab, ReadsWhatTheGuardsWantToKnow) {
  SnmpDriver driver(lab->settings());
  const auto facts = driver.inspect(kPortTwo);
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_EQ(facts->index, IfIndex{12});
  EXPECT_EQ(facts->name, "swp2");
  EXPECT_EQ(facts->alias, "cust:srv-1002");
  EXPECT_EQ(facts->if_type, guard::kEthernet);
  EXPECT_EQ(facts->admin, AdminState::Up);
  EXPECT_EQ(facts->oper, guard::OperState::Up);
  EXPECT_EQ(facts->identity.sys_name, "sw1.lab");
  EXPECT_GT(facts->identity.engine_boots, 0U);
  ASSERT_TRUE(facts->learned_macs);
  EXPECT_THAT(*facts->learned_macs, testing::ElementsAre(net::MacAddress{{2, 0, 0, 0, 0, 2}}));
  EXPECT_EQ(facts->is_own_path, false);
  EXPECT_EQ(facts->switch_ports_up, 3U);
  EXPECT_FALSE(facts->lldp_offered);  // net-snmp's agent has no LLDP-MIB
  EXPECT_EQ(driver.describe_write(*facts, AdminState::Down), "SET .1.3.6.1.2.1.2.2.1.7.12 = 2");
  const auto states = driver.admin_states();
  ASSERT_TRUE(states);
  EXPECT_EQ(states->at(PortName{"swp24"}), AdminState::Up);

  const auto absent = driver.inspect({SwitchId{"sw1"}, PortName{"swp9"}, ""});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, DriverError::Kind::NotFound);
}

TEST_F(SnmpLab, ShutsAndOpensTheRightPortWithin3500Milliseconds) {
  std::vector<Millis> took;
  for (std::int64_t round = 0; round < 3; ++round) {
    const auto down = run(world.request(2, PortWish::Down, 2 * round));
    ASSERT_EQ(down.result, ActionResult::Verified) << down.why;
    took.push_back(down.took);
    EXPECT_FALSE(lab->is_up("swp2"));
    EXPECT_TRUE(lab->is_up("swp1"));
    EXPECT_TRUE(lab->is_up("swp24"));
    EXPECT_FALSE(lab->pings(2));
    EXPECT_TRUE(lab->pings(1));
    EXPECT_THAT(down.instruments, testing::HasSubstr("stands still"));  // the lab's forwarding entries are static
    const auto up = run(world.request(2, PortWish::Up, 2 * round + 1));
    ASSERT_EQ(up.result, ActionResult::Verified) << up.why;
    took.push_back(up.took);
    EXPECT_TRUE(lab->is_up("swp2"));
    EXPECT_TRUE(lab->pings(2));
  }
  std::sort(took.begin(), took.end());
  std::cout << "write to verified state: median " << took[took.size() / 2].count() << " ms, slowest " << took.back().count() << " ms\n";
  EXPECT_LE(took[took.size() / 2], Millis{3500});
}

TEST_F(SnmpLab, NeverTouchesTheUplink) {
  auto servers = world.inventory.servers();
  servers[0].port = inventory::AccessPort{SwitchId{"sw1"}, PortName{"swp24"}, "core:UPLINK rt1"};  // somebody's mistake in the record
  world.inventory = inventory::Inventory(world.inventory.customers(), servers);
  const auto outcome = run(world.request(1, PortWish::Down));
  EXPECT_EQ(outcome.ending, Ending::Refused);
  EXPECT_THAT(outcome.why, testing::AllOf(testing::HasSubstr("ifAlias says"), testing::HasSubstr("router's MAC")));
  EXPECT_TRUE(lab->is_up("swp24"));
}

TEST_F(SnmpLab, ARememberedIndexThatIsNowTheUplinksIsNotWrittenTo) {
  SnmpDriver driver(lab->settings());
  const auto remembered = driver.inspect(kPortTwo);
  ASSERT_TRUE(remembered);
  lab->remove_port("swp24");
  lab->remove_port("swp2");
  lab->add_port("swp24", 12, "core:UPLINK rt1", 254);
  lab->add_port("swp2", 40, "cust:srv-1002", 2);
  lab->restart_agent();
  ASSERT_EQ(lab->faults(), "");
  ASSERT_TRUE(wait_for_agent()) << lab->agent_log();

  EXPECT_FALSE(driver.set(*remembered, AdminState::Down));  // in its old session
  SnmpDriver fresh(lab->settings());
  const auto now = fresh.inspect(kPortTwo);
  ASSERT_TRUE(now) << now.error().what;
  EXPECT_EQ(now->index, IfIndex{40});
  const auto refused = fresh.set(*remembered, AdminState::Down);  // and in a session that works
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, DriverError::Kind::Refused);
  EXPECT_TRUE(lab->is_up("swp24"));

  EXPECT_EQ(run(world.request(2, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_FALSE(lab->is_up("swp2"));
  EXPECT_TRUE(lab->is_up("swp24"));
}

TEST_F(SnmpLab, WrongCredentialsWriteNothingAndCallAPerson) {
  for (const char* what : {"user", "auth", "priv"}) {
    SCOPED_TRACE(what);
    settings = lab->settings();
    (what[0] == 'u' ? settings->user : what[0] == 'a' ? settings->auth_secret : settings->priv_secret) = "something-else";
    const auto outcome = run(world.request(2, PortWish::Down));
    EXPECT_EQ(outcome.ending, Ending::Deferred);
    EXPECT_TRUE(lab->is_up("swp2"));
    std::cout << what << ": " << outcome.why << '\n';
    if (what[0] != 'p') {
      EXPECT_TRUE(outcome.needs_person) << outcome.why;
    }
  }
  settings->priv_secret = "short";
  EXPECT_THAT(run(world.request(2, PortWish::Down)).why, testing::HasSubstr("8 characters"));
  EXPECT_TRUE(world.store.journal.rows.empty());
}

TEST_F(SnmpLab, ACommunityServesWhereThereIsNothingBetter) {
  settings = lab->settings();
  settings->community = "lab-community";
  const auto down = run(world.request(2, PortWish::Down));
  ASSERT_EQ(down.result, ActionResult::Verified) << down.why;
  EXPECT_FALSE(lab->is_up("swp2"));
  EXPECT_TRUE(lab->is_up("swp24"));
  settings->community = "another";
  EXPECT_EQ(run(world.request(1, PortWish::Down, 9)).ending, Ending::Deferred);
  EXPECT_TRUE(lab->is_up("swp1"));
}

// The agent and the protocol are real; the VLAN table behind the object is the test's own.
TEST_F(SnmpLab, QuarantineWritesThePortsVlanAndRestoresTheOneBefore) {
  options.quarantine_vlan = 666;
  const auto down = run(world.request(2, PortWish::Down));
  ASSERT_EQ(down.result, ActionResult::Verified) << down.why;
  EXPECT_THAT(down.read_back, testing::HasSubstr("VLAN 666"));
  EXPECT_TRUE(lab->is_up("swp2"));  // console and management stay
  SnmpDriver driver(lab->settings(), options);
  EXPECT_EQ(driver.inspect(kPortTwo)->pvid, 666);
  EXPECT_EQ(driver.inspect({SwitchId{"sw1"}, PortName{"swp1"}, ""})->pvid, 1);
  const auto up = run(world.request(2, PortWish::Up, 2));
  ASSERT_EQ(up.result, ActionResult::Verified) << up.why;
  EXPECT_EQ(driver.inspect(kPortTwo)->pvid, 1);
}

TEST_F(SnmpLab, AnAgentThatIsGoneDefersAndAFrozenOneTimesOut) {
  SnmpDriver driver(lab->settings());
  const auto facts = driver.inspect(kPortTwo);
  ASSERT_TRUE(facts);
  lab->freeze_agent(true);
  const auto frozen = driver.reread(kPortTwo);
  ASSERT_FALSE(frozen);
  EXPECT_EQ(frozen.error().kind, DriverError::Kind::Timeout) << frozen.error().what;
  lab->freeze_agent(false);
  EXPECT_TRUE(driver.reread(kPortTwo));
  lab->stop_agent();
  EXPECT_EQ(run(world.request(2, PortWish::Down)).ending, Ending::Deferred);
  EXPECT_TRUE(world.store.journal.rows.empty());
  lab->start_agent();
  ASSERT_TRUE(wait_for_agent()) << lab->agent_log();
  EXPECT_EQ(run(world.request(2, PortWish::Down)).result, ActionResult::Verified);
}

TEST_F(SnmpLab, ADownThatWasSentBeforeACrashIsAdopted) {
  const auto request = world.request(2, PortWish::Down);
  {
    SnmpDriver driver(lab->settings());
    const auto facts = driver.inspect(kPortTwo);
    ASSERT_TRUE(facts);
    ASSERT_TRUE(driver.set(*facts, AdminState::Down));
  }
  records::JournalRow row;
  row.id = Executor::journal_id(request, kPortTwo);
  row.server = request.server;
  row.case_id = request.case_id;
  row.action = request.action;
  row.switch_id = kPortTwo.switch_id;
  row.port = kPortTwo.name;
  row.state = records::JournalState::Sent;
  row.at = row.changed = system_clock().wall();
  world.store.journal.rows.push_back(row);
  const auto recovered = executor->recover(world.inventory, [](records::Transaction&, const ActionRequest&) { return std::nullopt; });
  ASSERT_EQ(recovered.size(), 1U);
  EXPECT_EQ(recovered[0].outcome.result, ActionResult::Verified) << recovered[0].outcome.why;
  EXPECT_FALSE(lab->is_up("swp2"));
}

}  // namespace
}  // namespace pinfold::enforce
