#include "enforce/executor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "enforce/fakes.hpp"

namespace pinfold::enforce {
namespace {

using desk::ActionResult;
using desk::PortWish;
using fakes::World;
using guard::AdminState;
using records::JournalState;
using Ending = ActionOutcome::Ending;
using testing::HasSubstr;

TEST(Executor, ShutsThePortAndVerifiesByState) {
  World w;
  w.sw.oper_delay = std::chrono::seconds{3};
  const auto outcome = w.run(w.request(2, PortWish::Down));
  EXPECT_EQ(outcome.ending, Ending::Finished);
  EXPECT_EQ(outcome.result, ActionResult::Verified);
  EXPECT_EQ(outcome.read_back, "ifAdminStatus down, ifOperStatus down");
  EXPECT_EQ(outcome.took, Millis{3000});
  EXPECT_THAT(outcome.instruments, HasSubstr("no MAC address is learned"));
  EXPECT_FALSE(outcome.needs_person);
  EXPECT_EQ(outcome.verdicts.size(), 9U);
  EXPECT_EQ(w.admin("swp2"), AdminState::Down);
  EXPECT_EQ(w.admin("swp1"), AdminState::Up);
  EXPECT_EQ(w.last_state(), JournalState::Verified);
}

TEST(Executor, OpensOnlyWhatItShut) {
  World w;
  EXPECT_EQ(w.run(w.request(1, PortWish::Up)).ending, Ending::Refused);
  w.sw.ports["swp1"].admin = AdminState::Down;  // by somebody else
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 2)).ending, Ending::Refused);
  EXPECT_TRUE(w.sw.writes.empty());
  ASSERT_EQ(w.run(w.request(2, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_EQ(w.run(w.request(2, PortWish::Up, 2)).result, ActionResult::Verified);
  EXPECT_EQ(w.admin("swp2"), AdminState::Up);
  EXPECT_EQ(w.run(w.request(2, PortWish::Up, 3)).ending, Ending::Refused);
}

TEST(Executor, RepeatingARequestWritesNothing) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  const auto again = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(again.result, ActionResult::Verified);
  EXPECT_EQ(w.sw.writes.size(), 1U);
}

TEST(Executor, AnAbsentOrUnarmedOrStoppedDeskWritesNothing) {
  World w;
  w.store.settings.set(arming_setting(SwitchId{"sw1"}), "no");
  EXPECT_EQ(w.run(w.request(1, PortWish::Down)).ending, Ending::Refused);
  w.store.settings.set(arming_setting(SwitchId{"sw1"}), "yes");
  w.store.settings.set(kStopSetting, "yes");
  const auto stopped = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(stopped.ending, Ending::Refused);
  EXPECT_THAT(stopped.why, HasSubstr("kill switch"));
  w.store.settings.set(kStopSetting, "no");
  EXPECT_TRUE(w.sw.writes.empty());
  EXPECT_TRUE(w.store.journal.rows.empty());
  EXPECT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
}

TEST(Executor, TheKillSwitchFileStopsDownsButNotUps) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  w.settings.kill_switch = testing::TempDir() + "pinfold-stop-" + std::to_string(::getpid());
  std::ofstream(w.settings.kill_switch) << "stop\n";
  w.start();
  EXPECT_EQ(w.run(w.request(2, PortWish::Down)).ending, Ending::Refused);
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 2)).result, ActionResult::Verified);
  std::filesystem::remove(w.settings.kill_switch);
  w.settings.kill_switch = std::string(5000, 'x');  // cannot be looked for: counts as set
  w.start();
  EXPECT_EQ(w.run(w.request(2, PortWish::Down)).ending, Ending::Refused);
}

TEST(Executor, AnAnswerOfTheOwnerDropsTheActionBeforeTheIntent) {
  World w;
  w.lapsed = "the owner has answered";
  const auto outcome = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(outcome.ending, Ending::Dropped);
  EXPECT_EQ(outcome.why, "the owner has answered");
  EXPECT_TRUE(w.store.journal.rows.empty());
}

