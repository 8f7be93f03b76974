#include "ticket/audit_report.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace pinfold::ticket {
namespace {

const WallTime kNow{std::chrono::hours{24 * 20'000}};

std::string finding(std::string_view kind, std::string_view severity, std::string_view subject, std::string_view step) {
  return fmt::format(
      R"({{"type":"finding","kind":"{}","severity":"{}","subject":"{}","what":"is bad","why":"because","first":"Do this.","step":"{}"}})"
      "\n",
      kind, severity, subject, step);
}
std::string summary(std::string_view order = "T-7", std::string_view path = "/var/www/shop") {
  return fmt::format(R"({{"type":"summary","order":"{}","paths":["{}"],"hostname":"srv-1","started":"2026-11-26T12:00:00Z","findings":99}})"
                     "\n",
                     order, path);
}

Ticket ordered() {
  Ticket t;
  t.id = TicketId{7};
  std::uint32_t seq = 0;
  for (EventBody body : std::vector<EventBody>{Opened{CustomerId{"1"}, ServerId{"srv-1"}, Kind::AuditRequest, "an audit", Side::Staff, "anna"},
                                               AuditOrdered{Side::Staff, "anna", {"/var/www"}, "why"}, AuditConsented{"owner", "phone"}}) {
    EXPECT_EQ(why_not(t, body), std::nullopt);
    apply(t, Event{++seq, kNow, std::move(body)});
  }
  return t;
}

TEST(AuditReport, IsReadLineByLineAndCountsForItself) {
  const auto report = parse_audit_report(
      finding("malicious_script", "high", "/var/www/x.php", "remove") + finding("mount_option", "info", "/tmp", "change") +
      "{\"type\":\"application\",\"app\":\"X\"}\n{\"type\":\"left_out\",\"what\":\"links\",\"count\":3}\n{\"type\":\"news\"}\n" + summary());
  ASSERT_TRUE(report) << report.error();
  EXPECT_EQ(report->counted, 1U) << "the machine's own count is not believed";
  EXPECT_EQ(report->applications, 1U);
  EXPECT_EQ(report->left_out, 3U);
  EXPECT_EQ(report->unknown_lines, 1U);
  EXPECT_EQ(summary_of(*report), "1 findings: malicious_script 1; 1 applications");
}

TEST(AuditReport, ThatIsCutOrFaultyIsRefusedWithTheLine) {
  EXPECT_EQ(parse_audit_report(finding("a", "high", "x", "remove")).error(), "the report has no summary: it is cut");
  EXPECT_EQ(parse_audit_report("nonsense\n").error().substr(0, 7), "line 1:");
  EXPECT_EQ(parse_audit_report(summary() + finding("a", "high", "x", "explode")).error(), "line 2: step: not a valid value");
  EXPECT_FALSE(parse_audit_report(std::string(kMaxReportBytes + 1, '\n')));
}

TEST(AuditReport, AnswersTheOrderItNamesAndNoOther) {
  const Ticket t = ordered();
  EXPECT_EQ(why_not_for(t, *parse_audit_report(summary())), std::nullopt);
  EXPECT_EQ(why_not_for(t, *parse_audit_report(summary("T-8"))), "the report answers the order T-8, not T-7");
  EXPECT_EQ(why_not_for(t, *parse_audit_report(summary("T-7", "/home/bob"))), "/home/bob lies outside what was ordered");
}

TEST(AuditReport, TextsFromTheServerCannotMoveATerminal) {
  const auto report = parse_audit_report(finding("a", "high", "\\u001b[2J", "remove") + summary());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->findings[0].subject, "\\x1b[2J");
}

TEST(AuditPlan, HasAStepForEachFindingAndNoneForAdvice) {
  const auto report =
      parse_audit_report(finding("malicious_script", "high", "/x.php", "remove") + finding("vulnerable_application", "high", "/shop", "update") +
                         finding("mount_option", "info", "/tmp", "change") + summary());
  const auto plan = recommended_plan(*report);
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_EQ(plan[0], (PlanStep{StepKind::Remove, Side::Customer, "/x.php: is bad. Do this."}));
  EXPECT_EQ(plan[1].kind, StepKind::Update);
}

TEST(AuditPlan, DrawsTogetherWhatIsTooMuchForATicket) {
  std::string text;
  for (int i = 0; i < 500; ++i) {
    text += finding("world_writable_web", "medium", "/a" + std::to_string(i), "change");
  }
  for (int i = 0; i < 5; ++i) {
    text += finding("malicious_script", "high", "/x" + std::to_string(i), "remove");
  }
  const auto plan = recommended_plan(*parse_audit_report(text + summary()));
  ASSERT_EQ(plan.size(), 6U);
  EXPECT_EQ(plan[0].what.substr(0, 37), "world_writable_web (500): Do this. /a");
  EXPECT_NE(plan[0].what.find("and 492 more"), std::string::npos);
  EXPECT_EQ(plan[5].what, "/x4: is bad. Do this.");
  std::string kinds;
  for (int i = 0; i < 200; ++i) {
    kinds += finding("kind" + std::to_string(i), "high", "/x", "remove");
  }
  EXPECT_LE(recommended_plan(*parse_audit_report(kinds + summary())).size(), kMaxSteps);
}

}  // namespace
}  // namespace pinfold::ticket
