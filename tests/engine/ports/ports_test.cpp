// From a pending disable in a real store to the switch and back: what the desk holds for the action, and an answer at the last moment.
#include "engine/ports/ports.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enforce/fakes.hpp"
#include "engine/ears.hpp"
#include "engine/ports/drivers.hpp"
#include "engine/ports/record_check.hpp"
#include "store/store.hpp"
#include "support/armed_policy.hpp"
#include "support/sample_desk.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine {
namespace {

using enforce::fakes::SimDriver;
using enforce::fakes::SimSwitch;
using guard::AdminState;

/// Lets something happen just before the n-th reading of the port.
class WatchedDriver final : public enforce::Driver {
public:
  WatchedDriver(SimSwitch& sw, std::function<void()>& before_write) : x_driver(sw), x_before_write(before_write) {}
  Expected<guard::PortFacts, enforce::DriverError> inspect(const inventory::AccessPort& port) override { return x_driver.inspect(port); }
  Expected<guard::PortFacts, enforce::DriverError> reread(const inventory::AccessPort& port) override {
    if (auto act = std::exchange(x_before_write, nullptr)) {
      act();  // after INTENT, before SENT
    }
    return x_driver.reread(port);
  }
  std::optional<enforce::PortTraffic> traffic(const guard::PortFacts& facts) override { return x_driver.traffic(facts); }
  Expected<void, enforce::DriverError> set(const guard::PortFacts& facts, AdminState wish) override { return x_driver.set(facts, wish); }
  std::string describe_write(const guard::PortFacts& facts, AdminState wish) const override { return x_driver.describe_write(facts, wish); }

private:
  SimDriver x_driver;
  std::function<void()>& x_before_write;
};

class PortsTest : public testing::Test {
protected:
  PortsTest() {
    sw.ports["swp1"] = {1, "cust:srv-1", AdminState::Up, {{{2, 0, 0, 0, 0, 1}}}, true};
    sw.ports["swp24"] = {24, "core:UPLINK", AdminState::Up, {{{2, 0, 0, 0, 0, 254}}}, true};
    store->transact([&](records::Transaction& tx) {
      tx.inventory().replace(test::sample_inventory(), clock.wall());
      enforce::arm_switch(tx, SwitchId{"sw1"}, true, WallTime{clock.wall().since_epoch - std::chrono::days{31}});
    });
    pass(Seconds{60});
    enforce::ExecutorSettings settings;
    settings.policy = policy;
    settings.warrant = [](records::Transaction& tx, const enforce::ActionRequest& request) {
      return warrant_of(tx, request.case_id, request.action);
    };
    executor.emplace(
        *store, factory(), clock, [this](Micros by) { clock.advance(by); }, settings);
    worker.emplace(service, *executor, enforce::Upkeep(*store, factory(), clock, "desk"), std::vector<SwitchId>{}, clock,
                   [this](const ServerId&) { return traffic; });
  }
  enforce::Executor::DriverFactory factory() {
    return [this](const SwitchId&) { return std::make_unique<WatchedDriver>(sw, before_write); };
  }
  void pass(Seconds time) {
    for (Seconds s{0}; s < time; s += Seconds{10}) {
      clock.advance(Seconds{10});
      store->transact([&](records::Transaction& tx) { beat(tx, true, true, clock.wall()); });
      service.tick_due();
    }
  }
  /// A warned and silent owner whose server offends again: the disable is approved by policy and waits for the worker.
  CaseId pending() {
    const auto see = [&](abuse::Origin origin, const std::string& id) {
      return *service.take_finding(test::sample_finding(origin, clock.wall() - Seconds{5}, id));
    };
    const CaseId id = see(abuse::Origin::Network, "net/1");
    EXPECT_TRUE(service.apply(id, desk::NoticeSubmitted{NoticeId{1}, "4XyZ", false}));
    EXPECT_TRUE(service.apply(id, desk::NoticeDelivered{NoticeId{1}, desk::DeliveryProof::Dsn, "mail.customer.example"}));
    pass(Seconds{700});
    see(abuse::Origin::Network, "net/2");
    see(abuse::Origin::Host, "host/2");
    EXPECT_EQ(service.find(id)->state, desk::State::DisablePending);
    return id;
  }

