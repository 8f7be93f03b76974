// Third parties' reports from a parsed mail to the findings inbox and the triage queue, over a real store.
#include "engine/reports/report_intake.hpp"

#include <gtest/gtest.h>

#include "engine/findings.hpp"
#include "message/authentication.hpp"
#include "store/store.hpp"
#include "support/sample_desk.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine {
namespace {

using test::kNoon;

class ReportIntakeTest : public ::testing::Test {
protected:
  ReportIntakeTest() {
    store->transact([&](records::Transaction& tx) { tx.inventory().replace(test::sample_inventory(), kNoon - Seconds{86'400}); });
  }
  static report::Report report_about(const std::string& address) {
    report::Report report;
    report.format = "arf";
    report.reporter = "reporter.example";
    report::Statement statement;
    statement.address = net::IpAddress::parse(address);
    statement.abuse_class = abuse::AbuseClass::Spam;
    statement.first = kNoon - Seconds{600};
    statement.last = statement.first;
    report::add_fact(statement, "agent", "Reporter Example Inc");
    report::add_fact(statement, "incidents", "7");
    report::add_statement(report, statement);
    return report;
  }
  static message::Mail authenticated() {
    message::Mail mail;
    mail.headers = {{"Authentication-Results", "mx.desk.example; dkim=pass header.d=reporter.example"}};
    return mail;
  }
  std::string take(const report::Report& report, const std::string& hash, const message::Mail& mail = authenticated()) {
    std::string note;
    store->transact([&](records::Transaction& tx) {
      note = describe(intake.take(tx, {hash, mail, report, kNoon, message::authenticated_domains(mail, "mx.desk.example")}));
    });
    return note;
  }
  std::vector<records::InboxItem> findings() {
    std::vector<records::InboxItem> items;
    store->read([&](records::Transaction& tx) { items = tx.inbox().pending("finding", 100); });
    return items;
  }
  std::vector<records::ReportRow> rows(records::ReportState state) {
    std::vector<records::ReportRow> found;
    store->read([&](records::Transaction& tx) { found = tx.reports().list(state, 100); });
    return found;
  }

  test::TempFolder folder;
  ManualClock clock{kNoon};
  std::unique_ptr<records::Store> store = store::open_sqlite(folder.path() / "pinfold.sqlite");
  DeskService service{*store, {}, clock, [] {}};
  ReportIntake intake{service};
};

TEST_F(ReportIntakeTest, MakesAFindingAboutTheServerThatHasTheAddress) {
  EXPECT_EQ(take(report_about("192.0.2.11"), "a"), "report: found");
  ASSERT_EQ(findings().size(), 1U);
  EXPECT_NE(findings()[0].payload.find("srv-1"), std::string::npos);
  EXPECT_EQ(rows(records::ReportState::Found).at(0).findings, 1U);
}

TEST_F(ReportIntakeTest, DoesNotTellTheCustomerWhoReported) {
  take(report_about("192.0.2.11"), "a");
  const std::string payload = findings().at(0).payload;
  EXPECT_EQ(payload.find("reporter.example"), std::string::npos) << payload;
  EXPECT_EQ(payload.find("Reporter Example"), std::string::npos) << payload;
  EXPECT_NE(payload.find("incidents"), std::string::npos);
  EXPECT_EQ(rows(records::ReportState::Found).at(0).reporter, "reporter.example");
}

TEST_F(ReportIntakeTest, TellsTheCustomerWhereTheOperatorWantsIt) {
  ReportIntake open(service, {true, false});
  store->transact([&](records::Transaction& tx) {
    static_cast<void>(open.take(tx, {"a", authenticated(), report_about("192.0.2.11"), kNoon, {"reporter.example"}}));
  });
  EXPECT_NE(findings().at(0).payload.find("reporter.example"), std::string::npos) << findings().at(0).payload;
}

TEST_F(ReportIntakeTest, JoinsTheSameStatementSentAgain) {
  take(report_about("192.0.2.11"), "a");
  take(report_about("192.0.2.11"), "b");
  EXPECT_EQ(findings().size(), 1U);
  EXPECT_EQ(take(report_about("192.0.2.11"), "a"), "a report that was taken before");
}

TEST_F(ReportIntakeTest, FilesWhatIsAboutOtherPeoplesAddresses) {
  EXPECT_EQ(take(report_about("198.51.100.99"), "a"), "report: not_ours");
  EXPECT_TRUE(findings().empty());
  EXPECT_EQ(rows(records::ReportState::NotOurs).at(0).not_ours, 1U);
}

TEST_F(ReportIntakeTest, KeepsWhatNothingUnderstandsForAPerson) {
  report::Report nothing;
  nothing.why = "no address that it clearly accuses";
  EXPECT_EQ(take(nothing, "a"), "report: triage");
  EXPECT_EQ(rows(records::ReportState::Triage).at(0).why, nothing.why);
}

TEST_F(ReportIntakeTest, MakesNoFindingOfASealedReportAndKeepsNoSubject) {
  report::Report sealed = report_about("192.0.2.11");
  sealed.sealed = true;
  message::Mail mail;
  mail.subject = "words that must not be seen";
  EXPECT_EQ(take(sealed, "a", mail), "report: triage");
  EXPECT_TRUE(findings().empty());
  EXPECT_TRUE(rows(records::ReportState::Triage).at(0).is_sealed);
  EXPECT_EQ(rows(records::ReportState::Triage).at(0).subject, "");
}

TEST_F(ReportIntakeTest, BelievesOnlyItsOwnMailServerAboutTheSender) {
  message::Mail mail;
  mail.headers = {
      {"Authentication-Results", "mx.desk.example; dkim=pass (2048 bit) header.d=reporter.example; spf=fail smtp.mailfrom=x@other.example"},
      {"Authentication-Results", "mx.forger.example; dkim=pass header.d=bank.example"}};
  take(report_about("192.0.2.11"), "a", mail);
  EXPECT_EQ(rows(records::ReportState::Found).at(0).authenticated, "reporter.example");
}

TEST_F(ReportIntakeTest, AsksAPersonAboutAStrangersReport) {
  EXPECT_EQ(take(report_about("192.0.2.11"), "a", message::Mail{}), "report: triage");
  EXPECT_EQ(findings().size(), 1U) << "it still counts for a case that is open";
  message::Mail other;
  other.headers = {{"Authentication-Results", "mx.desk.example; dkim=pass header.d=elsewhere.example"}};
  EXPECT_EQ(take(report_about("192.0.2.11"), "b", other), "report: triage") << "authenticated as somebody else";
}

TEST_F(ReportIntakeTest, GivesTheDeskACaseThatAReportAloneNeverDisables) {
  take(report_about("192.0.2.11"), "a");
  EXPECT_EQ(rows(records::ReportState::Found).size(), 1U);
  FindingWorker worker(service, clock);
  worker.work();
  std::vector<records::CaseSummary> cases;
  store->read([&](records::Transaction& tx) { cases = tx.cases().list(10); });
  ASSERT_EQ(cases.size(), 1U);
  EXPECT_EQ(cases[0].server.value, "srv-1");
  EXPECT_FALSE(service.prove(*service.find(cases[0].id)).holds());
}

}  // namespace
}  // namespace pinfold::engine
