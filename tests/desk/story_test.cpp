// The ladder as people live it: the three servers of the demo, and the ways in which a case leaves the straight road.
#include <gtest/gtest.h>

#include <algorithm>

#include "scene.hpp"

namespace pinfold::desk::test {
namespace {

MailReceived mail(MailKind kind, bool needs_person = false) { return {kind, "why", "owner@a.example", "<m@a>", "00ff", "text", needs_person}; }

TEST(Story, ServerAIsWarnedIgnoresItIsCutOffAndComesBackAfterATalk) {
  Scene s;
  s.policy.approval = Approval::Auto;
  s.start();
  EXPECT_EQ(s.c.state, State::WarningQueued);
  EXPECT_TRUE(s.ordered("PF-7/notice/1"));
  s.again("host/1", abuse::Origin::Host);
  EXPECT_EQ(s.c.incidents.size(), 1U) << "flow and host findings of one bout are one incident";
  EXPECT_EQ(s.count<NoticeQueued>(), 1U) << "and earn one warning";
  s.deliver();
  EXPECT_EQ(s.give(mail(MailKind::AutoReply)), std::nullopt);
  EXPECT_EQ(s.c.state, State::Delivered) << "a vacation note is no answer";
  s.wait(s.policy.response_window);
  EXPECT_EQ(s.c.state, State::Silent);
  s.now = s.now + kHour;
  s.again("net/2");
  s.again("host/2", abuse::Origin::Host);
  EXPECT_TRUE(s.ordered("PF-7/port/1/down"));
  EXPECT_EQ(why_not_now(s.c, ActionId{1}, s.policy, s.moment()), std::nullopt);
  EXPECT_EQ(s.give(PortActionFinished{ActionId{1}, ActionResult::Verified, "down", Millis{3000}}), std::nullopt);
  EXPECT_EQ(s.c.state, State::Disabled);
  EXPECT_EQ(s.last<NoticeQueued>().kind, NoticeKind::Disabled);
  EXPECT_EQ(s.give(SilenceVerified{ActionId{1}, s.now, true}), std::nullopt);
  s.wait(100 * kDay);
  EXPECT_EQ(s.c.state, State::Disabled) << "no timer opens a port";
  EXPECT_EQ(s.give(Scene::talk()), std::nullopt);
  EXPECT_EQ(s.c.state, State::Enabling);
  EXPECT_TRUE(s.ordered("PF-7/port/2/up"));
  EXPECT_EQ(why_not_now(s.c, ActionId{2}, s.policy, s.moment()), std::nullopt);
  EXPECT_EQ(s.give(PortActionFinished{ActionId{2}, ActionResult::Verified, "up", Millis{3000}}), std::nullopt);
  EXPECT_EQ(s.c.state, State::Probation);
  s.wait(s.policy.probation);
  EXPECT_EQ(s.c.state, State::Closed);
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Story, ServerBAnswersAndIsNotCutOffWhenItHappensAgain) {
  Scene s;
  s.policy.approval = Approval::Auto;
  s.start();
  s.deliver();
  EXPECT_EQ(s.give(mail(MailKind::Reply)), std::nullopt);
  EXPECT_EQ(s.give(Scene::answer()), std::nullopt);
  EXPECT_EQ(s.c.state, State::Answered);
  s.wait(s.policy.response_window + kHour);
  s.again("net/2");
  s.again("host/2", abuse::Origin::Host);
  EXPECT_EQ(s.c.state, State::SecondNotice);
  EXPECT_EQ(s.count<DisableRequested>(), 0U);
  EXPECT_EQ(s.count<PersonAsked>(), 1U);
  EXPECT_EQ(s.last<NoticeQueued>().kind, NoticeKind::SecondNotice);
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Story, ServerCWithoutSureFindingsIsNeverWarned) {
  Scene s;
  abuse::Finding weak = finding("net/1", s.now - kMinute, s.now);
  weak.confidence = {20};
  s.start(weak);
  EXPECT_EQ(s.c.state, State::Triage);
  EXPECT_EQ(s.count<NoticeQueued>(), 0U);
  EXPECT_TRUE(s.effects.empty());
}

TEST(Story, WithoutBothKindsOfEvidenceAPersonApproves) {
  Scene s;
  s.policy.approval = Approval::Auto;
  s.to_pending();
  EXPECT_EQ(s.c.state, State::DisablePending);
  EXPECT_FALSE(s.ordered("PF-7/port/1/down"));
  EXPECT_EQ(why_not_now(s.c, ActionId{1}, s.policy, s.moment()), "nobody has approved it");
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, StaffId{"policy"}, ""}), "an approval names the person who gives it");
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, StaffId{"anna"}, "clear"}), std::nullopt);
  EXPECT_TRUE(s.ordered("PF-7/port/1/down"));
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, StaffId{"bert"}, "too"}), "the action is approved already");
}