TEST(Executor, AnAnswerBetweenIntentAndWriteIsStillSeen) {
  World w;
  unsigned asked = 0;
  const auto outcome =
      w.executor->run(w.request(1, PortWish::Down), w.inventory, [&](records::Transaction&, const ActionRequest&) -> std::optional<std::string> {
        return ++asked == 1 ? std::nullopt : std::optional<std::string>("the owner has answered");
      });
  EXPECT_EQ(outcome.ending, Ending::Dropped);
  EXPECT_EQ(w.last_state(), JournalState::Abandoned);
  EXPECT_TRUE(w.sw.writes.empty());
}

TEST(Executor, LimitsComeFromTheJournal) {
  World w(8);
  w.settings.policy.max_disables_per_site_hour = 3;
  w.settings.policy.max_disables_per_switch_hour = 2;
  w.start();
  EXPECT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  w.start();  // a restart does not reset them
  EXPECT_EQ(w.run(w.request(2, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_EQ(w.run(w.request(3, PortWish::Down)).ending, Ending::Held);
  w.clock.advance(std::chrono::minutes{61});
  EXPECT_EQ(w.run(w.request(3, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_EQ(w.sw.writes.size(), 3U);
}

TEST(Executor, AnIndexThatMovedBeforeTheWriteIsNotWrittenTo) {
  World w;
  unsigned asked = 0;
  const auto outcome =
      w.executor->run(w.request(1, PortWish::Down), w.inventory, [&](records::Transaction&, const ActionRequest&) -> std::optional<std::string> {
        if (++asked == 1) {
          w.sw.restart();
        }
        return std::nullopt;
      });
  EXPECT_EQ(outcome.result, ActionResult::NotSent);
  EXPECT_TRUE(outcome.needs_person);
  EXPECT_TRUE(w.sw.writes.empty());
  EXPECT_EQ(w.last_state(), JournalState::Abandoned);
}

TEST(Executor, ASetThatIsAcceptedAndIgnoredIsAMismatchAndNotRepeated) {
  World w;
  w.sw.ignores_sets = true;
  const auto outcome = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(outcome.result, ActionResult::Mismatch);
  EXPECT_TRUE(outcome.needs_person);
  EXPECT_THAT(outcome.why, HasSubstr("no other port changed"));
  EXPECT_EQ(w.sw.writes.size(), 1U);
  EXPECT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Mismatch);
  EXPECT_EQ(w.sw.writes.size(), 1U);
}

TEST(Executor, AMismatchNamesThePortThatWasHitInstead) {
  World w;
  w.sw.hits_instead = "swp3";
  const auto outcome = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(outcome.result, ActionResult::Mismatch);
  EXPECT_THAT(outcome.why, HasSubstr("swp3 up -> down"));
}

TEST(Executor, ASwitchWhoseOtherPortWasHitIsDisarmedUntilAPersonArmsItAgain) {
  World w;
  w.sw.hits_instead = "swp3";
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Mismatch);
  w.sw.hits_instead.reset();
  w.clock.advance(std::chrono::hours{2});
  const auto next = w.run(w.request(2, PortWish::Down));
  EXPECT_EQ(next.ending, Ending::Refused);
  EXPECT_THAT(next.why, HasSubstr("not armed"));
  EXPECT_EQ(w.sw.writes.size(), 1U);
  EXPECT_EQ(w.admin("swp3"), AdminState::Down);  // nor is the other port opened: a person looks first
}

TEST(Executor, ASwitchThatSaysDownAndGoesOnReceivingIsAMismatch) {
  World w;
  w.sw.goes_on_passing = true;
  const auto outcome = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(outcome.result, ActionResult::Mismatch);
  EXPECT_TRUE(outcome.needs_person);
  EXPECT_THAT(outcome.why, HasSubstr("goes on receiving"));
  EXPECT_EQ(outcome.read_back, "ifAdminStatus down, ifOperStatus down");
  EXPECT_EQ(w.sw.writes.size(), 1U);
}

TEST(Executor, WhereTheForwardingTableForgetsNothingTheCountersDecide) {
  World w;
  w.sw.keeps_learned = true;
  const auto outcome = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(outcome.result, ActionResult::Verified) << outcome.why;
  EXPECT_THAT(outcome.instruments, HasSubstr("stands still"));
  EXPECT_THAT(w.store.journal.rows.back().note, HasSubstr("stands still"));
}

TEST(Executor, ASetWhoseAnswerIsLostIsReadNotResent) {
  World w;
  w.sw.loses_set_answers = true;
  EXPECT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_EQ(w.sw.writes.size(), 1U);
  w.sw.loses_set_answers = false;
  w.sw.loses_sets = true;
  EXPECT_EQ(w.run(w.request(2, PortWish::Down)).result, ActionResult::Mismatch);
  EXPECT_EQ(w.sw.writes.size(), 1U);
}

TEST(Executor, ARefusedSetIsAbandoned) {
  World w;
  w.sw.refuses_sets = true;
  const auto outcome = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(outcome.result, ActionResult::NotSent);
  EXPECT_THAT(outcome.why, HasSubstr("noAccess"));
  EXPECT_EQ(w.last_state(), JournalState::Abandoned);
}

TEST(Executor, ASilentSwitchDefersWithoutAJournalRow) {
  World w;
  w.sw.is_silent = true;
  EXPECT_EQ(w.run(w.request(1, PortWish::Down)).ending, Ending::Deferred);
  EXPECT_TRUE(w.store.journal.rows.empty());
  w.sw.is_silent = false;
  EXPECT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
}

TEST(Executor, ASwitchThatAnswersHalfOfWhatTheGuardsAskIsTriedAgain) {
  World w;
  w.sw.is_half_silent = true;
  const auto outcome = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(outcome.ending, Ending::Deferred);
  EXPECT_THAT(outcome.why, HasSubstr("LLDP neighbours are unreadable"));
  EXPECT_TRUE(w.store.journal.rows.empty());
  w.store.settings.set(kStopSetting, "yes");
  EXPECT_EQ(w.run(w.request(1, PortWish::Down)).ending, Ending::Refused);  // what refuses is no matter of silence
  w.store.settings.set(kStopSetting, "no");
  w.sw.is_half_silent = false;
  EXPECT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  w.sw.is_half_silent = true;
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 2)).result, ActionResult::Verified);  // an up asks no neighbours
}

TEST(Executor, ASwitchThatFallsSilentDuringTheWriteIsUnknownUntilItAnswers) {
  World w;
  w.sw.before_set = [&](const std::string&, AdminState) { w.sw.silent_from_answer = 1; };
  w.sw.loses_set_answers = true;
  const auto outcome = w.run(w.request(1, PortWish::Down));
  EXPECT_EQ(outcome.ending, Ending::Finished);
  EXPECT_EQ(outcome.result, ActionResult::Unknown);
  EXPECT_EQ(w.last_state(), JournalState::Unknown);
  auto recovered = w.recover();
  ASSERT_EQ(recovered.size(), 1U);
  EXPECT_EQ(recovered[0].outcome.ending, Ending::Deferred);  // no news
  EXPECT_EQ(w.run(w.request(1, PortWish::Down, 2)).ending, Ending::Deferred);
  w.sw.is_silent = false;
  recovered = w.recover();
  ASSERT_EQ(recovered.size(), 1U);
  EXPECT_EQ(recovered[0].outcome.result, ActionResult::Verified);
  EXPECT_EQ(w.sw.writes.size(), 1U);
}

TEST(Executor, APortThatIsGoneIsHeld) {
  World w;
  w.sw.ports.erase("swp1");
  EXPECT_EQ(w.run(w.request(1, PortWish::Down)).ending, Ending::Held);
  EXPECT_EQ(w.run({CaseId{9}, ActionId{1}, ServerId{"nobody"}, PortWish::Down}).ending, Ending::Refused);
}

TEST(Executor, AnEnabledPortWithoutCarrierIsVerifiedAndSaysSo) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  w.sw.ports["swp1"].has_carrier = false;
  const auto outcome = w.run(w.request(1, PortWish::Up, 2));
  EXPECT_EQ(outcome.result, ActionResult::Verified);
  EXPECT_THAT(outcome.why, HasSubstr("no carrier"));
}

