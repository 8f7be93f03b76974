// Whose a port is: Pinfold opens what it shut and nothing else, and forgets no port that it holds down.
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
using testing::HasSubstr;
using Ending = ActionOutcome::Ending;

/// A colleague opens the port, and Pinfold sees it.
void open_by_hand(World& w) {
  Upkeep upkeep(
      w.store, [&w](const SwitchId&) { return std::make_unique<fakes::SimDriver>(w.sw); }, w.clock, "desk 1");
  w.sw.ports["swp1"].admin = AdminState::Up;
  ASSERT_EQ(upkeep.look_for_drift().size(), 1U);
}

void record_on(World& w, std::optional<inventory::AccessPort> port) {
  auto servers = w.inventory.servers();
  servers[0].port = std::move(port);
  w.inventory = inventory::Inventory(w.inventory.customers(), servers);
}

TEST(Ownership, APortThatOthersOpenedAndShutAgainIsNotOpened) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  open_by_hand(w);
  w.sw.ports["swp1"].admin = AdminState::Down;
  const auto up = w.run(w.request(1, PortWish::Up, 2));
  EXPECT_EQ(up.ending, Ending::Refused);
  EXPECT_TRUE(up.needs_person);
  EXPECT_THAT(up.why, HasSubstr("does not open what others shut"));
  EXPECT_EQ(w.admin("swp1"), AdminState::Down);
  EXPECT_EQ(w.sw.writes.size(), 1U);
}

TEST(Ownership, APortThatOthersOpenedCountsAsEnabledWithoutAWrite) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  open_by_hand(w);
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 2)).result, ActionResult::Verified);
  EXPECT_EQ(w.sw.writes.size(), 1U);
}

TEST(Ownership, IsGainedAnewByANewDown) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  open_by_hand(w);
  ASSERT_EQ(w.run(w.request(1, PortWish::Down, 2)).result, ActionResult::Verified);
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 3)).result, ActionResult::Verified);
  EXPECT_EQ(w.admin("swp1"), AdminState::Up);
}

TEST(Ownership, APortThatIsShutBetweenTheIntentAndTheWriteIsNotTaken) {
  World w;
  const auto down = w.executor->run(w.request(1, PortWish::Down), w.inventory, [&](records::Transaction&, const ActionRequest&) {
    w.sw.ports["swp1"].admin = AdminState::Down;
    return std::nullopt;
  });
  EXPECT_EQ(down.result, ActionResult::NotSent);
  EXPECT_TRUE(down.needs_person);
  EXPECT_THAT(down.why, HasSubstr("shut by somebody else"));
  EXPECT_EQ(w.last_state(), JournalState::Abandoned);
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 2)).ending, Ending::Refused);
  EXPECT_TRUE(w.sw.writes.empty());
}

TEST(Ownership, IsNotLostByALaterDownThatWasAbandoned) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  records::JournalRow abandoned = w.store.journal.rows.back();
  abandoned.id = "another desk's";
  abandoned.state = JournalState::Abandoned;
  w.store.journal.rows.push_back(abandoned);
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 2)).result, ActionResult::Verified);
  EXPECT_EQ(w.admin("swp1"), AdminState::Up);
}

TEST(Ownership, AnEnableWaitsForTheDownThatIsInDoubt) {
  World w;
  w.sw.before_set = [&](const std::string&, AdminState) { w.sw.silent_from_answer = 1; };
  w.sw.loses_set_answers = true;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Unknown);
  w.sw.before_set = nullptr;
  w.sw.is_silent = w.sw.loses_set_answers = false;
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 2)).ending, Ending::Deferred);
  ASSERT_EQ(w.recover().at(0).outcome.result, ActionResult::Verified);
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 2)).result, ActionResult::Verified);
  EXPECT_EQ(w.admin("swp1"), AdminState::Up);
}

TEST(Ownership, AnEnableNamesThePortThatTheRecordNoLongerNames) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  const auto old = w.inventory.servers()[0].port;
  w.sw.ports["swp7"] = w.sw.ports["swp1"];
  for (const auto& now :
       {std::optional(inventory::AccessPort{SwitchId{"sw1"}, PortName{"swp7"}, old->alias}), std::optional<inventory::AccessPort>{}}) {
    record_on(w, now);
    const auto up = w.run(w.request(1, PortWish::Up, 2));
    EXPECT_EQ(up.ending, Ending::Refused);
    EXPECT_TRUE(up.needs_person);
    EXPECT_THAT(up.why, HasSubstr("holds down sw1 swp1"));
  }
  EXPECT_EQ(w.sw.writes.size(), 1U);
  record_on(w, old);
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 2)).result, ActionResult::Verified);
}

/// swp1 and swp2 are one bond; two persons accept that.
void bond(World& w) {
  w.sw.ports["swp1"].bonded_with = {"swp2"};
  w.warrant.approvals.push_back({StaffId{"bert"}, WallTime{}, true});
}

TEST(Bond, IsRefusedWhereAnotherCustomersServerIsRecordedOnOneOfItsPorts) {
  World w;
  bond(w);
  const auto down = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(down.ending, Ending::Refused);
  EXPECT_THAT(down.why, HasSubstr("srv-1002 of another customer is recorded on swp2, which is bonded with it"));
  EXPECT_TRUE(w.sw.writes.empty());
}

TEST(Bond, IsShutAsOneAndAPortOfItIsNoPortThatWasHitInstead) {
  World w(1);
  w.sw.ports["swp2"] = {9, "cust:srv-1001", AdminState::Up, {}, true};
  bond(w);
  w.sw.hits_instead = "swp2";  // half of it: the other port did not follow
  const auto half = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(half.result, ActionResult::Mismatch);
  EXPECT_THAT(half.why, HasSubstr("no other port changed"));
  EXPECT_EQ(w.store.settings.get(arming_setting(SwitchId{"sw1"})), "yes");
  w.sw.hits_instead.reset();
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 2)).result, ActionResult::Verified);
  EXPECT_EQ(w.run(w.request(1, PortWish::Down, 3)).result, ActionResult::Verified);
  EXPECT_EQ(w.admin("swp1"), AdminState::Down);
  EXPECT_EQ(w.admin("swp2"), AdminState::Down);
}

}  // namespace
}  // namespace pinfold::enforce
