#include "ticket/ticket.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ticket/aup.hpp"
#include "ticket/checklist.hpp"
#include "ticket/event_json.hpp"

namespace pinfold::ticket {
namespace {

const WallTime kNow{std::chrono::hours{24 * 20'000}};
const std::string kHash(64, 'a');

struct Desk {
  std::vector<Event> events;
  Ticket t;

  std::optional<std::string> put(EventBody body) {
    if (auto why = why_not(t, body)) {
      return why;
    }
    events.push_back({t.last_seq + 1, kNow, std::move(body)});
    apply(t, events.back());
    return std::nullopt;
  }
  void open(Kind kind = Kind::Suspicious) {
    EXPECT_EQ(put(Opened{CustomerId{"1001"}, ServerId{"srv-1"}, kind, "a perl in /dev/shm", Side::Customer, "owner"}), std::nullopt);
  }
  void audit(unsigned findings) {
    EXPECT_EQ(put(AuditOrdered{Side::Staff, "anna", {"/var/www"}, "a script in /dev/shm"}), std::nullopt);
    EXPECT_EQ(put(AuditConsented{"owner", "portal"}), std::nullopt);
    EXPECT_EQ(put(AuditRun{kHash, {"/var/www/shop"}, findings, "an upload form"}), std::nullopt);
    EXPECT_EQ(put(AuditRead{"anna"}), std::nullopt);
  }
};

TEST(Ticket, TurnsBetweenTheTwoSides) {
  Desk d;
  d.open();
  EXPECT_EQ(d.t.state, State::WaitsForStaff);
  EXPECT_EQ(d.put(Message{Side::Staff, "anna", "please keep a copy", {}, ""}), std::nullopt);
  EXPECT_EQ(d.t.state, State::WaitsForCustomer);
  EXPECT_EQ(d.put(Message{Side::Customer, "owner", "here", {{"x.pl", kHash, 12}}, "<m1>"}), std::nullopt);
  EXPECT_EQ(d.put(Message{Side::Customer, "owner", "here", {}, "<m1>"}), "nothing new: this message is here already");
  EXPECT_EQ(d.put(Message{Side::Customer, "owner", "", {{"x.pl", "../../etc", 12}}, ""}), "an attachment is known by its SHA-256");
  EXPECT_EQ(d.put(Closed{Side::Staff, "anna", "answered"}), std::nullopt);
  EXPECT_EQ(d.put(AuditRead{"anna"}), "T-0 is closed; a message opens it again");
  EXPECT_EQ(d.put(Message{Side::Customer, "owner", "it is back", {}, ""}), std::nullopt);
  EXPECT_EQ(d.t.state, State::WaitsForStaff);
}

TEST(Audit, ReadsNothingWithoutOrderAndConsentAndNothingOutside) {
  Desk d;
  d.open();
  const AuditRun run{kHash, {"/var/www/shop"}, 1, ""};
  EXPECT_EQ(d.put(run), "nobody ordered an audit: nothing of the customer's may be read");
  EXPECT_EQ(d.put(AuditOrdered{Side::Staff, "anna", {"/var/../home"}, "why"}), "a path is absolute and has no \"..\"");
  EXPECT_EQ(d.put(AuditOrdered{Side::Staff, "anna", {"/var/www"}, "why"}), std::nullopt);
  EXPECT_EQ(d.put(run), "the customer has not consented: nothing of theirs may be read");
  EXPECT_EQ(d.put(AuditConsented{"owner", "portal"}), std::nullopt);
  EXPECT_EQ(d.put(AuditRun{kHash, {"/var/www2"}, 1, ""}), "/var/www2 lies outside what was ordered");
  EXPECT_EQ(d.put(AuditRun{kHash, {"/var/www/../../home"}, 1, ""}), "/var/www/../../home lies outside what was ordered");
  EXPECT_EQ(d.put(run), std::nullopt);
  Desk own;
  own.open(Kind::AuditRequest);
  EXPECT_EQ(own.put(AuditOrdered{Side::Customer, "owner", {"/srv"}, "please look"}), std::nullopt);
  EXPECT_TRUE(own.t.audits.back().consented) << "who orders it, wants it";
}

TEST(Plan, EndsWithASecondAuditThatShowsItDone) {
  Desk d;
  d.open();
  EXPECT_NE(d.put(PlanSet{"anna", {{StepKind::Update, Side::Customer, "the shop"}}}), std::nullopt) << "before any audit";
  d.audit(3);
  EXPECT_EQ(d.put(PlanSet{"anna", {{StepKind::Update, Side::Customer, "the shop"}, {StepKind::Remove, Side::Staff, "x.php"}}}), std::nullopt);
  EXPECT_EQ(d.put(StepDone{3, "owner", ""}), "the plan has no such step");
  EXPECT_EQ(d.put(StepDone{1, "owner", "4.2"}), std::nullopt);
  EXPECT_EQ(d.put(StepDone{1, "owner", ""}), "the step is done already");
  EXPECT_NE(d.put(Closed{Side::Staff, "anna", "done"}), std::nullopt);
  EXPECT_EQ(d.put(StepDone{2, "anna", ""}), std::nullopt);
  EXPECT_EQ(checklist(d.t), std::vector<NextStep>{{Todo::OrderSecondAudit}});
  d.audit(1);
  EXPECT_FALSE(d.t.plan_is_proven()) << "it still finds something";
  d.audit(0);
  EXPECT_TRUE(d.t.plan_is_proven());
  EXPECT_EQ(d.put(Closed{Side::Staff, "anna", "done"}), std::nullopt);
}

TEST(Checklist, OfASuspiciousFileBeginsWithKeepingACopyAndEndsWithAnAudit) {
  Desk d;
  d.open();
  ASSERT_GE(checklist(d.t).size(), 4U);
  EXPECT_EQ(checklist(d.t).front(), (NextStep{Todo::KeepCopy, Side::Customer}));
  EXPECT_EQ(checklist(d.t, Side::Staff).front(), (NextStep{Todo::KeepCopy, Side::Staff})) << "who remediates at this service level";
  EXPECT_EQ(checklist(d.t).back(), NextStep{Todo::OrderAudit}) << "either side may";
  d.audit(2);
  EXPECT_EQ(checklist(d.t), (std::vector<NextStep>{{Todo::WritePlan, Side::Staff}}));
}

TEST(Checklist, FollowsAnAuditFromItsOrderToItsProof) {
  Desk d;
  d.open(Kind::AuditRequest);
  const auto next = [&d] { return checklist(d.t); };
  EXPECT_EQ(next(), std::vector<NextStep>{{Todo::OrderAudit}});
  EXPECT_EQ(d.put(AuditOrdered{Side::Staff, "anna", {"/var/www"}, "asked for"}), std::nullopt);
  EXPECT_EQ(next(), (std::vector<NextStep>{{Todo::Consent, Side::Customer}}));
  EXPECT_EQ(d.put(AuditConsented{"owner", "portal"}), std::nullopt);
  EXPECT_EQ(next(), (std::vector<NextStep>{{Todo::RunAudit, Side::Staff}}));
  EXPECT_EQ(d.put(AuditRun{kHash, {"/var/www"}, 1, ""}), std::nullopt);
  EXPECT_EQ(next(), (std::vector<NextStep>{{Todo::ReadReport, Side::Staff}}));
  EXPECT_EQ(d.put(AuditRead{"anna"}), std::nullopt);
  EXPECT_EQ(d.put(PlanSet{"anna", {{StepKind::Update, Side::Customer, "the shop"}, {StepKind::Remove, Side::Staff, "x.php"}}}), std::nullopt);
  EXPECT_EQ(d.put(StepDone{1, "owner", ""}), std::nullopt);
  EXPECT_EQ(next(), (std::vector<NextStep>{{Todo::DoStep, Side::Staff, 2}}));
  EXPECT_EQ(d.put(Closed{Side::Customer, "owner", "thank you"}), std::nullopt);
  EXPECT_TRUE(next().empty()) << "on a closed ticket nothing is left to do";
  Desk appeal;
  appeal.open(Kind::Appeal);
  EXPECT_EQ(checklist(appeal.t), (std::vector<NextStep>{{Todo::DecideAppeal, Side::Staff}}));
}

TEST(TicketJson, EveryKindSurvivesARoundTripAndNoFieldMayBeMissing) {
  const std::vector<EventBody> all{Opened{CustomerId{"1"}, ServerId{"s"}, Kind::Appeal, "subject", Side::Staff, "anna"},
                                   Message{Side::Customer, "owner", "text", {{"x.pl", kHash, 12}}, "<m>"},
                                   AuditOrdered{Side::Staff, "anna", {"/var/www"}, "why"},
                                   AuditConsented{"owner", "phone"},
                                   AuditRun{kHash, {"/var/www"}, 3, "summary"},
                                   AuditRead{"anna"},
                                   PlanSet{"anna", {{StepKind::Remove, Side::Staff, "x.php"}}},
                                   StepDone{1, "owner", "note"},
                                   Closed{Side::Customer, "owner", "done"}};
  ASSERT_EQ(all.size(), std::variant_size_v<EventBody>);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].index(), i);
    const auto json = to_json(all[i]);
    const auto parsed = parse_event(json);
    ASSERT_TRUE(parsed) << json;
    EXPECT_EQ(to_json(*parsed), json);
    for (const auto& [field, value] : json.items()) {
      auto without = json;
      without.erase(field);
      EXPECT_FALSE(parse_event(without)) << json << field;
    }
  }
}

TEST(Aup, PointsEachClassToItsClause) {
  const auto clauses =
      parse_clauses("# Terms\n## 4.2 No attacks on networks <!-- classes: port_scan, flood -->\ntext\n## 5 Sharing <!-- classes: file_sharing -->\n");
  ASSERT_TRUE(clauses);
  EXPECT_EQ(clauses->at(abuse::AbuseClass::Flood), "4.2 No attacks on networks");
  EXPECT_EQ(clauses->at(abuse::AbuseClass::FileSharing), "5 Sharing");
  EXPECT_EQ(parse_clauses("# A <!-- classes: scan -->\n").error(), "line 1: \"scan\" is no class of abuse");
  EXPECT_EQ(parse_clauses("# A <!-- classes: spam -->\n# B <!-- classes: spam -->\n").error(), "line 2: spam stands at \"A\" already");
  EXPECT_FALSE(parse_clauses("# A <!-- classes: spam\n"));
  EXPECT_FALSE(parse_clauses("no clause"));
}

TEST(Aup, ShowsWhatDiffersBetweenVersions) {
  EXPECT_EQ(differences("a\nb\nc", "a\nx\nc\nd"), (std::vector<std::string>{" a", "-b", "+x", " c", "+d"}));
  EXPECT_EQ(differences("a", "a"), std::vector<std::string>{" a"});
}

}  // namespace
}  // namespace pinfold::ticket
