// Mail from the acknowledgement to the case or the triage queue, over a real store and the real sealed reader.
#include "engine/mail/mail_intake.hpp"

#include <gtest/gtest.h>

#include "store/evidence_files.hpp"
#include "store/store.hpp"
#include "support/sample_desk.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine {
namespace {

using test::kNoon;

class MailIntakeTest : public ::testing::Test {
protected:
  MailIntakeTest() {
    store->transact([&](records::Transaction& tx) { tx.inventory().replace(test::sample_inventory(), kNoon - Seconds{86'400}); });
  }
  /// A case whose first warning has been written; its reply address.
  std::string open_case() {
    id = *service.take_finding(test::sample_finding(abuse::Origin::Network, kNoon - Seconds{60}, "f-1"));
    const desk::Case c = *service.find(id);
    return mail::reply_address(ours, id, c.notices.at(0).token);
  }
  std::vector<records::ReportRow> triage() {
    std::vector<records::ReportRow> found;
    store->read([&](records::Transaction& tx) { found = tx.reports().list(records::ReportState::Triage, 100); });
    return found;
  }
  std::size_t events() {
    std::size_t count = 0;
    store->read([&](records::Transaction& tx) { count = tx.cases().events(id).size(); });
    return count;
  }
  static std::string reply_to(const std::string& address) {
    return "From: owner@customer.example\r\nTo: " + address + "\r\nSubject: Re: your notice\r\n\r\nWe have stopped it.\r\n";
  }

  test::TempFolder folder;
  ManualClock clock{kNoon};
  std::unique_ptr<records::Store> store = store::open_sqlite(folder.path() / "pinfold.sqlite");
  store::FileEvidenceStore evidence{folder.path() / "evidence"};
  mail::Reader reader{std::filesystem::path(PINFOLD_BINARY_DIR) / "bin/pinfold-reader", system_clock()};
  DeskService service{*store, {}, clock, [] {}};
  mail::OurAddresses ours{"abuse", "desk.example", "b", "bounce.desk.example"};
  MailIntake intake{service, evidence, reader, {ours, {"abuse", "other-brand.example", "b", "other-brand.example"}}, clock, [] {}};
  CaseId id;
};

TEST_F(MailIntakeTest, CountsAContactsReplyThatCameByImap) {
  const std::string address = open_case();
  ASSERT_TRUE(intake.take_polled(reply_to(address)));
  intake.work();
  EXPECT_TRUE(service.find(id)->answered());
  EXPECT_TRUE(triage().empty());
}

TEST_F(MailIntakeTest, TakesTheSameMailOnce) {
  const std::string address = open_case();
  ASSERT_TRUE(intake.take_polled(reply_to(address)));
  intake.work();
  const auto before = events();
  ASSERT_TRUE(intake.take_polled(reply_to(address)));
  intake.work();
  EXPECT_EQ(events(), before);
}

TEST_F(MailIntakeTest, BelievesTheReturnPathHeaderWhereThereIsNoEnvelope) {
  const std::string address = open_case();
  ASSERT_TRUE(intake.take_polled("Return-Path: <>\r\n" + reply_to(address)));
  intake.work();
  EXPECT_FALSE(service.find(id)->answered()) << "no person writes with a null return path";
}

TEST_F(MailIntakeTest, ShowsAPersonWhatCitesNoCaseAndWhatCannotBeRead) {
  ASSERT_TRUE(
      intake.take_polled("From: neighbour@elsewhere.example\r\nSubject: hello\r\n\r\nWe have stopped it.\r\n"));  // no contact's: that is a ticket
  ASSERT_TRUE(intake.take_polled("From: x@y.example\r\n" + std::string(40'000, 'h') + ": x\r\n\r\nx\r\n"));
  ASSERT_TRUE(intake.take_polled("From: x@y.example\r\nAuto-Submitted: auto-replied\r\nSubject: away\r\n\r\nx\r\n"));
  intake.work();
  ASSERT_EQ(triage().size(), 2U) << "an automatic answer to nothing needs nobody";
  EXPECT_NE(triage()[0].why.find("unknown"), std::string::npos);
  EXPECT_NE(triage()[1].why.find("unreadable"), std::string::npos) << triage()[1].why;
}

}  // namespace
}  // namespace pinfold::engine