TEST(Executor, AnUpThatIsUpAlreadyWritesNothing) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  w.sw.ports["swp1"].admin = AdminState::Up;  // by a colleague
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 2)).result, ActionResult::Verified);
  EXPECT_EQ(w.sw.writes.size(), 1U);
}

TEST(Executor, ADryRunShowsVerdictsAndTheWriteAndChangesNothing) {
  World w;
  w.store.settings.set(arming_setting(SwitchId{"sw1"}), "no");
  const auto dry = w.executor->dry_run(ServerId{"srv-1001"}, PortWish::Down, w.inventory);
  EXPECT_EQ(dry.write, "swp1 down");
  EXPECT_EQ(guard::outcome_of(dry.verdicts), desk::GuardOutcome::Refuse);
  EXPECT_TRUE(w.sw.writes.empty());
  EXPECT_TRUE(w.store.journal.rows.empty());
  w.sw.is_silent = true;
  EXPECT_EQ(w.executor->dry_run(ServerId{"srv-1001"}, PortWish::Down, w.inventory).error, "no answer");
}

// --- recovery ------------------------------------------------------------------------------------------------------------------------------

/// Runs until the kill right after `rows` states were journalled, then starts a new process.
void kill_in_state(World& w, const ActionRequest& request, JournalState state) {
  for (unsigned step = 1;; ++step) {
    World probe;
    probe.fate.kill_at(step);
    try {
      static_cast<void>(probe.run(request));
      FAIL() << "the state was never reached";
    } catch (const fakes::Killed&) {
    }
    if (!probe.store.journal.rows.empty() && probe.last_state() == state) {
      w.fate.kill_at(step);
      EXPECT_THROW(static_cast<void>(w.run(request)), fakes::Killed);
      w.fate.kill_at(fakes::Fate::kNever);
      w.start();
      return;
    }
  }
}

