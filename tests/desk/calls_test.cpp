// How people are called: once for the same question, ever more seldom for what nobody decides, and not at night for what can wait; and how owners are
// reminded.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "scene.hpp"

namespace pinfold::desk::test {
namespace {

const StaffId kAnna{"anna"};

MailReceived unclear_mail() { return {MailKind::Unknown, "why", "owner@a.example", "<m@a>", "00ff", "text", true}; }

const CallPerson* last_call(const Scene& s) {
  for (auto effect = s.effects.rbegin(); effect != s.effects.rend(); ++effect) {
    if (const auto* call = std::get_if<CallPerson>(&effect->what)) {
      return call;
    }
  }
  return nullptr;
}

TEST(Reminders, AgeWhatWaitsIntoACallAgainAndEnd) {
  Scene s;
  s.to_silent();
  EXPECT_EQ(s.give(unclear_mail()), std::nullopt);
  const std::size_t calls = s.count<PersonAsked>();
  std::vector<int> days;
  for (int day = 1; day <= 200; ++day) {
    const std::size_t before = s.count<PersonAsked>();
    s.wait(kDay);
    if (s.count<PersonAsked>() > before) {
      days.push_back(day);
    }
  }
  EXPECT_EQ(days, (std::vector<int>{1, 2, 4, 8, 16, 32, 64})) << "ever more seldom, then it stands in the lists";
  EXPECT_EQ(s.count<PersonAsked>(), calls + 7);
  EXPECT_EQ(s.give(MailJudged{"00ff", kAnna, false, "spam"}), std::nullopt);
}

TEST(Calls, TheSameQuestionIsAskedOnceHoweverOftenItGoesOn) {
  Scene unreachable;
  unreachable.contacts = {ContactId{"owner@a.example"}};
  unreachable.start();
  EXPECT_EQ(unreachable.give(NoticeFailed{NoticeId{1}, "550"}), std::nullopt);
  Scene deaf;
  deaf.to_silent();
  deaf.ears.open_since = deaf.now;
  for (Scene* s : {&unreachable, &deaf}) {
    const std::size_t before = s->count<PersonAsked>();
    for (int bout = 2; bout < 60; ++bout) {
      s->now = s->now + 10 * kHour;
      s->again("net/" + std::to_string(bout));
    }
    EXPECT_EQ(s->count<PersonAsked>(), before + 6) << "58 bouts in 24 days: the question, and reminders after 1, 2, 4, 8 and 16 days";
    EXPECT_EQ(s->violation, std::nullopt);
  }
}

TEST(Calls, ForProofThatNobodyDecidesComeEverMoreSeldomAndOnlyTheFirstCannotWait) {
  Scene s;
  s.to_silent();
  std::vector<unsigned> called;
  const auto bout = [&s](unsigned n) {
    s.now = s.now + 5 * kHour;
    s.again(fmt::format("net/{}", n));
    const std::size_t before = s.count<PersonAsked>();
    s.wait(s.policy.gather);
    const bool is_called = s.count<PersonAsked>() > before;
    s.wait(s.policy.evidence_max_age + kMinute);
    EXPECT_TRUE(s.c.actions.back().dropped) << "it grew old";
    return is_called;
  };
  for (unsigned n = 1; n <= 20; ++n) {
    if (bout(n + 1)) {
      called.push_back(n);
      EXPECT_EQ(last_call(s)->can_wait, n > 1) << "who did not get up the first time is not woken again";
      EXPECT_EQ(last_call(s)->about, n > 1 ? std::nullopt : std::optional(ActionId{n}));
    }
  }
  EXPECT_EQ(called, (std::vector<unsigned>{1, 2, 4, 8, 16}));
  EXPECT_NE(last_call(s)->what.find("has been complete 16 times"), std::string::npos);
  EXPECT_EQ(s.give(MeasureOrdered{kAnna, "the proof was complete sixteen times", false}), std::nullopt) << "and that is what the call offers";
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Calls, ForProofBeginAnewWhenAPersonHasDecided) {
  Scene s;
  s.to_pending();
  s.wait(s.policy.evidence_max_age + kMinute);
  s.now = s.now + 5 * kHour;
  s.again("net/3");
  EXPECT_EQ(s.give(ActionDropped{ActionId{2}, kAnna, "they are mending it"}), std::nullopt);
  s.now = s.now + 5 * kHour;
  s.again("net/4");
  s.wait(s.policy.gather);
  EXPECT_EQ(last_call(s)->what, "action 3: the proof for switching off the port is complete; approve or drop it");
  EXPECT_FALSE(last_call(s)->can_wait);
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Calls, ForAnswersThatDoNotHoldComeOnceADayHoweverOftenTheOwnerAnswers) {
  Scene s;
  s.start();
  s.deliver();
  std::vector<unsigned> called;
  for (unsigned n = 1; n <= 12; ++n) {
    ResponseRecorded fixed = Scene::answer();
    fixed.reference = fmt::format("mail/{}", n);
    EXPECT_EQ(s.give(fixed), std::nullopt);
    s.now = s.now + 5 * kHour;
    const std::size_t before = s.count<PersonAsked>();
    s.again(fmt::format("net/{}", n + 1));
    EXPECT_EQ(s.c.state, State::SecondNotice) << "the owner is written to every time";
    if (s.count<PersonAsked>() > before) {
      called.push_back(n);
    }
    s.deliver();
  }
  EXPECT_EQ(called, (std::vector<unsigned>{1, 6, 11})) << "5, 30 and 55 hours after the first answer";
  s.wait(s.policy.remind_after);
  EXPECT_NE(last_call(s)->what.find("reminder 1: a second notice went out"), std::string::npos) << "what waits ages into a call all the same";
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Calls, OnProbationComeAtOnceWhateverWasCalledBefore) {
  Scene s;
  s.start();
  s.deliver();
  EXPECT_EQ(s.give(Scene::answer()), std::nullopt);
  s.now = s.now + 5 * kHour;
  s.again("net/2");
  s.deliver();
  EXPECT_EQ(s.give(MeasureOrdered{kAnna, "it goes on", false}), std::nullopt);
  EXPECT_EQ(s.give(PortActionFinished{ActionId{1}, ActionResult::Verified, "down", Millis{3000}}), std::nullopt);
  EXPECT_EQ(s.give(Scene::talk()), std::nullopt);
  EXPECT_EQ(s.give(PortActionFinished{ActionId{2}, ActionResult::Verified, "up", Millis{3000}}), std::nullopt);
  s.now = s.now + 2 * kHour;
  s.again("net/3");
  EXPECT_NE(last_call(s)->what.find("came on probation"), std::string::npos);
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Calls, OneForSeveralUnclearMailsAndOneForARailWhateverItsFigures) {
  Scene s;
  s.to_pending();
  EXPECT_EQ(s.give(unclear_mail()), std::nullopt);
  const std::size_t calls = s.count<PersonAsked>();
  MailReceived another = unclear_mail();
  another.raw_sha256 = "00fe";
  EXPECT_EQ(s.give(another), std::nullopt);
  EXPECT_EQ(s.count<PersonAsked>(), calls) << "who reads the one sees the other";

  Scene held;
  held.to_pending();
  EXPECT_EQ(held.give(ApprovalGiven{ActionId{1}, kAnna, "clear"}), std::nullopt);
  for (int minute = 1; minute < 10; ++minute) {
    const std::string why = fmt::format("read {} s ago", minute);
    EXPECT_EQ(held.give(GuardsEvaluated{ActionId{1}, {{"G2 identity", GuardOutcome::Hold, "-", why}}}), std::nullopt);
  }
  EXPECT_EQ(held.count<PersonAsked>(), 1U);
}

TEST(Calls, WaitForTheMorningUnlessAPortOrAgeingProofHangsOnThem) {
  Scene s;
  s.to_silent();
  EXPECT_EQ(s.give(unclear_mail()), std::nullopt);
  EXPECT_TRUE(last_call(s)->can_wait);
  Scene pending;
  pending.to_pending();
  pending.wait(pending.policy.gather);
  EXPECT_FALSE(last_call(pending)->can_wait) << "the evidence grows too old";
  Scene early;
  early.start();
  EXPECT_EQ(early.give(Scene::objection()), std::nullopt);
  EXPECT_TRUE(last_call(early)->can_wait);
  Scene off;
  off.to_disabled();
  EXPECT_EQ(off.give(Scene::objection()), std::nullopt);
  EXPECT_FALSE(last_call(off)->can_wait) << "their server is down";
}

TEST(Calls, QuietHoursMayGoOverMidnight) {
  const WallTime midnight{std::chrono::hours{24 * 20'000}};
  const QuietHours night{std::chrono::hours{21}, std::chrono::hours{6}};
  EXPECT_EQ(quiet_until(night, midnight + 20 * kHour), std::nullopt);
  EXPECT_EQ(quiet_until(night, midnight + 21 * kHour), midnight + 30 * kHour);
  EXPECT_EQ(quiet_until(night, midnight + 3 * kHour), midnight + 6 * kHour);
  EXPECT_EQ(quiet_until(night, midnight + 6 * kHour), std::nullopt);
  EXPECT_EQ(quiet_until(QuietHours{std::chrono::hours{1}, std::chrono::hours{5}}, midnight + 2 * kHour), midnight + 5 * kHour);
  EXPECT_EQ(quiet_until(std::nullopt, midnight), std::nullopt);
}

TEST(Reminder, GoesToTheOwnerAtHalfTimeOnce) {
  Scene s;
  s.start();
  s.deliver();
  EXPECT_EQ(next_due(s.c, s.policy), s.now + s.policy.response_window / 2);
  s.wait(s.policy.response_window / 2);
  ASSERT_EQ(s.c.notices.size(), 2U);
  EXPECT_EQ(s.c.notices.back().kind, NoticeKind::Reminder);
  EXPECT_EQ(s.c.notices.back().contact, s.c.notices.front().contact) << "to whom the warning reached";
  EXPECT_TRUE(s.ordered("PF-7/notice/2"));
  s.deliver();
  s.wait(s.policy.response_window / 4);
  EXPECT_EQ(s.c.notices.size(), 2U);
  s.wait(s.policy.response_window / 4);
  EXPECT_EQ(s.c.state, State::Silent) << "the reminder moves no deadline";
  EXPECT_EQ(s.violation, std::nullopt);
}

TEST(Reminder, IsNotForWhoAnsweredOrWhoseMailNobodyHasReadOrWhereThePolicyWantsNone) {
  Scene answered;
  Scene unclear;
  Scene without;
  without.policy.remind_owner = false;
  for (Scene* s : {&answered, &unclear, &without}) {
    s->start();
    s->deliver();
  }
  EXPECT_EQ(answered.give(Scene::answer()), std::nullopt);
  EXPECT_EQ(unclear.give(unclear_mail()), std::nullopt);
  for (Scene* s : {&answered, &unclear, &without}) {
    s->wait(s->policy.response_window / 2);
    EXPECT_EQ(s->count<NoticeQueued>(), 1U);
    EXPECT_EQ(s->violation, std::nullopt);
  }
  EXPECT_EQ(unclear.give(MailJudged{"00ff", kAnna, false, "a newsletter"}), std::nullopt);
  EXPECT_EQ(unclear.count<NoticeQueued>(), 2U) << "then the reminder is still due";
}

TEST(Reminder, ThatBouncesGoesToTheNextContactAndThenToATelephone) {
  Scene s;
  s.start();
  s.deliver();
  s.wait(s.policy.response_window / 2);
  EXPECT_EQ(s.give(NoticeFailed{NoticeId{2}, "550 mailbox full"}), std::nullopt);
  EXPECT_EQ(s.c.notices.back().kind, NoticeKind::Reminder);
  EXPECT_EQ(s.c.notices.back().contact, ContactId{"boss@a.example"});
  EXPECT_EQ(s.give(NoticeFailed{NoticeId{3}, "550"}), std::nullopt);
  EXPECT_NE(s.last<PersonAsked>().what.find("telephone"), std::string::npos);
  EXPECT_EQ(s.c.state, State::Delivered) << "the warning itself was delivered";
  EXPECT_EQ(s.violation, std::nullopt);
}

}  // namespace
}  // namespace pinfold::desk::test
