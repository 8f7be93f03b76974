// The same past under another policy.
#include "desk/replay.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "desk/scene.hpp"

namespace pinfold::desk::test {
namespace {

std::vector<std::string> under(const Scene& s, const Policy& policy) {
  return differences(milestones(s.events), milestones(replay(s.c.id, s.events, policy, s.now).events));
}

TEST(Replay, UnderTheSamePolicyNothingDiffers) {
  Scene cut_off;
  cut_off.to_probation();
  EXPECT_EQ(under(cut_off, cut_off.policy), std::vector<std::string>{});
  const Replayed again = replay(cut_off.c.id, cut_off.events, cut_off.policy, cut_off.now);
  EXPECT_EQ(again.left_out, 0U);
  EXPECT_EQ(again.assumed, 4U) << "the two last notices, of whose way the record says nothing";
  EXPECT_EQ(check_invariants(fold(cut_off.c.id, again.events), again.events), std::nullopt);
}

TEST(Replay, PutsNothingInThatTheLadderConcludesItself) {
  Scene s;
  s.start();
  s.deliver();
  ResponseRecorded intended = Scene::answer();
  intended.statement = Statement::Intended;
  EXPECT_EQ(s.give(intended), std::nullopt);
  s.now = s.now + kHour;
  EXPECT_EQ(s.give(ObjectionDecided{StaffId{"carl"}, false, "it is not"}), std::nullopt);
  s.now = s.now + kHour;
  EXPECT_EQ(s.give(MailReceived{MailKind::Unknown, "why", "owner@a.example", "<m@a>", "00ff", "text", true}), std::nullopt);
  s.now = s.now + kHour;
  EXPECT_EQ(s.give(MailJudged{"00ff", StaffId{"carl"}, true, "they mend it"}), std::nullopt);
  s.now = s.now + 30 * kHour;
  s.again();
  EXPECT_EQ(s.give(MeasureOrdered{StaffId{"anna"}, "it goes on", false}), std::nullopt);
  const Replayed again = replay(s.c.id, s.events, s.policy, s.now);
  EXPECT_EQ(again.left_out, 0U) << "an order approves, a judged mail answers, an answer objects";
  const auto answers = std::count_if(again.events.begin(), again.events.end(),
                                     [](const Event& event) { return std::holds_alternative<ResponseRecorded>(event.body); });
  EXPECT_EQ(answers, 2) << "and each once";
}

TEST(Replay, ALongerWindowWouldHaveSparedThePort) {
  Scene s;
  s.to_disabled();
  Policy patient = s.policy;
  patient.response_window = 5 * kDay;
  const auto lines = under(s, patient);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_NE(lines[0].find("disable asked for never"), std::string::npos);
  EXPECT_NE(lines[1].find("port off never"), std::string::npos);
  EXPECT_EQ(lines[2], "ends delivered instead of disabled");
  EXPECT_GT(replay(s.c.id, s.events, patient, s.now).left_out, 0U) << "the approval has nothing to approve";
}

TEST(Replay, ShowsWhatAnObservedPastWouldHaveBeenWhenArmed) {
  Scene s;
  s.policy.warnings = Arming::Observe;
  s.policy.measures = Arming::Observe;
  s.start();
  s.now = s.now + 26 * kHour;
  s.again("net/2");
  s.again("host/2", abuse::Origin::Host);
  Policy armed = armed_policy();
  armed.approval = Approval::Auto;
  const Replayed result = replay(s.c.id, s.events, armed, s.now + kHour);
  EXPECT_GT(result.assumed, 0U);
  const Milestones m = milestones(result.events);
  EXPECT_TRUE(m.warned && m.disabled);
  EXPECT_EQ(check_invariants(fold(s.c.id, result.events), result.events), std::nullopt);
}

TEST(Replay, KnowsFromTheRecordThatOurEarsWereShut) {
  Scene s;
  s.to_silent();
  s.now = s.now + kHour;
  s.ears.open_since = s.now - kMinute;  // nobody could have answered before
  s.again();
  ASSERT_EQ(s.count<DisableRequested>(), 0U);
  s.now = s.now + kHour;
  s.again("net/3");
  EXPECT_EQ(under(s, s.policy), std::vector<std::string>{}) << "no port goes off that had been spared";
  Policy longer = s.policy;
  longer.response_window = s.policy.response_window + kHour + kMinute;
  EXPECT_EQ(under(s, longer), (std::vector<std::string>{})) << "whatever the window: an answer to that warning may be lost";
}

TEST(Replay, OfSomethingElseIsEmpty) { EXPECT_TRUE(replay(CaseId{1}, {}, armed_policy(), kStart).events.empty()); }

}  // namespace
}  // namespace pinfold::desk::test