TEST(Recovery, AnIntentThatWasNotSentIsDoneAgain) {
  World w;
  kill_in_state(w, w.request(1, PortWish::Down), JournalState::Intent);
  const auto recovered = w.recover();
  ASSERT_EQ(recovered.size(), 1U);
  EXPECT_EQ(recovered[0].outcome.result, ActionResult::Verified);
  EXPECT_EQ(w.sw.writes.size(), 1U);
}

TEST(Recovery, ADownIsNotCountedAgainstItself) {
  World w;
  kill_in_state(w, w.request(1, PortWish::Down), JournalState::Sent);
  w.sw.ports_up = 24;  // the share allows one port
  w.settings.policy.max_disables_per_switch_hour = 1;
  w.start();
  EXPECT_EQ(w.recover().at(0).outcome.result, ActionResult::Verified);
  EXPECT_EQ(w.run(w.request(2, PortWish::Down)).ending, Ending::Held);
}

TEST(Recovery, WhatWasWrittenIsAdoptedWithoutASecondWrite) {
  World w;
  kill_in_state(w, w.request(1, PortWish::Down), JournalState::Sent);
  w.sw.ports["swp1"].admin = AdminState::Down;  // it had got through
  const auto recovered = w.recover();
  ASSERT_EQ(recovered.size(), 1U);
  EXPECT_EQ(recovered[0].outcome.result, ActionResult::Verified);
  EXPECT_TRUE(w.sw.writes.empty());
}

TEST(Recovery, APortThatOthersShutBeforeAnythingWasSentIsNotOurs) {
  World w;
  kill_in_state(w, w.request(1, PortWish::Down), JournalState::Intent);
  w.sw.ports["swp1"].admin = AdminState::Down;
  const auto recovered = w.recover();
  EXPECT_EQ(recovered.at(0).outcome.result, ActionResult::NotSent);
  EXPECT_TRUE(recovered.at(0).outcome.needs_person);
  EXPECT_EQ(w.run(w.request(1, PortWish::Up, 2)).ending, Ending::Refused);
}

