// What becomes of a notice between the outbox and the operator's mail server: brands, the limit of a mailbox, reminders that nobody needs any more,
// and an attempt whose answer was lost, found out in the mail server's log.
#include "engine/mail/notices.hpp"

#include <fstream>

#include "engine/jobs.hpp"
#include "engine/people_lab.hpp"
#include "engine/places.hpp"

namespace pinfold::engine {
namespace {

class NoticesTest : public test::PeopleLab {
protected:
  NoticesTest() { policy.gather = Seconds{1}; }
  /// The outbox's notices until nothing is due.
  void send(const ServerLog* log = nullptr) {
    NoticeWorker worker(desk(), config, to_sink, templates, clock, log);
    while (worker.work()) {
    }
  }
  [[nodiscard]] CaseId open_case_of(const ServerId& server, const std::string& finding) {
    abuse::Finding f = pinfold::test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, finding);
    f.server = server;
    const CaseId id = *desk().take_finding(f);
    clock.advance(Seconds{60});  // a case gathers for a moment before it writes
    desk().tick_due();
    return id;
  }
  [[nodiscard]] std::string message_id_of(CaseId id) {
    const desk::Notice notice = desk().find(id)->notices.at(0);
    return mail::message_id(our_addresses(config), id, notice.id, notice.token);
  }

  mail::Submitter to_sink = submitter();
  mail::Templates templates = *mail::Templates::load(templates_folder());
};

TEST_F(NoticesTest, WearTheBrandOfTheirCustomer) {
  std::filesystem::create_directories(folder.path() / "brand/de");
  std::ofstream(folder.path() / "brand/de/warning.subject.mustache") << "[{{case}}] Zweite Marke";
  config.brands = {{"Zweite Marke", "hilfe", "zwei.example", "b.zwei.example", "", "", folder.path() / "brand", {"20*"}}};
  static_cast<void>(open_case_of(ServerId{"srv-1"}, "net/1"));
  static_cast<void>(open_case_of(ServerId{"srv-2"}, "net/2"));
  send();
  const auto mails = sink.mails();
  ASSERT_EQ(mails.size(), 2U);
  const auto& plain = mails[0];
  EXPECT_NE(plain.text.find("From: Example Hosting <abuse@hosting.example>"), std::string::npos) << plain.text.substr(0, 600);
  const auto& branded = mails[1];
  EXPECT_EQ(branded.to, "zwei@other.example");
  EXPECT_NE(branded.from.find("@b.zwei.example"), std::string::npos) << branded.from << ": bounces come back by the brand's own domain";
  EXPECT_NE(branded.text.find("From: Zweite Marke <hilfe@zwei.example>"), std::string::npos) << branded.text.substr(0, 600);
  EXPECT_NE(branded.text.find("Zweite Marke\r\n"), std::string::npos) << "its own subject";
  EXPECT_NE(branded.text.find("Guten Tag"), std::string::npos) << "what the brand does not have is the program's";
}

TEST_F(NoticesTest, OverTheLimitOfAMailboxWaitAnHour) {
  config.mail.per_recipient = 2;
  std::vector<CaseId> ids;
  for (const auto abuse_class : {abuse::AbuseClass::PortScan, abuse::AbuseClass::Phishing, abuse::AbuseClass::OpenService}) {
    abuse::Finding f = pinfold::test::sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, "net/" + std::to_string(ids.size()));
    f.abuse_class = abuse_class;
    ids.push_back(*desk().take_finding(f));
  }
  clock.advance(Seconds{60});
  desk().tick_due();
  send();
  EXPECT_EQ(sink.mails().size(), 2U) << "three cases of one owner";
  clock.advance(std::chrono::minutes{59});
  send();
  EXPECT_EQ(sink.mails().size(), 2U);
  clock.advance(std::chrono::minutes{2});
  send();
  EXPECT_EQ(sink.mails().size(), 3U);
}

TEST_F(NoticesTest, AReminderGoesOutAtHalfTimeWithTheDeadlineThatStands) {
  const CaseId id = open_case_of(ServerId{"srv-1"}, "net/1");
  send();
  EXPECT_TRUE(desk().apply(id, desk::NoticeDelivered{NoticeId{1}, desk::DeliveryProof::Dsn, "mx"}));
  const WallTime deadline = clock.wall() + policy.response_window;
  clock.advance(policy.response_window / 2);
  desk().tick_due();
  send();
  ASSERT_EQ(sink.mails().size(), 2U);
  const std::string text = sink.mails()[1].text;
  EXPECT_NE(text.find("reminder"), std::string::npos);
  EXPECT_NE(text.find(to_people(deadline)), std::string::npos) << text.substr(0, 900);
  EXPECT_NE(text.find("In-Reply-To: <" + message_id_of(id)), std::string::npos) << "in the thread of the warning";
}

TEST_F(NoticesTest, AReminderThatTheOwnerHasOvertakenIsNotSent) {
  const CaseId id = open_case_of(ServerId{"srv-1"}, "net/1");
  send();
  EXPECT_TRUE(desk().apply(id, desk::NoticeDelivered{NoticeId{1}, desk::DeliveryProof::Dsn, "mx"}));
  clock.advance(policy.response_window / 2);
  desk().tick_due();
  EXPECT_TRUE(
      desk().apply(id, desk::ResponseRecorded{desk::ResponseChannel::Portal, "owner", desk::Statement::Looking, std::nullopt, "we look", {}, "p1"}));
  send();
  EXPECT_EQ(sink.mails().size(), 1U);
  EXPECT_FALSE(desk().find(id)->notices.at(1).submitted);
}

/// The process died between the claim and the record; what the mail server's log says decides.
class LostAnswerTest : public NoticesTest {
protected:
  LostAnswerTest() {
    id = open_case_of(ServerId{"srv-1"}, "net/1");
    write("Mar  2 03:04:04 mx postfix/smtpd[1]: connect from desk");
    log.work();
    const auto died = store::open_sqlite(folder.path() / "pinfold.sqlite");  // a process of its own
    died->transact([&](records::Transaction& tx) { job = tx.outbox().claim(kSendNotice, clock.wall())->key; });
    NoticeWorker(desk(), config, to_sink, templates, clock, &log).recover();
  }
  void write(const std::string& line) { std::ofstream(folder.path() / "mail.log", std::ios::app) << line << "\n"; }
  void wait_and_send() {
    clock.advance(Seconds{30});
    write("Mar  2 03:05:04 mx postfix/smtpd[1]: disconnect from somebody");
    log.work();
    send(&log);
  }
  CaseId id;
  std::string job;
  ServerLog log{folder.path() / "mail.log", desk(), {our_addresses(config)}, clock};
};

TEST_F(LostAnswerTest, CountsWhereTheMailServerHadTakenIt) {
  write("Mar  2 03:04:05 mx postfix/cleanup[12]: 4XyZ12: message-id=<" + message_id_of(id) + ">");
  wait_and_send();
  EXPECT_EQ(sink.mails().size(), 0U) << "it is not sent a second time";
  EXPECT_TRUE(desk().find(id)->notices.at(0).submitted);
}

TEST_F(LostAnswerTest, IsSentAsForTheFirstTimeWhereTheServerNeverHadIt) {
  wait_and_send();
  EXPECT_EQ(sink.mails().size(), 1U);
  const auto events = read([&](records::Transaction& tx) { return tx.cases().events(id); });
  const auto& submitted = std::get<desk::NoticeSubmitted>(events.back().body);
  EXPECT_FALSE(submitted.maybe_duplicate) << "the log knows: it is not a second one";
}

}  // namespace
}  // namespace pinfold::engine
