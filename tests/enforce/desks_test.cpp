// Two desks on one store, what is looked after between actions, and a full disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>

#include "enforce/fakes.hpp"
#include "enforce/upkeep.hpp"
#include "store/store.hpp"
#include "support/temp_folder.hpp"

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
  const auto shut = look.look_for_drift();
  ASSERT_EQ(shut.size(), 1U);
  EXPECT_THAT(shut[0].what, testing::HasSubstr("Pinfold will not open it"));
  EXPECT_TRUE(look.look_for_drift().empty());
  w.sw.ports["swp1"].admin = AdminState::Up;
  EXPECT_EQ(look.look_for_drift().size(), 1U);
  EXPECT_EQ(w.sw.writes.size(), 1U);
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

TEST(Saving, IsOneStepForAllActionsOfAMinuteAndTriedAgain) {
  World w;
  w.sw.can_save = true;
  auto look = upkeep(w);
  const std::vector<SwitchId> switches{SwitchId{"sw1"}};
  const auto saving = [&w](std::size_t row) { return w.store.journal.rows.at(row).saving; };
  w.clock.advance(std::chrono::hours{1});
  EXPECT_TRUE(look.save_due(switches).empty());  // nothing changed
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  ASSERT_EQ(w.run(w.request(2, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_EQ(saving(0), records::Saving::Due);
  EXPECT_TRUE(look.save_due(switches).empty());  // there may be more to come
  w.clock.advance(kSaveEvery);
  w.sw.fails_to_save = true;
  const auto failed = look.save_due(switches);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_FALSE(failed[0].done);
  EXPECT_EQ(saving(1), records::Saving::NotSaved);
  EXPECT_TRUE(look.save_due(switches).empty());
  w.clock.advance(kSaveEvery);
  w.sw.fails_to_save = false;
  EXPECT_TRUE(look.save_due(switches).at(0).done);
  EXPECT_EQ(saving(0), records::Saving::Saved);
  EXPECT_EQ(saving(1), records::Saving::Saved);
  w.clock.advance(kSaveEvery);
  EXPECT_TRUE(look.save_due(switches).empty());
  EXPECT_EQ(w.sw.saves, 2U);
}

TEST(Saving, WhatWasWrittenAndDidNotFollowIsSavedTooForItMayHaveGotThrough) {
  World w;
  w.sw.can_save = true;
  w.sw.ignores_sets = true;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Mismatch);
  EXPECT_EQ(w.store.journal.rows.at(0).saving, records::Saving::Due);
}

TEST(Saving, IsNotOwedToASwitchThatCannot) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_EQ(w.store.journal.rows.at(0).saving, records::Saving::None);
}

TEST(Saving, WaitsForTheDeskThatIsWritingToTheSwitch) {
  World w;
  w.sw.can_save = true;
  Upkeep look(
      w.store, [&](const SwitchId&) { return std::make_unique<fakes::SimDriver>(w.sw); }, w.clock, "desk 2");
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

// The same with a real database on a real file system that is full.
TEST(DiskFull, OfARealDatabaseAfterTheWriteIsFoundOutWhenThereIsRoomAgain) {
  if (::getuid() != 0) {
    GTEST_SKIP() << "needs root to mount a small file system";
  }
  const test::TempFolder folder;
  ASSERT_EQ(::mount("none", folder.path().c_str(), "tmpfs", 0, "size=4m"), 0);
  const std::filesystem::path ballast = folder.path() / "ballast";
  const auto fill = [&] {
    const int file = ::open(ballast.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string block(4096, 'x');
    while (::write(file, block.data(), block.size()) > 0) {
    }
    ::close(file);
  };
  {
    World w;
    const auto store = store::open_sqlite(folder.path() / "desk.db");
    store->transact([](records::Transaction& tx) { tx.settings().set(arming_setting(SwitchId{"sw1"}), "yes"); });
    Executor executor(
        *store, [&w](const SwitchId&) { return std::make_unique<fakes::SimDriver>(w.sw); }, w.clock, [&w](Micros by) { w.clock.advance(by); },
        w.settings);
    fill();
    EXPECT_THROW(static_cast<void>(executor.run(w.request(1, PortWish::Down), w.inventory, kHolds)), records::StoreError);
    EXPECT_TRUE(w.sw.writes.empty());  // no INTENT, no write
    std::filesystem::remove(ballast);
    w.sw.before_set = [&](const std::string&, AdminState) { fill(); };  // SENT is on the disk, VERIFIED finds no room
    EXPECT_THROW(static_cast<void>(executor.run(w.request(1, PortWish::Down), w.inventory, kHolds)), records::StoreError);
    EXPECT_EQ(w.sw.writes.size(), 1U);
    std::filesystem::remove(ballast);
    const auto recovered = executor.recover(w.inventory, kHolds);
    ASSERT_EQ(recovered.size(), 1U);
    EXPECT_EQ(recovered[0].outcome.result, ActionResult::Verified) << recovered[0].outcome.why;
    EXPECT_EQ(w.sw.writes.size(), 1U);
  }
  EXPECT_EQ(::umount2(folder.path().c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace pinfold::enforce
