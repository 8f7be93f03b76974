// What people do to a case: they order, approve, release and object. (How they are called: calls_test.cpp.)
#include <gtest/gtest.h>

#include <algorithm>

#include "scene.hpp"

namespace pinfold::desk::test {
namespace {

const StaffId kAnna{"anna"};
const StaffId kBert{"bert"};
const StaffId kCarl{"carl"};

TEST(Approval, CallsAPersonOnlyWhenEvidenceHadTimeToJoin) {
  Scene s;
  s.policy.approval = Approval::Auto;
  s.to_pending();
  EXPECT_EQ(s.count<PersonAsked>(), 0U) << "the host's finding may still come";
  EXPECT_EQ(next_due(s.c, s.policy), s.now + s.policy.gather);
  s.wait(s.policy.gather / 2);
  EXPECT_EQ(s.count<PersonAsked>(), 0U);
  s.again("host/2", abuse::Origin::Host);
  EXPECT_TRUE(s.ordered("PF-7/port/1/down")) << "it came: nobody need be asked";
  s.wait(s.policy.gather);
  EXPECT_EQ(s.count<PersonAsked>(), 0U);

  Scene alone;
  alone.policy.approval = Approval::Auto;
  alone.to_pending();
  alone.wait(alone.policy.gather);
  EXPECT_NE(alone.last<PersonAsked>().what.find("approve or drop"), std::string::npos);
}

TEST(Approval, OfTwoTakesTwoDifferentPeople) {
  Scene s;
  s.policy.approval = Approval::TwoPersons;
  s.to_pending();
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, kAnna, "clear"}), std::nullopt);
  EXPECT_FALSE(s.ordered("PF-7/port/1/down"));
  EXPECT_EQ(why_not_now(s.c, ActionId{1}, s.policy, s.moment()), "not enough people have approved it");
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, kAnna, "really"}), "anna approved it already: another person must");
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, kBert, "clear"}), std::nullopt);
  EXPECT_TRUE(s.ordered("PF-7/port/1/down"));
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Order, OfAPersonCutsOffTheUnreachableWithAReason) {
  Scene s;
  s.start();
  EXPECT_EQ(s.give(NoticeFailed{NoticeId{1}, "550"}), std::nullopt);
  EXPECT_NE(s.give(MeasureOrdered{kAnna, "phishing", false}), std::nullopt) << "the next contact is being warned";
  EXPECT_EQ(s.give(NoticeFailed{NoticeId{2}, "550"}), std::nullopt);
  EXPECT_EQ(s.give(MeasureOrdered{kAnna, "", false}), "switching a port off takes a name and a reason");
  EXPECT_EQ(s.give(MeasureOrdered{kAnna, "telephoned for two days", false}), std::nullopt);
  EXPECT_TRUE(s.ordered("PF-7/port/1/down")) << "one person suffices where the policy says so";
  EXPECT_EQ(why_not_now(s.c, ActionId{1}, s.policy, s.moment()), std::nullopt);
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Order, OfAPersonActsOnWhatOnlyReportersSaw) {
  Scene s;
  abuse::Finding report = finding("rep/1", s.now - kMinute, s.now, abuse::Origin::Reporter);
  s.start(report);
  s.deliver();
  s.wait(s.policy.response_window + kHour);
  s.again("rep/2", abuse::Origin::Reporter);
  EXPECT_EQ(s.c.state, State::Silent) << "the policy never disables on third parties' word";
  s.policy.approval = Approval::TwoPersons;
  EXPECT_EQ(s.give(MeasureOrdered{kAnna, "the phishing page is live", false}), std::nullopt);
  EXPECT_EQ(s.c.state, State::DisablePending);
  EXPECT_FALSE(s.ordered("PF-7/port/1/down"));
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, kBert, "seen"}), std::nullopt);
  EXPECT_TRUE(s.ordered("PF-7/port/1/down"));
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Order, IsRefusedWhileAnAnswerStandsAndDroppedByALaterOne) {
  Scene s;
  s.start();
  s.deliver();
  EXPECT_EQ(s.give(Scene::answer()), std::nullopt);
  EXPECT_NE(s.give(MeasureOrdered{kAnna, "I do not believe it", false}), std::nullopt);
  s.now = s.now + 25 * kHour;
  s.again();
  EXPECT_EQ(s.c.state, State::SecondNotice);
  s.policy.approval = Approval::TwoPersons;
  EXPECT_EQ(s.give(MeasureOrdered{kAnna, "it goes on", false}), std::nullopt);
  EXPECT_EQ(s.give(Scene::answer()), std::nullopt);
  EXPECT_TRUE(s.c.actions.back().dropped);
  EXPECT_EQ(s.c.state, State::Answered);
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Order, AnEmergencyTakesTwoPeopleAndSensorsThatSeeIt) {
  Scene s;
  s.start();
  EXPECT_EQ(s.give(MeasureOrdered{kAnna, "a flood fills the uplink", true}), std::nullopt);
  EXPECT_EQ(s.c.state, State::DisablePending) << "before any warning was delivered";
  EXPECT_FALSE(s.ordered("PF-7/port/1/down"));
  EXPECT_NE(s.last<PersonAsked>().what.find("1 more must approve"), std::string::npos);
  EXPECT_EQ(s.give(Scene::answer()), std::nullopt);
  EXPECT_EQ(s.c.state, State::DisablePending) << "the network burns while people write";
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, kBert, "confirmed"}), std::nullopt);
  EXPECT_TRUE(s.ordered("PF-7/port/1/down"));
  EXPECT_EQ(why_not_now(s.c, ActionId{1}, s.policy, s.moment()), std::nullopt);
  s.now = s.now + s.policy.evidence_max_age + kMinute;
  EXPECT_NE(why_not_now(s.c, ActionId{1}, s.policy, s.moment()), std::nullopt) << "it is over before the port was written";
  s.wait(Micros{0});
  EXPECT_TRUE(s.c.actions.back().dropped);
  EXPECT_EQ(s.give(MeasureOrdered{kAnna, "again", true}), "our own sensors have not seen it within 30 min: that is no emergency");
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Order, DroppedEmergencyLeavesTheLadderWhereTheNoticesPutIt) {
  Scene s;
  s.start();
  EXPECT_EQ(s.give(MeasureOrdered{kAnna, "a flood", true}), std::nullopt);
  s.deliver();
  EXPECT_EQ(s.c.state, State::DisablePending);
  EXPECT_EQ(s.give(ActionDropped{ActionId{1}, kBert, "it stopped"}), std::nullopt);
  EXPECT_EQ(s.c.state, State::Delivered);
  s.wait(s.policy.response_window);
  EXPECT_EQ(s.c.state, State::Silent);
}

