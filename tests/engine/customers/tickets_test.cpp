// Tickets by mail and by hand, the terms that customers are told of, and the record of those who accuse.
#include "engine/customers/tickets.hpp"

#include "engine/customers/terms.hpp"
#include "engine/mail/letter_intake.hpp"
#include "engine/mail/letters.hpp"
#include "engine/mail/notices.hpp"
#include "engine/people_lab.hpp"
#include "engine/reports/detector_record.hpp"

namespace pinfold::engine {
namespace {

using test::kNoon;

class TicketsTest : public test::PeopleLab {
protected:
  mail::Templates templates = *mail::Templates::load(PINFOLD_SOURCE_DIR "/templates");
  TicketDesk tickets() { return {desk(), clock}; }
  ticket::TicketId open_ticket(std::optional<CaseId> about = {}, ticket::Kind kind = ticket::Kind::Suspicious,
                               ticket::Side side = ticket::Side::Staff) {
    return tickets().open({CustomerId{"1001"}, ServerId{"srv-1"}, kind, "a perl in /dev/shm", side, "anna", about})->id;
  }
  void send_all() {
    const mail::Submitter to_sink = submitter();
    LetterWorker worker(desk(), config, to_sink, templates, clock);
    while (worker.work()) {
    }
  }
  std::string hear(const std::string& recipient, desk::MailKind kind, const std::string& text, const std::string& id) {
    message::Mail parsed;
    parsed.from = {{"", "owner@customer.example"}};
    parsed.message_id = id;
    parsed.parts.resize(2);
    parsed.parts[0].type = "text/plain";
    parsed.parts[0].text = text;
    parsed.parts[1].type = "application/octet-stream";
    parsed.parts[1].filename = "evil\n.php";
    parsed.parts[1].size = 99;
    parsed.parts[1].sha256 = std::string(64, 'c');
    mail::Classified classified;
    classified.kind = kind;
    classified.reply_text = text;
    LetterIntake intake(desk(), our_addresses(config), clock);
    const std::string hash(64, 'b');
    const std::vector<std::string> recipients{recipient};
    return write([&](records::Transaction& tx) { return intake.take(tx, {hash, parsed, classified, recipients}); }).value_or("nothing");
  }
  ticket::Ticket find(ticket::TicketId id) {
    return read([&](records::Transaction& tx) { return ticket::fold(id, tx.tickets().events(id)); });
  }
};

TEST_F(TicketsTest, LettersBringTheFirstStepsInTheContactsLanguage) {
  static_cast<void>(open_ticket());
  EXPECT_TRUE(tickets().open({CustomerId{"2002"}, ServerId{"srv-2"}, ticket::Kind::Suspicious, "a perl in /tmp", ticket::Side::Staff, "anna", {}}));
  send_all();
  ASSERT_EQ(sink.mails().size(), 2U);
  EXPECT_NE(sink.mails()[0].text.find("What to do first:"), std::string::npos) << sink.mails()[0].text;
  EXPECT_NE(sink.mails()[0].text.find("- keep a copy of the file"), std::string::npos);
  EXPECT_NE(sink.mails()[1].text.find("Was zuerst zu tun ist:"), std::string::npos) << sink.mails()[1].text;
  EXPECT_EQ(sink.mails()[1].text.find("keep a copy"), std::string::npos);
}

TEST_F(TicketsTest, AreTalkedOverByMail) {
  const ticket::TicketId id = open_ticket();
  send_all();
  ASSERT_EQ(sink.mails().size(), 1U);
  const auto letter = sink.mails()[0];
  EXPECT_EQ(letter.to, "owner@customer.example");
  EXPECT_NE(letter.text.find("Subject: [T-1]"), std::string::npos) << letter.text;
  EXPECT_NE(letter.text.find("a perl in /dev/shm"), std::string::npos);
  const auto at = letter.text.find("abuse+ticket.");
  ASSERT_NE(at, std::string::npos);
  const std::string reply = letter.text.substr(at, letter.text.find('>', at) - at);

  EXPECT_EQ(hear(reply, desk::MailKind::Reply, "we kept a copy\nand deleted it", "m1@there"), "a message of T-1");
  EXPECT_EQ(find(id).state, ticket::State::WaitsForStaff);
  const auto events = read([&](records::Transaction& tx) { return tx.tickets().events(id); });
  const auto& message = std::get<ticket::Message>(events.back().body);
  EXPECT_EQ(message.text, "we kept a copy\nand deleted it");
  ASSERT_EQ(message.attachments.size(), 1U) << "inert, known by its hash";
  EXPECT_EQ(message.attachments[0].name.find('\n'), std::string::npos);
  EXPECT_NE(hear(reply, desk::MailKind::Reply, "again", "m1@there").find("nothing new"), std::string::npos) << "the same mail counts once";
  EXPECT_EQ(hear(reply, desk::MailKind::AutoReply, "away", "m2@there"), "auto_reply; no message of T-1");

  EXPECT_TRUE(tickets().put(id, ticket::Message{ticket::Side::Staff, "anna", "thank you", {}, ""}));
  send_all();
  EXPECT_EQ(sink.mails().size(), 2U) << "what staff writes goes out, what the customer writes does not come back to them";
}

TEST_F(TicketsTest, WhatACustomerWritesOnACasesTicketAnswersTheCase) {
  const CaseId id = open_case();
  const ticket::TicketId about = open_ticket(id);
  EXPECT_FALSE(desk().find(id)->answered());
  EXPECT_TRUE(tickets().put(about, ticket::Message{ticket::Side::Staff, "anna", "please look", {}, ""}));
  EXPECT_FALSE(desk().find(id)->answered()) << "staff answers for nobody";
  EXPECT_TRUE(tickets().put(about, ticket::Message{ticket::Side::Customer, "owner@customer.example", "we are on it", {}, ""}));
  EXPECT_TRUE(desk().find(id)->answered());
  EXPECT_EQ(tickets().open({CustomerId{"1001"}, ServerId{"srv-1"}, ticket::Kind::Other, "x", ticket::Side::Staff, "anna", CaseId{99}}).error(),
            "there is no case PF-99");
}

TEST_F(TicketsTest, AnAppealIsAnObjectionOfTheCase) {
  const CaseId id = open_case();
  static_cast<void>(open_ticket(id, ticket::Kind::Appeal, ticket::Side::Customer));
  EXPECT_EQ(desk().find(id)->state, desk::State::Disputed);
}

TEST_F(TicketsTest, TermsAreInForceFromTheirDayAndCustomersAreToldOnce) {
  const std::string first = "# Terms\n## 4.2 No scans <!-- classes: port_scan -->\nNever.\n";
  const std::string second = "# Terms\n## 4.2 No scans <!-- classes: port_scan -->\nNever.\n## 4.3 No file sharing <!-- classes: file_sharing -->\n";
  const WallTime next_month = clock.wall() + std::chrono::days{30};
  write([&](records::Transaction& tx) { return publish_terms(tx, first, clock.wall(), clock.wall()); });
  EXPECT_EQ(write([&](records::Transaction& tx) { return publish_terms(tx, second, next_month, clock.wall()); }), 2U);
  EXPECT_EQ(read([&](records::Transaction& tx) { return terms_at(tx, clock.wall())->version; }), 1U);
  EXPECT_EQ(read([&](records::Transaction& tx) { return terms_at(tx, next_month)->version; }), 2U);
  EXPECT_EQ(read([](records::Transaction& tx) { return changes_of(tx, 2); }),
            std::vector<std::string>{"+## 4.3 No file sharing <!-- classes: file_sharing -->"});

  const auto tell = [&] {
    return write([&](records::Transaction& tx) { return tell_customers(tx, *desk().inventory(), 2, "https://hosting.example/terms", clock.wall()); });
  };
  EXPECT_EQ(tell(), 2U);
  EXPECT_EQ(tell(), 0U) << "once each";
  EXPECT_EQ(read([&](records::Transaction& tx) { return reach_of_terms(tx, *desk().inventory(), 2).waiting; }), 2U);
  send_all();
  const TermsReach reach = read([&](records::Transaction& tx) { return reach_of_terms(tx, *desk().inventory(), 2); });
  EXPECT_EQ(reach.told, 2U);
  EXPECT_EQ(reach.untold + reach.waiting + reach.failed, 0U);
  ASSERT_EQ(sink.mails().size(), 2U);
  EXPECT_NE(sink.mails()[0].text.find("No file sharing"), std::string::npos) << sink.mails()[0].text;
  EXPECT_NE(sink.mails()[0].text.find("2026-12-23"), std::string::npos);
}

TEST_F(TicketsTest, TheRecordOfADetectorIsWhatBecameOfItsCases) {
  const CaseId wrong = open_case();
  EXPECT_TRUE(desk().apply(wrong, desk::ObjectionRaised{desk::ResponseChannel::Phone, "Mr Owner", "our own scanner"}));
  const auto records_now = [&] { return read([](records::Transaction& tx) { return detector_records(tx); }); };
  EXPECT_EQ(records_now().at(0).open, 1U);
  EXPECT_EQ(records_now().at(0).percent_wrong(), std::nullopt);
  EXPECT_TRUE(desk().apply(wrong, desk::ObjectionDecided{StaffId{"carl"}, true, "shown the contract"}));
  clock.advance(Seconds{60});
  const CaseId right = open_case("net/2");
  EXPECT_NE(right, wrong);
  EXPECT_TRUE(desk().apply(
      right, desk::ResponseRecorded{desk::ResponseChannel::Phone, "Mr Owner", desk::Statement::Fixed, {}, "was hacked", StaffId{"anna"}}));
  EXPECT_TRUE(desk().apply(right, desk::ClosedByStaff{StaffId{"anna"}, false, "mended"}));
  const auto records = records_now();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].abuse_class, abuse::AbuseClass::PortScan);
  EXPECT_EQ(records[0].kind, "horizontal");
  EXPECT_EQ(records[0].wrong, 1U);
  EXPECT_EQ(records[0].right, 1U);
  EXPECT_EQ(records[0].percent_wrong(), 50U);
  EXPECT_EQ(records[0].wrong_in, std::vector<CaseId>{wrong});
  const auto in_queue =
      read([&](records::Transaction& tx) { return tx.queue().records_by_class(kNoon - Seconds{3600}, kNoon + Seconds{3600}).at("port_scan"); });
  EXPECT_EQ(in_queue.right, 1U) << "the API's list says the same: one rule (desk/verdict.hpp)";
  EXPECT_EQ(in_queue.wrong, 1U);
}

}  // namespace
}  // namespace pinfold::engine