TEST(Story, AgreeingEvidenceThatComesLaterApprovesWhatWaits) {
  Scene s;
  s.policy.approval = Approval::Auto;
  s.to_pending();
  s.now = s.now + kMinute;
  s.again("host/2", abuse::Origin::Host);
  EXPECT_EQ(s.last<ApprovalGiven>().by, policy_approver());
  EXPECT_TRUE(s.ordered("PF-7/port/1/down"));
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Story, EvidenceOfTheFirstBoutDoesNotMakeTheSecondAgree) {
  Scene s;
  s.policy.approval = Approval::Auto;
  s.start();
  s.again("host/1", abuse::Origin::Host);
  s.deliver();
  s.wait(s.policy.response_window + kHour);
  abuse::Finding still = finding("net/1", kStart - kMinute, s.now);  // one bout from the first warning until now
  EXPECT_EQ(s.give(FindingArrived{still}), std::nullopt);
  EXPECT_EQ(s.c.incidents.size(), 1U);
  EXPECT_EQ(s.c.state, State::DisablePending) << "still running past the window is `again`";
  EXPECT_FALSE(s.c.actions.back().automatic) << "the host saw only what came before the warning";
}

TEST(Story, LateReportsOfEarlierEventsNeverCount) {
  Scene s;
  s.to_silent();
  EXPECT_EQ(s.give(FindingArrived{finding("net/9", s.now - 2 * kHour, s.now - kHour)}), std::nullopt);
  EXPECT_EQ(s.c.state, State::Silent);
}

TEST(Story, AFindingCannotSpeakOfTheFuture) {
  Scene s;
  s.start();
  s.deliver();
  EXPECT_EQ(s.give(FindingArrived{finding("host/9", s.now, s.now + 2 * kDay, abuse::Origin::Host)}), std::nullopt);
  s.wait(s.policy.response_window + kHour);
  EXPECT_EQ(s.c.state, State::Silent) << "an agent with a fast clock must not bring its own server down";
}

TEST(Story, ReportersAndStaffNeverCountAsAgain) {
  for (const abuse::Origin origin : {abuse::Origin::Reporter, abuse::Origin::Staff}) {
    Scene s;
    s.to_silent();
    s.now = s.now + kHour;
    s.again("third/1", origin);
    EXPECT_EQ(s.c.state, State::Silent) << to_string(origin);
  }
}

TEST(Story, AnUnclearMailPausesDisablingUntilAPersonHasLooked) {
  Scene s;
  s.to_silent();
  EXPECT_EQ(s.give(mail(MailKind::Unknown, true)), std::nullopt);
  s.now = s.now + kHour;
  s.again();
  EXPECT_EQ(s.c.state, State::Silent);
  EXPECT_EQ(s.give(MailJudged{"00ff", StaffId{"anna"}, false, "spam"}), std::nullopt);
  EXPECT_EQ(s.c.state, State::DisablePending);
  EXPECT_EQ(s.give(MailJudged{"00ff", StaffId{"anna"}, true, "again"}), "no such mail waits to be judged");
}