TEST(Hold, IsReleasedByTwoPeopleAndRunsOnce) {
  Scene s;
  s.to_pending();
  EXPECT_EQ(s.give(ApprovalGiven{ActionId{1}, kAnna, "clear"}), std::nullopt);
  EXPECT_NE(s.give(HoldReleased{ActionId{1}, kAnna, "?"}), std::nullopt) << "nothing holds it yet";
  EXPECT_EQ(s.give(GuardsEvaluated{ActionId{1}, {{"G2 identity", GuardOutcome::Hold, "alias -", "no description"}}}), std::nullopt);
  EXPECT_EQ(s.c.state, State::DisablePending);
  EXPECT_EQ(s.give(HoldReleased{ActionId{1}, kAnna, "I looked at the patch panel"}), std::nullopt);
  EXPECT_NE(s.give(HoldReleased{ActionId{1}, kAnna, "twice"}), std::nullopt);
  const std::size_t before = s.effects.size();
  EXPECT_EQ(s.give(HoldReleased{ActionId{1}, kBert, "so did I"}), std::nullopt);
  ASSERT_EQ(s.effects.size(), before + 1);
  EXPECT_TRUE(std::get<SetPort>(s.effects.back().what).hold_released);
  EXPECT_EQ(s.violation, std::nullopt);
  Scene refused;
  refused.to_pending();
  EXPECT_EQ(refused.give(ApprovalGiven{ActionId{1}, kAnna, "clear"}), std::nullopt);
  EXPECT_EQ(refused.give(GuardsEvaluated{ActionId{1}, {{"G4 uplink", GuardOutcome::Refuse, "", "an uplink"}, {"G2", GuardOutcome::Hold, "", ""}}}),
            std::nullopt);
  EXPECT_NE(refused.give(HoldReleased{ActionId{1}, kBert, "no"}), std::nullopt) << "what refuses is never released";
}

