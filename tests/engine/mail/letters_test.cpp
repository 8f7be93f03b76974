// What the desk writes and hears outside of cases: questions to contacts, whom it could not reach today, the canary, mail that cites nothing.
#include "engine/mail/letters.hpp"

#include "engine/customers/contact_care.hpp"
#include "engine/ears.hpp"
#include "engine/mail/canary.hpp"
#include "engine/mail/letter_intake.hpp"
#include "engine/mail/notices.hpp"
#include "engine/people_lab.hpp"

namespace pinfold::engine {
namespace {

using test::kNoon;

class LettersTest : public test::PeopleLab {
protected:
  LettersTest() { policy.ask_contacts = desk::Arming::Armed; }

  mail::Templates templates = *mail::Templates::load(PINFOLD_SOURCE_DIR "/templates");
  mail::OurAddresses ours() const { return our_addresses(config); }

  void send_all() {
    const mail::Submitter to_sink = submitter();
    LetterWorker worker(desk(), config, to_sink, templates, clock);
    while (worker.work()) {
    }
  }
  /// A mail as the reader and the classifier hand it over.
  std::optional<std::string> hear(const std::string& from, const std::vector<std::string>& recipients, desk::MailKind kind, const std::string& text,
                                  const std::string& subject = "hello") {
    message::Mail parsed;
    parsed.from = {{"", from}};
    parsed.subject = subject;
    parsed.message_id = "m" + std::to_string(++x_mails) + "@there.example";
    parsed.parts.resize(1);
    parsed.parts[0].type = "text/plain";
    parsed.parts[0].text = text;
    mail::Classified classified;
    classified.kind = kind;
    classified.reply_text = text;
    LetterIntake intake(desk(), ours(), clock);
    const std::string hash(64, 'b');
    return write([&](records::Transaction& tx) { return intake.take(tx, {hash, parsed, classified, recipients}); });
  }
  records::ContactRow contact(const std::string& address) {
    return read([&](records::Transaction& tx) { return tx.contacts().find(ContactId{address}); });
  }
  std::vector<Unreachable> unreachable() {
    return read([&](records::Transaction& tx) { return unreachable_customers(tx, *desk().inventory(), policy.verify_contacts_every, clock.wall()); });
  }
  std::string reply_to(const std::string& mail) {
    const auto at = mail.find("Reply-To:");
    const auto open = mail.find('<', at);
    return mail.substr(open + 1, mail.find('>', open) - open - 1);
  }

private:
  int x_mails = 0;
};

TEST_F(LettersTest, AContactIsAskedOnceAndAnyAnswerVerifiesIt) {
  ContactCare care(desk(), clock, [](const std::string&) { return Unexpected(std::string("not asked")); });
  EXPECT_EQ(unreachable().size(), 2U) << "nobody was ever reached";
  care.look();
  care.look();
  send_all();
  ASSERT_EQ(sink.mails().size(), 2U) << "each address once";
  const auto mails = sink.mails();
  const auto& german = mails[0].to == "zwei@other.example" ? mails[0] : mails[1];
  EXPECT_NE(german.text.find("Guten Tag"), std::string::npos) << "in the contact's language";
  const std::string reply = reply_to(german.text);
  EXPECT_EQ(reply.rfind("abuse+contact.", 0), 0U) << german.text;
  EXPECT_TRUE(LetterIntake(desk(), ours(), clock).accepts(reply));
  EXPECT_FALSE(LetterIntake(desk(), ours(), clock).accepts("abuse+contact.aaaa2222@hosting.example")) << "a token of nobody's";

  EXPECT_NE(hear("zwei@other.example", {reply}, desk::MailKind::AutoReply, "I am away"), std::nullopt);
  EXPECT_FALSE(contact("zwei@other.example").verified) << "a vacation program is nobody";
  clock.advance(Seconds{60});
  EXPECT_NE(hear("zwei@other.example", {reply}, desk::MailKind::Reply, "yes, we read this"), std::nullopt);
  EXPECT_EQ(contact("zwei@other.example").verified, clock.wall());
  ASSERT_EQ(unreachable().size(), 1U);
  EXPECT_EQ(unreachable()[0].customer, CustomerId{"1001"});
  EXPECT_EQ(unreachable()[0].phone, "+49 30 1234567");

  clock.advance(policy.verify_contacts_every - Seconds{3600});
  care.look();
  send_all();
  const auto later = sink.mails();
  EXPECT_EQ(std::count_if(later.begin(), later.end(), [](const auto& m) { return m.to == "zwei@other.example"; }), 1) << "it is fresh enough";
  clock.advance(Seconds{7200});
  care.look();
  send_all();
  const auto last = sink.mails();
  EXPECT_EQ(std::count_if(last.begin(), last.end(), [](const auto& m) { return m.to == "zwei@other.example"; }), 2) << "the interval is over";
}

TEST_F(LettersTest, NobodyIsAskedWhileAskingIsOnlyObserved) {
  policy.ask_contacts = desk::Arming::Observe;
  ContactCare care(desk(), clock, [](const std::string&) { return Unexpected(std::string("not asked")); });
  care.look();
  send_all();
  EXPECT_TRUE(sink.mails().empty());
}

TEST_F(LettersTest, ARefusedAddressMakesTheCustomerUnreachable) {
  ContactCare care(desk(), clock, [](const std::string&) { return Unexpected(std::string("not asked")); });
  sink.refuse_all();
  care.look();
  send_all();
  EXPECT_TRUE(contact("zwei@other.example").failed);
  const auto list = unreachable();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_NE(list[1].why.at(0).find("failing"), std::string::npos);
}

TEST_F(LettersTest, AMailboxOnTheCustomersOwnServerDoesNotCount) {
  write([&](records::Transaction& tx) {
    records::ContactRow row = tx.contacts().find(ContactId{"owner@customer.example"});
    row.verified = clock.wall();
    row.verified_how = "phone";
    tx.contacts().put(row);
    return 0;
  });
  EXPECT_EQ(unreachable().size(), 1U);
  std::vector<std::string> asked;
  ContactCare care(desk(), clock, [&](const std::string& domain) -> Expected<std::vector<net::IpAddress>, std::string> {
    asked.push_back(domain);
    return std::vector{*net::IpAddress::parse(domain == "customer.example" ? "192.0.2.11" : "198.51.100.5")};
  });
  care.look();
  EXPECT_EQ(asked.size(), 2U);
  EXPECT_EQ(contact("owner@customer.example").mail_hosts, std::vector<std::string>{"192.0.2.11"});
  const auto list = unreachable();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_NE(list[0].why.at(0).find("own server"), std::string::npos);
  const CaseId id = open_case();
  EXPECT_TRUE(desk().find(id)->notices.empty()) << "and no notice is sent there";
  clock.advance(Seconds{3600});
  care.look();
  EXPECT_EQ(asked.size(), 2U) << "once a day";
}

TEST_F(LettersTest, AMailThatCitesNothingFromAContactPausesTheirCasesOrOpensATicket) {
  const auto note = hear("owner@customer.example", {"abuse@hosting.example"}, desk::MailKind::Unknown, "what do you want from me?", "your warning");
  ASSERT_TRUE(note);
  EXPECT_EQ(*note, "opened T-1");
  const auto events = read([](records::Transaction& tx) { return tx.tickets().events(ticket::TicketId{1}); });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(std::get<ticket::Message>(events[1].body).text, "what do you want from me?");

  const CaseId id = open_case();
  ASSERT_TRUE(hear("Owner@customer.example", {"abuse@hosting.example"}, desk::MailKind::Unknown, "we found it", "fixed"));
  EXPECT_EQ(desk().find(id)->unjudged_mails.size(), 1U) << "perhaps their answer: a person reads it, and disabling pauses";
  EXPECT_TRUE(desk().find(id)->asked.size() == 1U);

  EXPECT_EQ(hear("stranger@elsewhere.example", {"abuse@hosting.example"}, desk::MailKind::Unknown, "hello"), std::nullopt);
  EXPECT_EQ(hear("owner@customer.example", {"abuse@hosting.example"}, desk::MailKind::AutoReply, "away"), std::nullopt);
}

TEST_F(LettersTest, TheCustomerBehindAResellerGetsACopyThatDeliversNothing) {
  auto all = *desk().inventory();
  std::vector<inventory::Customer> customers = all.customers();
  customers[0].reseller = CustomerId{"2002"};
  customers[0].notify_with_reseller = true;
  write([&](records::Transaction& tx) {
    tx.inventory().replace({customers, all.servers()}, clock.wall());
    return 0;
  });
  const CaseId id = open_case();
  EXPECT_EQ(desk().find(id)->notices.at(0).contact, ContactId{"zwei@other.example"}) << "the reseller is responsible";
  clock.advance(policy.gather);
  const mail::Submitter to_sink = submitter();
  NoticeWorker notices(desk(), config, to_sink, templates, clock);
  while (notices.work()) {
  }
  ASSERT_EQ(sink.mails().size(), 2U);
  const auto mails = sink.mails();
  EXPECT_EQ(mails[0].to, "zwei@other.example");
  EXPECT_EQ(mails[1].to, "owner@customer.example");
  EXPECT_EQ(mails[1].from.rfind("b+contact.", 0), 0U) << "its bounce is not the notice's: " << mails[1].from;
  EXPECT_EQ(reply_to(mails[1].text), reply_to(mails[0].text)) << "an answer leads to the same case";
  EXPECT_FALSE(desk().find(id)->notices.at(0).delivered);
}

TEST_F(LettersTest, TheCanaryComesBackOrEarsAreShut) {
  const Micros every = config.mail.canary_every;
  const auto is_well = [&] { return read([&](records::Transaction& tx) { return canary_state(tx).is_well(every, clock.wall()); }); };
  const mail::Submitter to_sink = submitter();
  CanaryWorker worker(*store, config, to_sink, clock);
  LetterIntake intake(desk(), ours(), clock);
  EXPECT_FALSE(is_well()) << "none has gone round yet";
  worker.look();
  ASSERT_EQ(sink.mails().size(), 1U);
  const std::string address = sink.mails()[0].to;
  EXPECT_TRUE(intake.accepts(address));
  EXPECT_FALSE(is_well()) << "taken by our own mail server is not back";
  clock.advance(Seconds{2});
  EXPECT_TRUE(write([&](records::Transaction& tx) { return intake.take_canary(tx, {address}); }));
  EXPECT_TRUE(is_well());
  EXPECT_TRUE(intake.accepts(address)) << "the report of its delivery is still to come";
  EXPECT_FALSE(intake.accepts("abuse+canary.aaaa2222@hosting.example"));
  worker.look();
  EXPECT_EQ(sink.mails().size(), 1U) << "the next is not due";

  clock.advance(every);
  worker.look();
  EXPECT_EQ(sink.mails().size(), 2U);
  EXPECT_TRUE(is_well()) << "it has time to come back";
  clock.advance(kCanaryWithin + Seconds{1});
  worker.look();
  EXPECT_FALSE(is_well()) << "it did not";
  const std::string late = sink.mails()[1].to;
  clock.advance(Seconds{3600});
  static_cast<void>(write([&](records::Transaction& tx) { return intake.take_canary(tx, {late}); }));
  EXPECT_FALSE(is_well()) << "an hour late says nothing of the road now";
}

TEST_F(LettersTest, ALostCanaryCallsAPersonOnce) {
  const mail::Submitter to_sink = submitter();
  CanaryWorker worker(*store, config, to_sink, clock);
  for (int i = 0; i < 20; ++i) {
    worker.look();
    clock.advance(Seconds{60});
  }
  const auto calls = read([&](records::Transaction& tx) { return tx.outbox().of_case(CaseId{}); });
  EXPECT_EQ(std::count_if(calls.begin(), calls.end(), [](const records::Job& job) { return job.key.rfind("canary/", 0) == 0; }), 1);
}

}  // namespace
}  // namespace pinfold::engine
