// Two desks on one store, what is looked after between actions, and a full disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "enforce/fakes.hpp"
#include "enforce/upkeep.hpp"

namespace pinfold::enforce {
namespace {

using desk::ActionResult;
using desk::PortWish;
using fakes::World;
using guard::AdminState;
using records::JournalState;
using Ending = ActionOutcome::Ending;

/// A second desk on the same store and switch.
std::unique_ptr<Executor> second_desk(World& w, IsGone is_gone = {}) {
  ExecutorSettings settings = w.settings;
  settings.owner = "desk 2";
  settings.is_gone = std::move(is_gone);
  return std::make_unique<Executor>(
      w.store, [&w](const SwitchId&) { return std::make_unique<fakes::SimDriver>(w.sw); }, w.clock, [&w](Micros by) { w.clock.advance(by); },
      settings);
}

const Executor::StillHolds kHolds = [](records::Transaction&, const ActionRequest&) { return std::nullopt; };

TEST(TwoDesks, OneDoesNotTakeOverWhatTheOtherIsDoing) {
  World w;
  const auto other = second_desk(w);
  bool looked = false;
  w.sw.before_set = [&](const std::string&, AdminState) {  // the first desk is in the middle of its write
    const auto recovered = other->recover(w.inventory, kHolds);
    ASSERT_EQ(recovered.size(), 1U);
    EXPECT_EQ(recovered[0].outcome.ending, Ending::Deferred);
    EXPECT_EQ(other->run(w.request(1, PortWish::Down), w.inventory, kHolds).ending, Ending::Deferred);
    EXPECT_EQ(other->run(w.request(2, PortWish::Down), w.inventory, kHolds).ending, Ending::Deferred);  // another port of the same switch
    looked = true;
  };
  EXPECT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_TRUE(looked);
  EXPECT_EQ(w.sw.writes.size(), 1U);
  w.sw.before_set = nullptr;
  EXPECT_EQ(other->run(w.request(2, PortWish::Down), w.inventory, kHolds).result, ActionResult::Verified);  // the lease was given back
}

TEST(TwoDesks, TheLeaseOfADeskThatIsGoneEndsByTimeOrAtOnceWhereThatIsKnown) {
  for (const bool is_known : {false, true}) {
    World w;
    w.fate.kill_at(5);  // after the intent
    EXPECT_THROW(static_cast<void>(w.run(w.request(1, PortWish::Down))), fakes::Killed);
    w.fate.kill_at(fakes::Fate::kNever);
    ASSERT_EQ(w.store.journal.open().size(), 1U);
    const auto other = second_desk(w, is_known ? IsGone([](const std::string& owner) { return owner == "desk 1"; }) : IsGone{});
    if (!is_known) {
      EXPECT_EQ(other->recover(w.inventory, kHolds).at(0).outcome.ending, Ending::Deferred);
      w.clock.advance(kLeaseLife);
    }
    EXPECT_EQ(other->recover(w.inventory, kHolds).at(0).outcome.result, ActionResult::Verified);
    EXPECT_EQ(w.sw.writes.size(), 1U);
  }
}

TEST(TwoDesks, ADeskThatStoodStillDoesNotBendWhatTheOtherFinished) {
  World w;
  const auto other = second_desk(w);
  w.sw.before_set = [&](const std::string&, AdminState) {  // this machine sleeps for an hour inside its write
    w.sw.before_set = nullptr;
    w.clock.advance(std::chrono::minutes{5});
    EXPECT_EQ(other->recover(w.inventory, kHolds).at(0).outcome.result, ActionResult::Verified);
  };
  const auto late = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(late.ending, Ending::Deferred);
  EXPECT_EQ(w.last_state(), JournalState::Verified);
  EXPECT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);  // and is told the other's end
}

TEST(Lease, AProcessKnowsItselfAndNobodyElseFromAnotherRealm) {
  EXPECT_FALSE(process_is_gone(process_owner()));
  EXPECT_FALSE(process_is_gone("elsewhere/boot/pid:[1]/12/34"));
  const std::string self = process_owner();
  EXPECT_TRUE(process_is_gone(self + "9"));  // the same number, another start: another process
  EXPECT_FALSE(process_is_gone(""));
}

Upkeep upkeep(World& w) {
  return {w.store, [&w](const SwitchId&) { return std::make_unique<fakes::SimDriver>(w.sw); }, w.clock, "desk 1"};
}

TEST(Drift, IsToldOnceAndNeverFought) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  auto look = upkeep(w);
  EXPECT_TRUE(look.look_for_drift().empty());
  w.sw.ports["swp1"].admin = AdminState::Up;  // a colleague, at night
  const auto news = look.look_for_drift();
  ASSERT_EQ(news.size(), 1U);
  EXPECT_THAT(news[0].what, testing::HasSubstr("somebody opened it"));
  EXPECT_TRUE(look.look_for_drift().empty());
  EXPECT_EQ(w.admin("swp1"), AdminState::Up);
  EXPECT_EQ(w.sw.writes.size(), 1U);
  w.sw.ports["swp1"].admin = AdminState::Down;
  EXPECT_TRUE(look.look_for_drift().empty());
  w.sw.ports["swp1"].admin = AdminState::Up;
  EXPECT_EQ(look.look_for_drift().size(), 1U);
}