TEST(Objection, BeforeAMeasureIsADisputeThatAPersonDecides) {
  Scene s;
  s.to_pending();
  ResponseRecorded answer = Scene::answer();
  answer.statement = Statement::Intended;
  EXPECT_EQ(s.give(answer), std::nullopt);
  EXPECT_EQ(s.c.state, State::Disputed);
  EXPECT_TRUE(s.c.actions.back().dropped);
  s.wait(2 * kDay);
  EXPECT_EQ(s.give(ObjectionDecided{kAnna, false, "no research scanner is declared"}), std::nullopt);
  EXPECT_EQ(s.c.state, State::Answered);
  Scene waiting;
  waiting.start();
  EXPECT_EQ(waiting.give(Scene::objection()), std::nullopt);
  waiting.wait(100 * kDay);
  EXPECT_EQ(waiting.c.state, State::Disputed) << "an objection is never closed by time";
  Scene right;
  right.start();
  EXPECT_EQ(right.give(Scene::objection()), std::nullopt);
  EXPECT_EQ(right.give(ObjectionDecided{kAnna, true, "declared"}), std::nullopt);
  EXPECT_EQ(right.c.state, State::FalsePositive);
  EXPECT_EQ(right.violation, std::nullopt);
}

TEST(Objection, AfterAMeasureIsAnAppealThatSomebodyElseDecides) {
  Scene s;
  s.to_disabled();
  EXPECT_EQ(s.give(Scene::objection()), std::nullopt);
  EXPECT_EQ(s.c.state, State::Disabled);
  EXPECT_EQ(s.give(ObjectionDecided{kAnna, true, "sorry"}), "anna ordered or approved the measure: somebody else decides the objection");
  EXPECT_EQ(s.give(ObjectionDecided{kCarl, true, "the detector was wrong"}), std::nullopt);
  EXPECT_EQ(s.count<EnableRequested>(), 0U) << "the port still comes back through a talk";
  EXPECT_EQ(s.give(Scene::talk()), std::nullopt);
  EXPECT_EQ(s.give(PortActionFinished{ActionId{2}, ActionResult::Verified, "up", Millis{3000}}), std::nullopt);
  s.wait(s.policy.probation);
  EXPECT_EQ(s.c.state, State::FalsePositive) << "and does not stand in the customer's record";
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Answer, CountsOnceWhateverTheChannel) {
  Scene s;
  s.start();
  s.deliver();
  ResponseRecorded link{ResponseChannel::SignedLink, "owner@a.example", Statement::Fixed, s.now + kDay, "updated", {}, "link:1"};
  EXPECT_EQ(s.give(link), std::nullopt);
  EXPECT_EQ(s.give(link), "nothing new: this answer is recorded already");
  EXPECT_EQ(s.c.promised, s.now + kDay);
  ResponseRecorded call{ResponseChannel::Phone, "Mr Owner", Statement::Looking, std::nullopt, "he looks"};
  EXPECT_EQ(s.give(call), "a call is written up by somebody: who?");
  call.by = kAnna;
  EXPECT_EQ(s.give(call), std::nullopt);
  link.reference = "link:2";
  link.promised = s.now - kDay;
  EXPECT_EQ(s.give(link), "the promised date lies in the past");
}

