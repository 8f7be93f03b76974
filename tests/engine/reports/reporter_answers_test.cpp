// How a reporter's record comes about, and whom an answer goes to, over a real store and a mail server of the test's.
#include "engine/reports/reporter_answers.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "engine/findings.hpp"
#include "engine/reports/report_finding.hpp"
#include "engine/reports/report_intake.hpp"
#include "mail/loopback.hpp"
#include "store/store.hpp"
#include "support/sample_desk.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine {
namespace {

using test::kNoon;

class ReporterAnswersTest : public ::testing::Test {
protected:
  ReporterAnswersTest() {
    policy.warnings = desk::Arming::Armed;
    service = std::make_unique<DeskService>(*store, policy, clock, [] {});
    store->transact([&](records::Transaction& tx) { tx.inventory().replace(test::sample_inventory(), kNoon - Seconds{86'400}); });
    config.mail.domain = "desk.example";
    config.mail.from_local = "abuse";
    config.mail.from_name = "Example Abuse Desk";
    config.mail.bounce_domain = "desk.example";
  }
  void take(const std::string& from, const std::string& hash) {
    report::Report report;
    report.format = "arf";
    report.reporter = "reporter.example";
    report.report_id = "R-17";
    report::Statement statement;
    statement.address = net::IpAddress::parse("192.0.2.11");
    statement.abuse_class = abuse::AbuseClass::Spam;
    statement.first = kNoon - Seconds{600};
    report::add_statement(report, statement);
    message::Mail mail;
    mail.from = {{"", from}};
    mail.message_id = "their-1@reporter.example";
    ReportIntake intake(*service);
    store->transact([&](records::Transaction& tx) { static_cast<void>(intake.take(tx, {hash, mail, report, kNoon, {"reporter.example"}})); });
    FindingWorker findings(*service, clock);
    findings.work();
  }
  void close(bool false_positive) { ASSERT_TRUE(service->apply(CaseId{1}, desk::ClosedByStaff{StaffId{"op"}, false_positive, "done"})); }
  records::ReporterRecord record() {
    std::vector<records::ReporterRecord> all;
    store->read([&](records::Transaction& tx) { all = tx.reports().reporters(10); });
    return all.empty() ? records::ReporterRecord{} : all.front();
  }
  std::vector<records::Job> answers() {
    std::vector<records::Job> jobs;
    store->read([&](records::Transaction& tx) { jobs = tx.outbox().of_case(CaseId{1}); });
    std::erase_if(jobs, [](const records::Job& job) { return job.kind != kAnswerReporter; });
    return jobs;
  }
  /// A round with a mail server that nobody answers at: what is queued stays queued.
  void work(const mail::Submitter& submitter) {
    auto text = mail::ReportAnswerTemplate::load(std::filesystem::path(PINFOLD_SOURCE_DIR) / "templates");
    ASSERT_TRUE(text) << text.error();
    ReporterAnswers worker(*service, config, submitter, *std::move(text), clock);
    worker.work();
  }
  static mail::SubmitOptions nobody() {
    mail::SubmitOptions options;
    options.host = "127.0.0.1";
    options.port = mail::Listener().port();
    options.tls = mail::Tls::Off;
    return options;
  }

  test::TempFolder folder;
  ManualClock clock{kNoon};
  std::unique_ptr<records::Store> store = store::open_sqlite(folder.path() / "pinfold.sqlite");
  desk::Policy policy;
  std::unique_ptr<DeskService> service;
  config::Config config;
};

TEST_F(ReporterAnswersTest, TellsOnceADayWhoReportsAddressesThatAreNotOurs) {
  const auto report_elsewhere = [&](const std::string& hash, WallTime at, std::vector<std::string> authenticated, bool wanted) {
    report::Report report;
    report.format = "arf";
    report.reporter = "reporter.example";
    for (const char* address : {"198.51.100.7", "198.51.100.8"}) {
      report::Statement statement;
      statement.address = net::IpAddress::parse(address);
      statement.abuse_class = abuse::AbuseClass::Spam;
      report::add_statement(report, statement);
    }
    message::Mail mail;
    mail.from = {{"", "noc@reporter.example"}};
    mail.message_id = "their-" + hash + "@reporter.example";
    ReportIntake intake(*service, {false, wanted});
    store->transact([&](records::Transaction& tx) { static_cast<void>(intake.take(tx, {hash, mail, report, at, std::move(authenticated)})); });
  };
  const auto queued = [&] {
    std::vector<records::Job> jobs;
    store->read([&](records::Transaction& tx) { jobs = tx.outbox().page(records::JobState::Queued, std::nullopt, 100); });
    return jobs;
  };
  report_elsewhere("a", kNoon, {"reporter.example"}, false);
  report_elsewhere("b", kNoon, {}, true);
  EXPECT_TRUE(queued().empty()) << "not wanted, and nobody knows whether he wrote it";
  report_elsewhere("c", kNoon, {"reporter.example"}, true);
  report_elsewhere("d", kNoon + Seconds{60}, {"reporter.example"}, true);
  ASSERT_EQ(queued().size(), 1U);
  report_elsewhere("e", kNoon + Seconds{86'400}, {"reporter.example"}, true);
  EXPECT_EQ(queued().size(), 2U);

  const auto text = mail::ReportAnswerTemplate::load(std::filesystem::path(PINFOLD_SOURCE_DIR) / "templates");
  ASSERT_TRUE(text) << text.error();
  mail::ReportAnswer answer;
  answer.to = "noc@reporter.example";
  answer.address = "198.51.100.7 and 1 more";
  answer.is_ours = false;
  const std::string mail = text->write(answer, {});
  EXPECT_NE(mail.find("None of our customers has this address"), std::string::npos) << mail;
  EXPECT_EQ(mail.find("We looked into it"), std::string::npos) << "nothing was looked into: " << mail;
}

TEST_F(ReporterAnswersTest, CountsWhoWasRightAndWhoWasWrong) {
  take("noc@reporter.example", "a");
  EXPECT_EQ(record().findings, 1U);
  EXPECT_EQ(record().right + record().wrong, 0U);
  close(false);
  work(mail::Submitter(nobody()));
  EXPECT_EQ(record().right, 1U);
  EXPECT_TRUE(record().is_authenticated);
}

TEST_F(ReporterAnswersTest, CountsAFalsePositiveAgainstThem) {
  take("noc@reporter.example", "a");
  close(true);
  work(mail::Submitter(nobody()));
  EXPECT_EQ(record().wrong, 1U);
}

TEST_F(ReporterAnswersTest, CountsAFindingThatAPersonMadeOfAReport) {
  report::Report unread;
  unread.reporter = "reporter.example";
  message::Mail mail;
  mail.from = {{"", "noc@reporter.example"}};
  ReportIntake intake(*service);
  store->transact([&](records::Transaction& tx) { static_cast<void>(intake.take(tx, {"a", mail, unread, kNoon, {"reporter.example"}})); });
  EXPECT_EQ(record().findings, 0U);
  store->transact([&](records::Transaction& tx) {
    const auto row = tx.reports().find_raw("a");
    ASSERT_TRUE(row);
    keep_report_finding(tx, *row, {ServerId{"srv-1"}, abuse::AbuseClass::Spam, "", kNoon - Seconds{600}}, kNoon);
  });
  FindingWorker findings(*service, clock);
  findings.work();
  close(true);
  work(mail::Submitter(nobody()));
  EXPECT_EQ(record().findings, 1U);
  EXPECT_EQ(record().wrong, 1U);
  EXPECT_TRUE(record().is_authenticated);
}

TEST_F(ReporterAnswersTest, AnswersOnceAndOnlyWhereTheSenderWasAuthenticated) {
  take("noc@reporter.example", "a");
  close(false);
  work(mail::Submitter(nobody()));
  work(mail::Submitter(nobody()));
  EXPECT_EQ(answers().size(), 1U);
}

TEST_F(ReporterAnswersTest, WritesToNobodyBecauseOfAForgedHeaderOrAMuteMailbox) {
  take("victim@elsewhere.example", "a");
  take("noreply@reporter.example", "b");
  close(false);
  work(mail::Submitter(nobody()));
  EXPECT_TRUE(answers().empty());
}

TEST_F(ReporterAnswersTest, WritesToNobodyWhileWarningsAreOnlyObserved) {
  policy.warnings = desk::Arming::Observe;
  service = std::make_unique<DeskService>(*store, policy, clock, [] {});
  take("noc@reporter.example", "a");
  close(false);
  work(mail::Submitter(nobody()));
  EXPECT_TRUE(answers().empty());
  EXPECT_EQ(record().right, 1U);
}

TEST_F(ReporterAnswersTest, SendsTheAnswerWithANullReturnPathAndItsThread) {
  take("noc@reporter.example", "a");
  close(false);
  mail::Listener listener;
  std::string heard;
  std::thread server([&] {
    mail::Stream client = listener.accept_one();
    client.say("220 x\r\n");
    for (std::string line = client.line(); !line.empty(); line = client.line()) {
      heard += line;
      if (line.substr(0, 4) == "EHLO") {
        client.say("250-x\r\n250 DSN\r\n");
      } else if (line.substr(0, 4) == "DATA") {
        client.say("354 go\r\n");
        for (std::string text = client.line(); !text.empty() && text != ".\r\n"; text = client.line()) {
          heard += text;
        }
        client.say("250 2.0.0 Ok: queued as 4XyZ\r\n");
      } else if (line.substr(0, 4) == "QUIT") {
        client.say("221 bye\r\n");
        break;
      } else {
        client.say("250 ok\r\n");
      }
    }
  });
  mail::SubmitOptions options = nobody();
  options.port = listener.port();
  work(mail::Submitter(options));
  server.join();
  EXPECT_NE(heard.find("MAIL FROM:<>"), std::string::npos) << heard;
  EXPECT_NE(heard.find("RCPT TO:<noc@reporter.example>"), std::string::npos);
  EXPECT_NE(heard.find("Auto-Submitted: auto-replied"), std::string::npos);
  EXPECT_NE(heard.find("In-Reply-To: <their-1@reporter.example>"), std::string::npos);
  EXPECT_NE(heard.find("192.0.2.11"), std::string::npos);
  EXPECT_EQ(heard.find("customer.example"), std::string::npos) << "the customer is not named";
  EXPECT_EQ(answers().at(0).state, records::JobState::Done);
}

}  // namespace
}  // namespace pinfold::engine