TEST(Drift, APortThatOthersShutIsReportedForADayAfterTheEnableAndNotOpened) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  ASSERT_EQ(w.run(w.request(1, PortWish::Up, 2)).result, ActionResult::Verified);
  auto look = upkeep(w);
  w.sw.ports["swp1"].admin = AdminState::Down;
  w.sw.ports["swp2"].admin = AdminState::Down;  // never Pinfold's
  const auto news = look.look_for_drift();
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].row.port, PortName{"swp1"});
  EXPECT_EQ(w.sw.writes.size(), 2U);
  w.clock.advance(kWatchAfterEnable);
  w.sw.ports["swp1"].admin = AdminState::Up;
  EXPECT_TRUE(look.look_for_drift().empty());
  w.sw.ports["swp1"].admin = AdminState::Down;
  EXPECT_TRUE(look.look_for_drift().empty());
}

TEST(Drift, ASilentSwitchSaysNothingAndAGonePortIsToldOf) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  auto look = upkeep(w);
  w.sw.is_silent = true;
  EXPECT_TRUE(look.look_for_drift().empty());
  w.sw.is_silent = false;
  w.sw.ports.erase("swp1");
  ASSERT_EQ(look.look_for_drift().size(), 1U);
}

/// A switch that can save.
class SavingDriver final : public Driver {
public:
  SavingDriver(World& w, unsigned& saves, bool& fails) : x_driver(w.sw), x_saves(saves), x_fails(fails) {}
  Expected<guard::PortFacts, DriverError> inspect(const inventory::AccessPort& port) override { return x_driver.inspect(port); }
  Expected<guard::PortFacts, DriverError> reread(const inventory::AccessPort& port) override { return x_driver.reread(port); }
  Expected<void, DriverError> set(const guard::PortFacts& facts, AdminState wish) override { return x_driver.set(facts, wish); }
  std::string describe_write(const guard::PortFacts& facts, AdminState wish) const override { return x_driver.describe_write(facts, wish); }
  bool can_save() const override { return true; }
  Expected<void, DriverError> save() override {
    ++x_saves;
    if (x_fails) {
      return Unexpected(DriverError{DriverError::Kind::Timeout, "not saved within 60 s"});
    }
    return {};
  }

private:
  fakes::SimDriver x_driver;
  unsigned& x_saves;
  bool& x_fails;
};

TEST(Saving, IsOneStepForAllActionsOfAMinuteAndTriedAgain) {
  World w;
  unsigned saves = 0;
  bool fails = false;
  Upkeep look(
      w.store, [&](const SwitchId&) { return std::make_unique<SavingDriver>(w, saves, fails); }, w.clock, "desk 1");
  const std::vector<SwitchId> switches{SwitchId{"sw1"}};
  w.clock.advance(std::chrono::hours{1});
  EXPECT_TRUE(look.save_due(switches).empty());  // nothing changed
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  ASSERT_EQ(w.run(w.request(2, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_TRUE(look.save_due(switches).empty());  // there may be more to come
  w.clock.advance(kSaveEvery);
  fails = true;
  const auto failed = look.save_due(switches);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_FALSE(failed[0].done);
  EXPECT_TRUE(look.save_due(switches).empty());
  w.clock.advance(kSaveEvery);
  fails = false;
  EXPECT_TRUE(look.save_due(switches).at(0).done);
  w.clock.advance(kSaveEvery);
  EXPECT_TRUE(look.save_due(switches).empty());
  EXPECT_EQ(saves, 2U);
}

TEST(Saving, WaitsForTheDeskThatIsWritingToTheSwitch) {
  World w;
  unsigned saves = 0;
  bool fails = false;
  Upkeep look(
      w.store, [&](const SwitchId&) { return std::make_unique<SavingDriver>(w, saves, fails); }, w.clock, "desk 2");
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  w.clock.advance(kSaveEvery);
  w.sw.before_set = [&](const std::string&, AdminState) { EXPECT_TRUE(look.save_due({SwitchId{"sw1"}}).empty()); };
  ASSERT_EQ(w.run(w.request(2, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_EQ(look.save_due({SwitchId{"sw1"}}).size(), 1U);
}

/// A store whose disk is full from some transaction on.
class FullDisk final : public records::Store {
public:
  FullDisk(records::Store& inner, unsigned after) : x_inner(inner), x_left(after) {}
  void transact(const std::function<void(records::Transaction&)>& work) override {
    if (x_left == 0) {
      throw records::StoreError("disk full");
    }
    --x_left;
    x_inner.transact(work);
  }
  void read(const std::function<void(records::Transaction&)>& work) override { x_inner.read(work); }

private:
  records::Store& x_inner;
  unsigned x_left;
};

TEST(DiskFull, AtAnyStepOfTheJournalLeavesNothingUnknown) {
  for (unsigned after = 0; after < 3; ++after) {  // INTENT, SENT, VERIFIED
    SCOPED_TRACE(after);
    World w;
    FullDisk full(w.store, after);
    Executor executor(
        full, [&w](const SwitchId&) { return std::make_unique<fakes::SimDriver>(w.sw); }, w.clock, [&w](Micros by) { w.clock.advance(by); },
        w.settings);
    EXPECT_THROW(static_cast<void>(executor.run(w.request(1, PortWish::Down), w.inventory, kHolds)), records::StoreError);
    EXPECT_EQ(w.sw.writes.size(), after == 2 ? 1U : 0U);  // nothing is written that is not on the disk as SENT
    w.start();
    static_cast<void>(w.recover());
    EXPECT_TRUE(w.store.journal.open().empty());
    EXPECT_EQ(w.admin("swp1"), after == 0 ? AdminState::Up : AdminState::Down);
    EXPECT_EQ(w.sw.writes.size(), after == 0 ? 0U : 1U);
  }
}

}  // namespace
}  // namespace pinfold::enforce