TEST(Contacts, WhoseMailboxLivesOnTheServerAreNotWrittenTo) {
  Scene s;
  s.on_offender = {ContactId{"owner@a.example"}};
  s.start();
  EXPECT_EQ(s.last<NoticeQueued>().contact, ContactId{"boss@a.example"});
  EXPECT_NE(s.last<PersonAsked>().what.find("owner@a.example lives on the server itself"), std::string::npos);
  Scene none;
  none.contacts.pop_back();
  none.on_offender = none.contacts;
  none.start();
  EXPECT_EQ(none.count<NoticeQueued>(), 0U);
  EXPECT_EQ(none.last<PersonAsked>().what, "the owner must be warned, and no contact can be reached");
}

TEST(Contacts, WithoutAnyAPersonMayDecideAndAProgramNeverDoes) {
  Scene s;
  s.contacts = {ContactId{"owner@a.example"}};
  s.on_offender = s.contacts;
  s.start();
  EXPECT_TRUE(s.c.nobody_to_write());
  s.now = s.now + 2 * kDay;
  s.again();
  EXPECT_EQ(s.count<DisableRequested>(), 0U);
  s.wait(s.policy.remind_after);
  EXPECT_TRUE(std::any_of(s.c.asked.begin(), s.c.asked.end(), [](const auto& what) {
    return what.find("no contact that could") != std::string::npos;
  })) << "it ages into another call";
  EXPECT_EQ(s.give(MeasureOrdered{kAnna, "nobody can be written to; telephoned twice", false}), std::nullopt);
  EXPECT_EQ(why_not_now(s.c, ActionId{1}, s.policy, s.moment()), std::nullopt);
  EXPECT_EQ(s.violation, std::nullopt);

  Scene talked;
  talked.contacts.clear();
  talked.start();
  EXPECT_EQ(talked.give(MeasureOrdered{kAnna, "telephoned twice", false}), std::nullopt);
  EXPECT_EQ(talked.give(ResponseRecorded{ResponseChannel::Phone, "Mr Owner", Statement::Looking, std::nullopt, "calls back", kBert}), std::nullopt);
  EXPECT_TRUE(talked.c.actions.back().dropped) << "he was reached after all";
  EXPECT_NE(talked.give(MeasureOrdered{kAnna, "and yet", false}), std::nullopt);
  EXPECT_EQ(talked.violation, std::nullopt);
}

TEST(Contacts, AddedLaterAreWarnedAtTheNextOccasion) {
  Scene s;
  s.contacts = {ContactId{"owner@a.example"}};
  s.start();
  EXPECT_EQ(s.give(NoticeFailed{NoticeId{1}, "550 no such user"}), std::nullopt);
  EXPECT_EQ(s.c.state, State::Undeliverable);
  s.wait(kHour);
  EXPECT_EQ(s.c.state, State::Undeliverable);
  s.contacts.push_back(ContactId{"new@a.example"});
  s.again();
  EXPECT_EQ(s.c.state, State::WarningQueued);
  EXPECT_EQ(s.c.notices.back().contact, ContactId{"new@a.example"});
  EXPECT_EQ(s.violation, std::nullopt);

  Scene none;
  none.contacts.clear();
  none.start();
  none.contacts.push_back(ContactId{"new@a.example"});
  none.wait(none.policy.remind_after);
  EXPECT_EQ(none.c.state, State::WarningQueued);
  EXPECT_EQ(none.violation, std::nullopt);
}

TEST(Delivery, MayBePresumedWhenThePolicySaysSo) {
  Scene s;
  s.policy.presume_delivered_after = 6 * kHour;
  s.start();
  EXPECT_EQ(s.give(NoticeSubmitted{NoticeId{1}, "Q", false}), std::nullopt);
  EXPECT_EQ(next_due(s.c, s.policy), s.now + 6 * kHour);
  s.wait(6 * kHour);
  EXPECT_EQ(s.c.state, State::Delivered);
  EXPECT_EQ(s.last<NoticeDelivered>().proof, DeliveryProof::Presumed);
  const Proof proof = prove(s.c, s.policy, s.moment());
  EXPECT_NE(proof.clauses[1].because.find("presumed"), std::string::npos) << "and the proof says so";
}