TEST(Story, AMailJudgedAnAnswerDropsWhatWaits) {
  Scene s;
  s.to_pending();
  EXPECT_EQ(s.put(mail(MailKind::Unknown, true)), std::nullopt);
  EXPECT_NE(why_not_now(s.c, ActionId{1}, s.policy, s.moment()), std::nullopt);
  EXPECT_EQ(s.put(MailJudged{"00ff", StaffId{"anna"}, true, "asks for a day"}), std::nullopt);
  EXPECT_EQ(s.c.state, State::Answered);
  EXPECT_TRUE(s.c.actions.back().dropped);
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Story, SilenceCountsOnlyWhileOurEarsWereOpen) {
  Scene s;
  s.to_silent();
  s.ears.open_since = s.now - kHour;  // they were shut for a part of the window
  s.now = s.now + kHour;
  s.again();
  EXPECT_EQ(s.c.state, State::Silent);
  EXPECT_EQ(s.count<PersonAsked>(), 1U);
  s.again("net/3");
  EXPECT_EQ(s.count<PersonAsked>(), 1U) << "the same question once";
  s.ears = {kStart - kDay, 3};
  s.wait(kMinute);
  EXPECT_EQ(s.c.state, State::Silent) << "mails that nobody has read yet";
  s.ears.unclassified = 0;
  s.wait(kMinute);
  EXPECT_EQ(s.c.state, State::DisablePending);
}

TEST(Story, AnAnswerWhileTheDisableWaitsDropsIt) {
  Scene s;
  s.to_pending();
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, StaffId{"anna"}, "clear"}), std::nullopt);
  EXPECT_EQ(s.give(Scene::answer()), std::nullopt);
  EXPECT_NE(s.c.state, State::DisablePending);
  EXPECT_EQ(why_not_now(s.c, ActionId{1}, s.policy, s.moment()), "the action was dropped");
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Story, APortThatWentOffAfterAllIsNotForgotten) {
  Scene s;
  s.to_pending();
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, StaffId{"anna"}, "clear"}), std::nullopt);
  EXPECT_EQ(s.put(Scene::answer()), std::nullopt);  // while the write is on its way
  EXPECT_EQ(s.put(PortActionFinished{ActionId{1}, ActionResult::Verified, "down", Millis{3000}}), std::nullopt);
  EXPECT_EQ(s.c.state, State::Disabled);
  EXPECT_NE(s.last<PersonAsked>().what.find("had been dropped"), std::string::npos);
  Scene closed;
  closed.to_pending();
  EXPECT_EQ(closed.give(ApprovalGiven{ActionId{1}, StaffId{"anna"}, "clear"}), std::nullopt);
  EXPECT_EQ(closed.give(ClosedByStaff{StaffId{"anna"}, true, "a scanner of theirs"}), std::nullopt);
  EXPECT_EQ(closed.c.state, State::FalsePositive);
  EXPECT_EQ(closed.give(PortActionFinished{ActionId{1}, ActionResult::Verified, "down", Millis{3000}}), std::nullopt);
  EXPECT_EQ(closed.c.state, State::Disabled);
  EXPECT_EQ(closed.violation, std::nullopt);
}

TEST(Story, StaleEvidenceDropsTheRequestAndNewEvidenceAsksAgain) {
  Scene s;
  s.to_pending();
  const WallTime stale = s.now + s.policy.evidence_max_age + Micros{1};
  s.wait(s.policy.gather);
  EXPECT_EQ(next_due(s.c, s.policy), stale);
  s.wait(stale - s.now);
  EXPECT_EQ(s.c.state, State::Silent);
  s.again("net/3");
  EXPECT_EQ(s.c.state, State::DisablePending);
  EXPECT_EQ(s.c.actions.size(), 2U);
}

TEST(Story, WhatAPersonDroppedIsNotAskedAgainForTheSameBout) {
  Scene s;
  s.to_pending();
  EXPECT_EQ(s.give(ActionDropped{ActionId{1}, StaffId{"anna"}, "known test"}), std::nullopt);
  s.now = s.now + kMinute;
  s.again("net/3");
  EXPECT_EQ(s.c.state, State::Silent);
  s.now = s.now + 2 * kHour;
  s.again("net/4");
  EXPECT_EQ(s.c.state, State::DisablePending) << "a new bout is a new question";
}

TEST(Story, ObserveOnlyShowsEverythingAndDoesNothing) {
  Scene s;
  s.policy.warnings = Arming::Observe;
  s.start();
  EXPECT_TRUE(s.c.notices.back().observed_only);
  EXPECT_TRUE(s.effects.empty());
  EXPECT_EQ(s.put(NoticeDelivered{NoticeId{1}, DeliveryProof::Dsn, "mx"}), "the notice was only observed");
  s.policy.warnings = Arming::Armed;
  s.again("net/2");
  EXPECT_TRUE(s.ordered("PF-7/notice/2")) << "once warnings are armed, the next finding earns a real one";

  Scene measures;
  measures.policy.measures = Arming::Observe;
  measures.to_pending();
  EXPECT_EQ(measures.c.state, State::Silent);
  EXPECT_TRUE(measures.last<DisableRequested>().observed_only);
  EXPECT_EQ(measures.keys.count("PF-7/port/1/down"), 0U);
  measures.again("net/3");
  EXPECT_EQ(measures.count<DisableRequested>(), 1U) << "once a bout";
}