  test::TempFolder folder;
  ManualClock clock{test::kNoon};
  desk::Policy policy = test::armed_policy(Seconds{600});
  enforce::fakes::Fate fate;
  SimSwitch sw{fate, clock};
  std::function<void()> before_write;
  TrafficView traffic;  ///< what the collector knows
  std::unique_ptr<records::Store> store = store::open_sqlite(folder.path() / "desk.sqlite");
  DeskService service{*store, policy, clock, [] {}};
  std::optional<enforce::Executor> executor;
  std::optional<PortWorker> worker;
};

TEST_F(PortsTest, AnApprovedDisableCarriesItsWarrantAndIsDone) {
  const CaseId id = pending();
  guard::Warrant warrant;
  store->read([&](records::Transaction& tx) { warrant = warrant_of(tx, id, ActionId{1}); });
  ASSERT_TRUE(warrant.evidence_at);
  EXPECT_LT(clock.wall() - *warrant.evidence_at, Micros{Seconds{60}});
  ASSERT_EQ(warrant.approvals.size(), 1U);
  EXPECT_FALSE(warrant.approvals[0].is_person);
  while (worker->work()) {
  }
  EXPECT_EQ(sw.ports["swp1"].admin, AdminState::Down);
  EXPECT_EQ(service.find(id)->state, desk::State::Disabled);
  EXPECT_EQ(service.find(id)->actions[0].verdicts.size(), 9U);
}

TEST_F(PortsTest, AnAnswerBetweenTheDecisionAndTheWriteStopsTheWrite) {
  const CaseId id = pending();
  before_write = [&] {
    EXPECT_TRUE(service.apply(id, desk::ResponseRecorded{desk::ResponseChannel::Mail, "owner@customer.example", desk::Statement::Fixed, {}, "done"}));
  };
  while (worker->work()) {
  }
  EXPECT_TRUE(sw.writes.empty());
  EXPECT_EQ(sw.ports["swp1"].admin, AdminState::Up);
  EXPECT_TRUE(service.find(id)->answered());
  std::optional<records::JournalRow> last;
  store->read([&](records::Transaction& tx) { last = tx.journal().last_on(SwitchId{"sw1"}, PortName{"swp1"}); });
  ASSERT_TRUE(last);
  EXPECT_EQ(last->state, records::JournalState::Abandoned);
}

TEST_F(PortsTest, DriftBecomesANoteInTheCaseAndACallAndTheRowThatStayedOpenIsTakenUp) {
  const CaseId id = pending();
  sw.before_set = [&](const std::string&, AdminState) { sw.silent_from_answer = 1; };
  sw.loses_set_answers = true;
  while (worker->work()) {
  }
  EXPECT_EQ(service.find(id)->state, desk::State::ActionFailed);  // unknown: nobody could say
  sw.is_silent = false;
  sw.before_set = nullptr;
  worker->look_after();
  EXPECT_EQ(service.find(id)->state, desk::State::Disabled);
  sw.ports["swp1"].admin = AdminState::Up;
  clock.advance(Seconds{61});
  worker->look_after();
  std::vector<desk::Event> events;
  std::vector<records::Job> jobs;
  store->read([&](records::Transaction& tx) {
    events = tx.cases().events(id);
    jobs = tx.outbox().of_case(id);
  });
  const auto* note = std::get_if<desk::NoteAdded>(&events.back().body);
  ASSERT_NE(note, nullptr);
  EXPECT_THAT(note->text, testing::HasSubstr("somebody opened it"));
  EXPECT_TRUE(std::any_of(jobs.begin(), jobs.end(), [](const auto& job) { return job.key.find("/drift/") != std::string::npos; }));
  EXPECT_EQ(sw.ports["swp1"].admin, AdminState::Up);
}

TEST_F(PortsTest, SilenceIsVerifiedWithin90SecondsAndOnlyWhileTheCollectorHearsOthers) {
  const CaseId id = pending();
  traffic = {clock.wall(), clock.wall()};
  while (worker->work()) {
  }
  const auto silent = [&] { return service.find(id)->actions[0].silent; };
  worker->watch_silence();
  EXPECT_EQ(silent(), std::nullopt);
  clock.advance(policy.silence_within / 2);
  worker->watch_silence();
  EXPECT_EQ(silent(), std::nullopt);  // nothing from anyone: the collector may be deaf
  traffic.last_from_anyone = clock.wall();
  worker->watch_silence();
  EXPECT_EQ(silent(), true);
}

TEST_F(PortsTest, AServerThatIsStillHeardIsNotSilent) {
  const CaseId id = pending();
  while (worker->work()) {
  }
  for (Seconds s{0}; s <= Seconds{90}; s += Seconds{10}) {
    traffic = {clock.wall(), clock.wall()};
    worker->watch_silence();
    clock.advance(Seconds{10});
  }
  EXPECT_EQ(service.find(id)->actions[0].silent, false);
}

TEST_F(PortsTest, ACollectorThatHearsNobodyIsNoProofOfSilence) {
  const CaseId id = pending();
  while (worker->work()) {
  }
  clock.advance(Seconds{90});
  worker->watch_silence();
  EXPECT_EQ(service.find(id)->actions[0].silent, false);
}

// A bridge behind the port, says LLDP. Two persons look and release: their names are what lifts the guard's hold.
TEST_F(PortsTest, AHeldDisableIsDoneWhenTwoPersonsReleaseIt) {
  const CaseId id = pending();
  sw.neighbours = 1;
  while (worker->work()) {
  }
  EXPECT_TRUE(sw.writes.empty());
  ASSERT_TRUE(service.apply(id, desk::HoldReleased{ActionId{1}, StaffId{"anna"}, "looked at the rack"}));
  while (worker->work()) {
  }
  EXPECT_TRUE(sw.writes.empty());
  ASSERT_TRUE(service.apply(id, desk::HoldReleased{ActionId{1}, StaffId{"bert"}, "so did I"}));
  while (worker->work()) {
  }
  EXPECT_EQ(sw.ports["swp1"].admin, AdminState::Down);
  EXPECT_EQ(service.find(id)->state, desk::State::Disabled);
}

// Armed yesterday: the policy's own approval waits for a person. One suffices, since no guard rail doubts what it saw.
TEST_F(PortsTest, InTheFirstMonthOnePersonReleasesWhatThePolicyApproved) {
  store->transact([&](records::Transaction& tx) {
    enforce::arm_switch(tx, SwitchId{"sw1"}, false, clock.wall());
    enforce::arm_switch(tx, SwitchId{"sw1"}, true, WallTime{clock.wall().since_epoch - std::chrono::hours{24}});
  });
  const CaseId id = pending();
  while (worker->work()) {
  }
  EXPECT_TRUE(sw.writes.empty());
  ASSERT_TRUE(service.apply(id, desk::HoldReleased{ActionId{1}, StaffId{"anna"}, "looked at both findings"}));
  while (worker->work()) {
  }
  EXPECT_EQ(sw.ports["swp1"].admin, AdminState::Down);
  EXPECT_EQ(service.find(id)->state, desk::State::Disabled);
}

TEST_F(PortsTest, AnApprovalForAnotherPortDoesNotStandForTheOneOfTodaysRecord) {
  const CaseId id = pending();
  clock.advance(Seconds{1});
  auto servers = test::sample_inventory().servers();
  servers[0].port->name = PortName{"swp2"};
  sw.ports["swp2"] = {2, "cust:srv-1", AdminState::Up, sw.ports["swp1"].macs, true};
  sw.ports["swp1"].macs.clear();
  store->transact(
      [&](records::Transaction& tx) { tx.inventory().replace(inventory::Inventory(test::sample_inventory().customers(), servers), clock.wall()); });
  while (worker->work()) {
  }
  EXPECT_TRUE(sw.writes.empty());
  const auto c = service.find(id);
  const auto& verdicts = c->actions[0].verdicts;
  EXPECT_TRUE(std::any_of(verdicts.begin(), verdicts.end(), [](const auto& verdict) {
    return verdict.rule == guard::kApproval && verdict.why.find("given for this port") != std::string::npos;
  }));
}

TEST_F(PortsTest, TheRecordIsComparedRegularlyAndADifferenceListedOnce) {
  RecordCheck check(service, *executor, clock);
  const auto known = [this] {
    std::vector<records::RecordDifference> all;
    store->read([&](records::Transaction& tx) { all = tx.inventory().differences(); });
    return all;
  };
  EXPECT_TRUE(check.look());
  EXPECT_FALSE(check.look());  // not yet
  EXPECT_TRUE(known().empty());
  const auto look_at_all = [&] {
    for (std::size_t n = 0; n < service.inventory()->servers().size(); ++n) {
      clock.advance(kCompareEvery);
      EXPECT_TRUE(check.look());
    }
  };
  sw.ports["swp1"].alias = "cust:somebody-else";
  look_at_all();
  ASSERT_EQ(known().size(), 1U);
  EXPECT_EQ(known()[0].server, ServerId{"srv-1"});
  EXPECT_EQ(known()[0].rule, guard::kIdentity);
  const WallTime since = known()[0].since;
  look_at_all();
  ASSERT_EQ(known().size(), 1U);
  EXPECT_EQ(known()[0].since, since);
  sw.ports["swp1"].alias = "cust:srv-1";
  look_at_all();
  EXPECT_TRUE(known().empty());
  sw.is_silent = true;
  look_at_all();
  ASSERT_EQ(known().size(), 1U);
  EXPECT_EQ(known()[0].rule, "");
  EXPECT_TRUE(sw.writes.empty());
}

}  // namespace
}  // namespace pinfold::engine