TEST(Rules, DifferByClassAndLevelAndTheMilderOneHolds) {
  Policy policy = armed_policy();
  policy.classes[abuse::AbuseClass::PortScan].measures = Arming::Observe;
  policy.classes[abuse::AbuseClass::Flood].response_window = kHour;
  policy.levels[4].rules.response_window = 2 * kDay;
  policy.levels[4].rules.approval = Approval::TwoPersons;
  EXPECT_EQ(rules_for(policy, abuse::AbuseClass::PortScan, 1, 0).measures, Arming::Observe);
  EXPECT_EQ(rules_for(policy, abuse::AbuseClass::Flood, 1, 0).response_window, kHour);
  EXPECT_EQ(rules_for(policy, abuse::AbuseClass::Flood, 4, 0).response_window, 2 * kDay);
  EXPECT_EQ(rules_for(policy, abuse::AbuseClass::Spam, 4, 0).approval, Approval::TwoPersons);
  EXPECT_EQ(rules_for(policy, abuse::AbuseClass::Spam, 1, 2).response_window, policy.repeat_response_window) << "repeat offenders have less time";
  EXPECT_EQ(rules_for(policy, abuse::AbuseClass::Flood, 1, 2).response_window, kHour) << "but never more";
}

TEST(Rules, AnExtraSymptomOfAnObservedClassBuysNoImmunity) {
  Scene s;
  s.policy.classes[abuse::AbuseClass::BandwidthBurst].measures = Arming::Observe;
  s.to_silent();
  s.now = s.now + kHour;
  abuse::Finding burst = finding("net/burst", s.now, s.now);
  burst.abuse_class = abuse::AbuseClass::BandwidthBurst;
  s.again("net/2");
  EXPECT_EQ(s.give(FindingArrived{burst}), std::nullopt);
  EXPECT_EQ(s.c.state, State::DisablePending);
}

TEST(Rules, TheWindowInTheLetterStaysWhateverThePolicyBecomes) {
  Scene s;
  s.start();
  s.deliver();
  s.policy.response_window = kHour;
  s.wait(2 * kHour);
  EXPECT_EQ(s.c.state, State::Delivered) << "the letter said 24 hours";
  s.wait(22 * kHour);
  EXPECT_EQ(s.c.state, State::Silent);
}

TEST(Stops, MaintenanceAndTheBreakerHoldThePolicyNotPeople) {
  Scene s;
  s.to_silent();
  s.policy.maintenance = {{s.now, s.now + 3 * kHour, {ServerId{"srv-a"}}, "backup test"}};
  s.now = s.now + kHour;
  s.again();
  EXPECT_EQ(s.c.state, State::Silent);
  s.now = s.now + 2 * kHour;
  s.breaker_open = true;
  s.again("net/3");
  EXPECT_EQ(s.c.state, State::Silent);
  EXPECT_EQ(prove(s.c, s.policy, s.moment()).first_failing()->name, "nothing stops it");
  s.breaker_open = false;
  s.again("net/4");
  EXPECT_EQ(s.c.state, State::DisablePending);
}

TEST(Erasure, LeavesTheCaseReadable) {
  Scene s;
  s.to_probation();
  s.wait(s.policy.probation);
  ASSERT_EQ(s.c.state, State::Closed);
  for (std::size_t gone = 0; gone < s.events.size(); ++gone) {
    std::vector<Event> events = s.events;
    events[gone].body = Erased{std::string(kind_of(events[gone].body))};
    const Case c = fold(CaseId{7}, events);
    EXPECT_EQ(c.state, State::Closed) << gone;
    EXPECT_EQ(check_invariants(c, events), std::nullopt);
  }
  std::vector<Event> all = s.events;
  for (Event& event : all) {
    event.body = Erased{std::string(kind_of(event.body))};
  }
  EXPECT_EQ(fold(CaseId{7}, all).erased, all.size());
}

}  // namespace
}  // namespace pinfold::desk::test
