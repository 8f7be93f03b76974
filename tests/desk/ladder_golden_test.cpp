// Every state x every input, written out: a change of behaviour shows as a diff of tests/golden/desk/ladder.txt.
// PINFOLD_GOLDEN_WRITE=1 (make golden) rewrites the file.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "scene.hpp"

namespace pinfold::desk::test {
namespace {

struct StateRow {
  State state;
  void (*reach)(Scene&);
};

void approve(Scene& s) { ASSERT_EQ(s.give(ApprovalGiven{s.c.actions.back().id, StaffId{"anna"}, "clear"}), std::nullopt); }

const std::vector<StateRow>& state_rows() {
  static const std::vector<StateRow> rows{
      {State::Triage,
       [](Scene& s) {
         abuse::Finding weak = finding("net/1", s.now - kMinute, s.now);
         weak.confidence = {10};
         s.start(weak);
       }},
      {State::WarningQueued, [](Scene& s) { s.start(); }},
      {State::Sent,
       [](Scene& s) {
         s.start();
         ASSERT_EQ(s.give(NoticeSubmitted{NoticeId{1}, "Q1", false}), std::nullopt);
       }},
      {State::Delivered,
       [](Scene& s) {
         s.start();
         s.deliver();
       }},
      {State::Undeliverable,
       [](Scene& s) {
         s.contacts.pop_back();
         s.start();
         ASSERT_EQ(s.give(NoticeFailed{NoticeId{1}, "550"}), std::nullopt);
       }},
      {State::Answered,
       [](Scene& s) {
         s.start();
         s.deliver();
         ASSERT_EQ(s.give(Scene::answer()), std::nullopt);
       }},
      {State::Disputed,
       [](Scene& s) {
         s.start();
         s.deliver();
         ASSERT_EQ(s.give(Scene::objection()), std::nullopt);
       }},
      {State::SecondNotice,
       [](Scene& s) {
         s.start();
         s.deliver();
         ASSERT_EQ(s.give(Scene::answer()), std::nullopt);
         s.now = s.now + kDay;
         s.again();
       }},
      {State::Silent, [](Scene& s) { s.to_silent(); }},
      {State::DisablePending,
       [](Scene& s) {
         s.to_pending();
         approve(s);
       }},
      {State::Disabled, [](Scene& s) { s.to_disabled(); }},
      {State::Discussed,
       [](Scene& s) {  // stands only within one step; reached here event by event
         s.to_disabled();
         s.take(Step{{Scene::talk()}, {}});
       }},
      {State::Enabling,
       [](Scene& s) {
         s.to_disabled();
         ASSERT_EQ(s.give(Scene::talk()), std::nullopt);
       }},
      {State::Probation, [](Scene& s) { s.to_probation(); }},
      {State::ActionFailed,
       [](Scene& s) {
         s.to_pending();
         approve(s);
         ASSERT_EQ(s.give(PortActionFinished{ActionId{1}, ActionResult::Unknown, "", Millis{0}}), std::nullopt);
       }},
      {State::FalsePositive,
       [](Scene& s) {
         s.start();
         ASSERT_EQ(s.give(ClosedByStaff{StaffId{"anna"}, true, "ours"}), std::nullopt);
       }},
      {State::Closed,
       [](Scene& s) {
         s.start();
         ASSERT_EQ(s.give(ClosedByStaff{StaffId{"anna"}, false, "done"}), std::nullopt);
       }},
  };
  return rows;
}

struct InputRow {
  const char* name;
  Input (*make)(Scene&);  ///< may turn the clock first
};

NoticeId last_notice(const Scene& s) { return s.c.notices.empty() ? NoticeId{1} : s.c.notices.back().id; }
ActionId last_action(const Scene& s) { return s.c.actions.empty() ? ActionId{1} : s.c.actions.back().id; }

Input ended(const Scene& s, ActionResult result) { return PortActionFinished{last_action(s), result, "", Millis{0}}; }
Input guards(const Scene& s, GuardOutcome outcome) { return GuardsEvaluated{last_action(s), {{"G4 uplink", outcome, "alias cust", "read"}}}; }
Input mail(MailKind kind, bool needs_person) { return MailReceived{kind, "", "owner@a.example", "<m@a>", "00ff", "", needs_person}; }

/// A FindingArrived is put and followed by a Tick: what it leads to is the Tick's to say.
const std::vector<InputRow>& input_rows() {
  static const std::vector<InputRow> rows{
      {"tick", [](Scene&) -> Input { return Tick{}; }},
      {"tick after 25 h",
       [](Scene& s) -> Input {
         s.now = s.now + 25 * kHour;
         return Tick{};
       }},
      {"tick after 60 d",
       [](Scene& s) -> Input {
         s.now = s.now + 60 * kDay;
         return Tick{};
       }},
      {"tick after 40 s",
       [](Scene& s) -> Input {
         s.now = s.now + Seconds{40};
         return Tick{};
       }},
      {"new network finding",
       [](Scene& s) -> Input {
         s.now = s.now + 2 * kHour;
         return FindingArrived{finding("net/x", s.now, s.now)};
       }},
      {"late network finding", [](Scene&) -> Input { return FindingArrived{finding("net/y", kStart, kStart)}; }},
      {"new reporter finding",
       [](Scene& s) -> Input {
         s.now = s.now + 2 * kHour;
         return FindingArrived{finding("rep/x", s.now, s.now, abuse::Origin::Reporter)};
       }},
      {"same finding again", [](Scene&) -> Input { return FindingArrived{finding("net/1", kStart - kMinute, kStart)}; }},
      {"submitted",
       [](Scene& s) -> Input {
         return NoticeSubmitted{last_notice(s), "Q9", false};
       }},
      {"delivered",
       [](Scene& s) -> Input {
         return NoticeDelivered{last_notice(s), DeliveryProof::Dsn, "mx"};
       }},
      {"bounced",
       [](Scene& s) -> Input {
         return NoticeFailed{last_notice(s), "550"};
       }},
      {"first warning bounced",
       [](Scene&) -> Input {
         return NoticeFailed{NoticeId{1}, "550"};
       }},
      {"auto-reply", [](Scene&) { return mail(MailKind::AutoReply, false); }},
      {"unclear mail", [](Scene&) { return mail(MailKind::Unknown, true); }},
      {"mail judged",
       [](Scene&) -> Input {
         return MailJudged{"00ff", StaffId{"anna"}, true, "an answer"};
       }},
      {"response", [](Scene&) -> Input { return Scene::answer(); }},
      {"says it is intended",
       [](Scene&) -> Input {
         ResponseRecorded answer = Scene::answer();
         answer.statement = Statement::Intended;
         return answer;
       }},
      {"objection", [](Scene&) -> Input { return Scene::objection(); }},
      {"objection upheld",
       [](Scene&) -> Input {
         return ObjectionDecided{StaffId{"carl"}, true, "declared"};
       }},
      {"objection rejected",
       [](Scene&) -> Input {
         return ObjectionDecided{StaffId{"carl"}, false, "not declared"};
       }},
      {"measure ordered",
       [](Scene&) -> Input {
         return MeasureOrdered{StaffId{"carl"}, "phishing", false};
       }},
      {"emergency",
       [](Scene&) -> Input {
         return MeasureOrdered{StaffId{"carl"}, "a flood", true};
       }},
      {"hold released",
       [](Scene& s) -> Input {
         return HoldReleased{last_action(s), StaffId{"carl"}, "an old description"};
       }},
      {"guards pass", [](Scene& s) { return guards(s, GuardOutcome::Pass); }},
      {"guards hold", [](Scene& s) { return guards(s, GuardOutcome::Hold); }},
      {"approval",
       [](Scene& s) -> Input {
         return ApprovalGiven{last_action(s), StaffId{"bert"}, ""};
       }},
      {"action dropped",
       [](Scene& s) -> Input {
         return ActionDropped{last_action(s), StaffId{"bert"}, "no"};
       }},
      {"port verified", [](Scene& s) { return ended(s, ActionResult::Verified); }},
      {"port mismatch", [](Scene& s) { return ended(s, ActionResult::Mismatch); }},
      {"port unknown", [](Scene& s) { return ended(s, ActionResult::Unknown); }},
      {"port not sent", [](Scene& s) { return ended(s, ActionResult::NotSent); }},
      {"silence",
       [](Scene& s) -> Input {
         return SilenceVerified{last_action(s), s.now, true};
       }},
      {"no silence",
       [](Scene& s) -> Input {
         return SilenceVerified{last_action(s), s.now, false};
       }},
      {"discussion", [](Scene&) -> Input { return Scene::talk(); }},
      {"note",
       [](Scene&) -> Input {
         return NoteAdded{StaffId{"anna"}, "called"};
       }},
      {"closed by staff",
       [](Scene&) -> Input {
         return ClosedByStaff{StaffId{"anna"}, false, "done"};
       }},
      {"false positive",
       [](Scene&) -> Input {
         return ClosedByStaff{StaffId{"anna"}, true, "ours"};
       }},
  };
  return rows;
}

std::string outcome(Scene& s, const Input& input) {
  const std::size_t events = s.events.size();
  const std::size_t effects = s.effects.size();
  const auto why = std::holds_alternative<FindingArrived>(input) ? s.give(input) : s.put(input);
  if (why) {
    return "refused: " + *why;
  }
  std::string line(to_string(s.c.state));
  for (std::size_t i = events; i < s.events.size(); ++i) {
    line += (i == events ? " | " : ", ") + std::string(kind_of(s.events[i].body));
  }
  for (std::size_t i = effects; i < s.effects.size(); ++i) {
    line += (i == effects ? " | " : ", ") + s.effects[i].key;
  }
  return line;
}

std::string table() {
  std::ostringstream out;
  out << "# Every state x every input of the ladder: the state after it | events recorded | effects ordered, or why it is refused.\n"
         "# A finding is followed by a tick, as the engine does it. Written by tests/desk/ladder_golden_test.cpp (make golden).\n";
  for (const StateRow& row : state_rows()) {
    out << '\n' << to_string(row.state) << '\n';
    for (const InputRow& input : input_rows()) {
      Scene s;
      row.reach(s);
      EXPECT_EQ(s.c.state, row.state);
      const Input made = input.make(s);
      out << "  " << input.name << " -> " << outcome(s, made) << '\n';
      EXPECT_EQ(s.violation, std::nullopt) << to_string(row.state) << " + " << input.name;
    }
  }
  return out.str();
}

TEST(Ladder, EveryStateAndInputMatchesTheGoldenTable) {
  EXPECT_EQ(state_rows().size(), static_cast<std::size_t>(State::Closed) + 1);
  const std::string path = std::string(PINFOLD_SOURCE_DIR) + "/tests/golden/desk/ladder.txt";
  const std::string now = table();
  if (std::getenv("PINFOLD_GOLDEN_WRITE") != nullptr) {  // NOLINT(concurrency-mt-unsafe): one thread
    std::ofstream(path) << now;
  }
  std::ostringstream kept;
  kept << std::ifstream(path).rdbuf();
  EXPECT_EQ(now, kept.str()) << "if the change is meant: make golden, and read the diff";
}

}  // namespace
}  // namespace pinfold::desk::test