TEST(Recovery, AnOldDownIsAbandonedAndAPersonCalled) {
  World w;
  kill_in_state(w, w.request(1, PortWish::Down), JournalState::Sent);
  w.clock.advance(std::chrono::minutes{15});
  const auto recovered = w.recover();
  EXPECT_EQ(recovered.at(0).outcome.result, ActionResult::NotSent);
  EXPECT_TRUE(recovered.at(0).outcome.needs_person);
  EXPECT_TRUE(w.sw.writes.empty());
  EXPECT_EQ(w.last_state(), JournalState::Abandoned);
}

TEST(Recovery, ADownWhoseReasonLapsedIsDropped) {
  World w;
  kill_in_state(w, w.request(1, PortWish::Down), JournalState::Sent);
  w.lapsed = "the owner has answered";
  EXPECT_EQ(w.recover().at(0).outcome.ending, Ending::Dropped);
  EXPECT_TRUE(w.sw.writes.empty());
}

TEST(Recovery, ADownThatTheGuardsNowRefuseIsAbandoned) {
  World w;
  kill_in_state(w, w.request(1, PortWish::Down), JournalState::Sent);
  w.store.settings.set(kStopSetting, "yes");
  EXPECT_EQ(w.recover().at(0).outcome.result, ActionResult::NotSent);
  EXPECT_TRUE(w.sw.writes.empty());
}

TEST(Recovery, ADownWhoseServerMovedIsAbandoned) {
  World w;
  kill_in_state(w, w.request(1, PortWish::Down), JournalState::Sent);
  auto servers = w.inventory.servers();
  servers[0].port->name = PortName{"swp7"};
  w.inventory = inventory::Inventory(w.inventory.customers(), servers);
  EXPECT_EQ(w.recover().at(0).outcome.result, ActionResult::NotSent);
  EXPECT_TRUE(w.sw.writes.empty());
}

TEST(Recovery, APendingUpIsDoneWithoutAgeLimit) {
  World w;
  ASSERT_EQ(w.run(w.request(1, PortWish::Down)).result, ActionResult::Verified);
  w.fate.kill_at(4);  // after the intent
  EXPECT_THROW(static_cast<void>(w.run(w.request(1, PortWish::Up, 2))), fakes::Killed);
  w.fate.kill_at(fakes::Fate::kNever);
  w.start();
  ASSERT_EQ(w.store.journal.open().size(), 1U);
  w.clock.advance(std::chrono::hours{100});
  EXPECT_EQ(w.recover().at(0).outcome.result, ActionResult::Verified);
  EXPECT_EQ(w.admin("swp1"), AdminState::Up);
}

TEST(Recovery, ASwitchThatAnswersHalfLeavesTheRowOpen) {
  World w;
  kill_in_state(w, w.request(1, PortWish::Down), JournalState::Intent);
  w.sw.is_half_silent = true;
  EXPECT_EQ(w.recover().at(0).outcome.ending, Ending::Deferred);
  EXPECT_EQ(w.store.journal.open().size(), 1U);
  EXPECT_TRUE(w.sw.writes.empty());
  w.sw.is_half_silent = false;
  EXPECT_EQ(w.recover().at(0).outcome.result, ActionResult::Verified);
  EXPECT_EQ(w.sw.writes.size(), 1U);
}

TEST(Recovery, ASilentSwitchLeavesTheRowOpen) {
  World w;
  kill_in_state(w, w.request(1, PortWish::Down), JournalState::Sent);
  w.sw.is_silent = true;
  EXPECT_EQ(w.recover().at(0).outcome.result, ActionResult::Unknown);
  EXPECT_EQ(w.store.journal.open().size(), 1U);
  w.sw.is_silent = false;
  EXPECT_EQ(w.recover().at(0).outcome.result, ActionResult::Verified);
  EXPECT_TRUE(w.store.journal.open().empty());
}

}  // namespace
}  // namespace pinfold::enforce
