#include "desk/event_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "scene.hpp"

namespace pinfold::desk::test {
namespace {

std::vector<EventBody> one_of_each() {
  const WallTime t = kStart + Micros{123'456};
  return {CaseOpened{ServerId{"srv-a"}, CustomerId{"c-1"}, abuse::Family::Content, 3, 2, StaffId{"anna"}},
          FindingRecorded{finding("net/1", kStart, t), IncidentId{2}, {IncidentId{3}, IncidentId{4}}},
          NoticeSubmitted{NoticeId{1}, "Q1", true},
          NoticeDelivered{NoticeId{1}, DeliveryProof::Presumed, "mx"},
          NoticeFailed{NoticeId{1}, "550"},
          MailReceived{MailKind::Mdn, "why", "from", "<id>", "00ff", "excerpt", true},
          MailJudged{"00ff", StaffId{"anna"}, true, "reason"},
          ResponseRecorded{ResponseChannel::SignedLink, "from", Statement::NotMine, t, "text", StaffId{"anna"}, "link-1"},
          GuardsEvaluated{ActionId{1}, {{"G4 uplink", GuardOutcome::Refuse, "alias core", "an uplink"}}},
          ApprovalGiven{ActionId{1}, StaffId{"anna"}, "clear"},
          ActionDropped{ActionId{1}, StaffId{}, "stale"},
          PortActionFinished{ActionId{1}, ActionResult::Mismatch, "up", Millis{42}},
          SilenceVerified{ActionId{1}, t, true},
          DiscussionRecorded{StaffId{"anna"}, "owner", "phone", "cause", "remedy", "conditions"},
          NoteAdded{StaffId{"anna"}, "text"},
          ClosedByStaff{StaffId{"anna"}, true, "reason"},
          NoticeQueued{NoticeId{2}, NoticeKind::SecondNotice, ContactId{"owner@a.example"}, "token", true, kHour},
          WindowPassed{NoticeId{2}, t},
          DisableRequested{ActionId{1}, {"warned: #3", "again: #9"}, true, true, 9, Ground::Emergency, StaffId{"anna"}, "a flood", 2},
          EnableRequested{ActionId{2}},
          PersonAsked{"decide"},
          ProbationEnded{},
          ClosedAfterQuiet{},
          ObjectionRaised{ResponseChannel::Portal, "owner@a.example", "that is our scanner"},
          ObjectionDecided{StaffId{"bert"}, true, "it is declared"},
          HoldReleased{ActionId{1}, StaffId{"bert"}, "the description is old"},
          Erased{"mail_received"}};
}

TEST(EventJson, EveryKindSurvivesARoundTrip) {
  std::set<std::size_t> kinds;
  std::set<std::string_view> names;
  for (const EventBody& body : one_of_each()) {
    const auto json = to_json(body);
    const auto parsed = parse_event(json);
    ASSERT_TRUE(parsed) << json << parsed.error();
    EXPECT_EQ(parsed->index(), body.index());
    EXPECT_EQ(to_json(*parsed), json);
    EXPECT_FALSE(describe(body).empty());
    kinds.insert(body.index());
    names.insert(kind_of(body));
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<EventBody>);
  EXPECT_EQ(names.size(), kinds.size());
}

/// Absent in what older versions wrote, or when there is nothing to say.
bool may_be_missing(const std::string& kind, const std::string& field) {
  static const std::set<std::string> fields{"promised", "level", "opened_by", "reference", "window_us", "ground", "needed"};
  const bool new_in_old_event =
      (kind == "response_recorded" && field == "by") || (kind == "disable_requested" && (field == "by" || field == "reason"));
  return fields.contains(field) || new_in_old_event;
}

TEST(EventJson, NoFieldMayBeMissingOrOfAnotherType) {
  for (const EventBody& body : one_of_each()) {
    const nlohmann::json whole = to_json(body);
    for (const auto& [field, value] : whole.items()) {
      nlohmann::json without = whole;
      without.erase(field);
      EXPECT_EQ(parse_event(without).has_value(), may_be_missing(whole["kind"], field)) << whole["kind"] << ' ' << field;
      nlohmann::json wrong = whole;
      wrong[field] = nullptr;
      const auto parsed = parse_event(wrong);
      ASSERT_FALSE(parsed) << whole["kind"] << ' ' << field;
      EXPECT_NE(parsed.error().find(field == "finding" ? "not an object" : field), std::string::npos) << parsed.error();
    }
  }
  EXPECT_EQ(parse_event(nlohmann::json{{"kind", "mischief"}}).error(), "kind: \"mischief\" is no event");
  EXPECT_FALSE(parse_event(nlohmann::json::array()));
}

TEST(EventJson, AStoredCaseFoldsToTheSameState) {
  Scene s;
  s.to_probation();
  std::vector<Event> again;
  for (const Event& event : s.events) {
    again.push_back({event.seq, event.at, *parse_event(to_json(event.body))});
  }
  const Case c = fold(CaseId{7}, again);
  EXPECT_EQ(c.state, State::Probation);
  EXPECT_EQ(c.last_seq, s.c.last_seq);
  EXPECT_EQ(c.actions.size(), 2U);
  EXPECT_EQ(check_invariants(c, again), std::nullopt);
}

TEST(Words, StatesHaveNamesThatParse) {
  for (unsigned i = 0; i <= static_cast<unsigned>(State::Closed); ++i) {
    const auto state = static_cast<State>(i);
    EXPECT_EQ(parse_state(to_string(state)), state);
  }
  EXPECT_EQ(parse_state("nowhere"), std::nullopt);
}

}  // namespace
}  // namespace pinfold::desk::test