TEST(Story, ABounceGoesToTheNextContactThenToAPerson) {
  Scene s;
  s.policy.remind_after = 30 * kDay;
  s.start();
  EXPECT_EQ(s.give(NoticeFailed{NoticeId{1}, "550 no such user"}), std::nullopt);
  EXPECT_EQ(s.c.notices.back().contact, ContactId{"boss@a.example"});
  EXPECT_EQ(s.c.state, State::WarningQueued);
  EXPECT_EQ(s.give(NoticeFailed{NoticeId{2}, "550 no such user"}), std::nullopt);
  EXPECT_EQ(s.c.state, State::Undeliverable);
  EXPECT_EQ(s.count<PersonAsked>(), 1U);
  s.wait(2 * kDay);
  s.again("net/2");
  EXPECT_EQ(s.count<DisableRequested>(), 0U) << "the unreachable are never cut off by policy";
  EXPECT_EQ(s.count<PersonAsked>(), 2U);
}

TEST(Story, ABounceAfterTheDeliveryTakesTheGroundFromUnderTheDisable) {
  Scene s;
  s.to_pending();
  EXPECT_EQ(s.give(NoticeFailed{NoticeId{1}, "552 mailbox full, after all"}), std::nullopt);
  EXPECT_TRUE(s.c.actions.back().dropped);
  EXPECT_EQ(s.c.state, State::WarningQueued) << "the next contact is warned";
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Story, AnAnswerBuysTimeButNotImmunity) {
  Scene s;
  s.start();
  s.deliver();
  ResponseRecorded answer = Scene::answer();
  answer.promised = s.now + 900 * kDay;
  EXPECT_EQ(s.give(answer), std::nullopt);
  s.wait(kDay);
  s.again("net/2");
  EXPECT_EQ(s.c.state, State::Answered) << "within the promised time";
  s.now = s.now + s.policy.watch_window;
  s.again("net/3");
  EXPECT_EQ(s.c.state, State::SecondNotice) << "a promise reaches no further than the watch window";
}

TEST(Story, ARunningBoutIsGivenTimeAfterAnAnswer) {
  Scene s;
  s.start();
  s.deliver();
  EXPECT_EQ(s.give(Scene::answer()), std::nullopt);
  s.now = s.now + kMinute;
  EXPECT_EQ(s.give(FindingArrived{finding("net/1", kStart - kMinute, s.now)}), std::nullopt);
  EXPECT_EQ(s.c.state, State::Answered);
  s.now = s.now + s.policy.response_window;
  EXPECT_EQ(s.give(FindingArrived{finding("net/1", kStart - kMinute, s.now)}), std::nullopt);
  EXPECT_EQ(s.c.state, State::SecondNotice);
}

TEST(Story, QuietClosesWhatWasAnsweredAndWhatWasNot) {
  Scene answered;
  answered.start();
  answered.deliver();
  EXPECT_EQ(answered.give(Scene::answer()), std::nullopt);
  EXPECT_EQ(next_due(answered.c, answered.policy), answered.now + answered.policy.watch_window);
  answered.wait(answered.policy.watch_window);
  EXPECT_EQ(answered.c.state, State::Closed);
  Scene silent;
  silent.to_silent();
  silent.wait(silent.policy.close_after_quiet);
  EXPECT_EQ(silent.c.state, State::Closed);
  EXPECT_EQ(silent.give(FindingArrived{finding("net/5", silent.now, silent.now)}), "PF-7 is closed");
  EXPECT_EQ(silent.give(NoteAdded{StaffId{"anna"}, "called later"}), std::nullopt);
}

TEST(Story, OnProbationANewBoutIsForPeople) {
  Scene s;
  s.to_probation();
  s.now = s.now + kDay;
  s.again("net/7");
  EXPECT_EQ(s.c.state, State::SecondNotice);
  EXPECT_EQ(s.count<DisableRequested>(), 1U) << "only the first one";
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Story, AnActionThatDidNotWorkCallsAPerson) {
  for (const ActionResult result : {ActionResult::Mismatch, ActionResult::Unknown}) {
    Scene s;
    s.to_pending();
    EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, StaffId{"anna"}, ""}), std::nullopt);
    const std::size_t calls = s.count<PersonAsked>();
    EXPECT_EQ(s.give(PortActionFinished{ActionId{1}, result, "", Millis{0}}), std::nullopt);
    EXPECT_EQ(s.c.state, State::ActionFailed);
    EXPECT_EQ(s.count<PersonAsked>(), calls + 1);
    EXPECT_EQ(s.give(Scene::talk()), std::nullopt) << "the way back stays open";
  }
  Scene late;
  late.to_pending();
  EXPECT_EQ(late.give(ApprovalGiven{ActionId{1}, StaffId{"anna"}, ""}), std::nullopt);
  EXPECT_EQ(late.give(PortActionFinished{ActionId{1}, ActionResult::Unknown, "", Millis{0}}), std::nullopt);
  EXPECT_EQ(late.give(PortActionFinished{ActionId{1}, ActionResult::Verified, "down", Millis{0}}), std::nullopt) << "recovery found out";
  EXPECT_EQ(late.c.state, State::Disabled);
  EXPECT_EQ(late.violation, std::nullopt);
}

TEST(Story, ARefusedActionGoesToAPersonAndIsNotRepeatedForThatBout) {
  Scene s;
  s.to_pending();
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, StaffId{"anna"}, ""}), std::nullopt);
  EXPECT_EQ(s.give(GuardsEvaluated{ActionId{1}, {{"G4 uplink", GuardOutcome::Refuse, "alias core", "an uplink"}}}), std::nullopt);
  EXPECT_NE(s.last<PersonAsked>().what.find("G4 uplink"), std::string::npos);
  EXPECT_EQ(s.give(PortActionFinished{ActionId{1}, ActionResult::NotSent, "refused", Millis{0}}), std::nullopt);
  s.again("net/3");
  EXPECT_EQ(s.c.state, State::Silent);
  EXPECT_EQ(s.c.actions.size(), 1U);
}

TEST(Story, WhatDoesNotFitIsRefusedWithAPlainReason) {
  Scene s;
  s.start();
  EXPECT_EQ(s.give(Scene::talk()), "nothing is disabled: a discussion is recorded after the port went off");
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{4}, StaffId{"anna"}, ""}), "no such action waits for approval");
  EXPECT_EQ(s.give(FindingArrived{finding("net/1", s.now - kMinute, s.now)}), "nothing new: this finding is recorded already");
  EXPECT_EQ(s.give(FindingArrived{finding("net/1", s.now, s.now, abuse::Origin::Host)}), "finding net/1 belongs to network, not to host");
  abuse::Finding other = finding("net/2", s.now, s.now);
  other.server = ServerId{"srv-b"};
  EXPECT_EQ(s.give(FindingArrived{other}), "the finding is about srv-b (compromise), this case about srv-a (compromise)");
  Scene disabled;
  disabled.to_disabled();
  DiscussionRecorded talk = Scene::talk();
  talk.remedy.clear();
  EXPECT_EQ(disabled.give(talk), "the discussion lacks: remedy");
  EXPECT_EQ(disabled.give(ClosedByStaff{StaffId{"anna"}, false, "enough"}),
            "the port is off: record the discussion, so that it comes back on, then close");
}

TEST(Story, TheProofNamesTheEventOfEveryClause) {
  Scene s;
  s.to_pending();
  const Proof proof = prove(s.c, s.policy, s.moment());
  EXPECT_TRUE(proof.holds());
  EXPECT_EQ(proof.again_by, s.c.actions.back().again_by);
  ASSERT_EQ(s.last<DisableRequested>().proof.size(), proof.clauses.size());
  const std::string delivered = "#" + std::to_string(s.c.notices.front().delivered_by);
  EXPECT_TRUE(
      std::any_of(proof.clauses.begin(), proof.clauses.end(), [&](const Clause& c) { return c.because.find(delivered) != std::string::npos; }));
}

}  // namespace
}  // namespace pinfold::desk::test
