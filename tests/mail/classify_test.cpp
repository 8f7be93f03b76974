#include "mail/classify.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mail/reply_text.hpp"
#include "message/parse.hpp"

namespace pinfold::mail {
namespace {

using desk::MailKind;

const OurAddresses kOurs{"abuse", "desk.example", "b", "bounce.desk.example"};

constexpr const char* kFromOwner = "Return-Path: <owner@customer.example>\nFrom: Owner <owner@customer.example>\n";
constexpr const char* kToCase = "To: abuse+pf-42.k7q2x9@desk.example\nMessage-ID: <1@customer.example>\n";

Classified classified(const std::string& raw, const Envelope& envelope = {}) {
  const auto mail = message::parse_mail(raw);
  EXPECT_TRUE(mail) << mail.error();
  return mail ? classify(*mail, kOurs, envelope) : Classified{};
}

std::string answer(const std::string& extra_headers, const std::string& body = "We removed the script.\n") {
  return std::string(kFromOwner) + kToCase + extra_headers + "\n" + body;
}

std::string dsn(const std::string& action, const std::string& status) {
  return "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mail.customer.example>\nTo: B+PF-42.1.K7Q2X9@bounce.desk.example\n"
         "Subject: Delivery Status Notification\nAuto-Submitted: auto-replied\n"
         "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
         "--b\n\nProse.\n"
         "--b\nContent-Type: message/delivery-status\n\n"
         "Reporting-MTA: dns; mail.desk.example\nOriginal-Envelope-Id: pf-42.1.k7q2x9\n\n"
         "Original-Recipient: rfc822; owner@customer.example\nFinal-Recipient: rfc822; box@customer.example\nAction: " +
         action + "\nStatus: " + status +
         "\nRemote-MTA: dns; mx.customer.example\nDiagnostic-Code: smtp; 250 2.0.0\n taken\n"
         "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <pf-42.1.k7q2x9@desk.example>\n\n--b--\n";
}

TEST(Classify, ReadsAPersonsAnswerToACase) {
  const Classified found = classified(answer("Subject: Re: port scan\n", "Done.\n\nOn Monday, Desk wrote:\n> a warning\n"));
  EXPECT_EQ(found.kind, MailKind::Reply);
  EXPECT_FALSE(found.needs_person);
  EXPECT_EQ(found.reply_text, "Done.");
  ASSERT_EQ(found.references.size(), 1U);
  EXPECT_EQ(found.references[0], (Reference{CaseId{42}, std::nullopt, "k7q2x9", CitedIn::ReplyAddress}));
}

TEST(Classify, FindsTheCaseByOurMessageIdAlone) {
  const Classified found =
      classified(std::string(kFromOwner) + "To: abuse@desk.example\nIn-Reply-To: <pf-42.1.k7q2x9@desk.example>\nSubject: Re: x\n\nDone\n");
  EXPECT_EQ(found.kind, MailKind::Reply);
  ASSERT_EQ(found.references.size(), 1U);
  EXPECT_EQ(found.references[0], (Reference{CaseId{42}, NoticeId{1}, "k7q2x9", CitedIn::MessageId}));
}

TEST(Classify, TakesTheEnvelopesRecipientBeforeTheHeaders) {
  Envelope envelope;
  envelope.from = "owner@customer.example";
  envelope.recipients = {"abuse+pf-7.aaaa22@desk.example"};
  const Classified found = classified(std::string(kFromOwner) + "To: somebody@desk.example\nSubject: x\n\nhello\n", envelope);
  ASSERT_EQ(found.references.size(), 1U);
  EXPECT_EQ(found.references[0].case_id, CaseId{7});
  EXPECT_EQ(found.kind, MailKind::Reply);
}

TEST(Classify, NeverTakesAnAutomaticAnswerForAPersons) {
  struct Row {
    const char* header;
    MailKind kind;
    bool needs_person;
  };
  const Row rows[] = {
      {"Auto-Submitted: auto-replied\n", MailKind::AutoReply, false},
      {"Auto-Submitted: auto-generated (rejected)\n", MailKind::AutoReply, false},
      {"X-Autoreply: yes\n", MailKind::AutoReply, false},
      {"Precedence: auto_reply\n", MailKind::AutoReply, false},
      {"Subject: Abwesenheitsnotiz\n", MailKind::AutoReply, true},
      {"Subject: Out of Office: port scan\n", MailKind::AutoReply, true},
      {"Precedence: bulk\n", MailKind::Reply, true},
      {"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n", MailKind::Mdn, false},
      {"Auto-Submitted: no\n", MailKind::Reply, false},
  };
  for (const Row& row : rows) {
    const Classified found = classified(answer(row.header));
    EXPECT_EQ(found.kind, row.kind) << row.header << found.why;
    EXPECT_EQ(found.needs_person, row.needs_person) << row.header;
    EXPECT_EQ(found.references.size(), 1U) << row.header << "even so it belongs to its case";
  }
}

TEST(Classify, TakesNoMailWithANullReturnPathForAResponse) {
  Envelope envelope;
  envelope.from = "";
  envelope.recipients = {"abuse+pf-42.k7q2x9@desk.example"};
  EXPECT_EQ(classified(answer("Subject: Re: x\n"), envelope).kind, MailKind::AutoReply);
}

TEST(Classify, LetsAPersonLookWhenNothingButQuotesIsFound) {
  const Classified found = classified(answer("Subject: Re: x\n", "> quoted\n> text\n"));
  EXPECT_EQ(found.kind, MailKind::Reply);
  EXPECT_TRUE(found.is_empty_reply);
  EXPECT_TRUE(found.needs_person);
}

TEST(Classify, ReadsDeliveryStatusBeforeItsAutoSubmittedHeader) {
  struct Row {
    const char* action;
    const char* status;
    DsnAction expected;
  };
  const Row rows[] = {{"delivered", "2.0.0", DsnAction::Delivered},
                      {"relayed", "2.0.0", DsnAction::Relayed},
                      {"failed", "5.1.1", DsnAction::Failed},
                      {"delayed", "4.4.1", DsnAction::Delayed},
                      {"expanded", "2.0.0", DsnAction::Expanded}};
  for (const Row& row : rows) {
    const Classified found = classified(dsn(row.action, row.status));
    ASSERT_EQ(found.kind, MailKind::Bounce);
    ASSERT_TRUE(found.dsn);
    EXPECT_EQ(found.dsn->action, row.expected);
    EXPECT_EQ(found.dsn->status, row.status);
    EXPECT_EQ(found.dsn->remote_mta, "mx.customer.example");
    EXPECT_EQ(found.dsn->diagnostic, "250 2.0.0 taken");
    EXPECT_EQ(found.dsn->envelope_id, "pf-42.1.k7q2x9");
    EXPECT_EQ(found.dsn->final_recipient, "box@customer.example");
    EXPECT_EQ(found.dsn->original_recipient, "owner@customer.example");
    ASSERT_EQ(found.references.size(), 1U) << "address, ENVID and Message-ID say the same";
    EXPECT_EQ(found.references[0], (Reference{CaseId{42}, NoticeId{1}, "k7q2x9", CitedIn::BounceAddress}));
  }
}

TEST(Classify, KnowsABounceInProseByTheMessageIdOfTheOriginal) {
  const Classified found = classified(
      "From: postmaster@mx.customer.example\nTo: abuse@desk.example\nSubject: failure notice\n\n"
      "<owner@customer.example>:\n550 5.1.1 user unknown\n\n--- Below this line is a copy of the message.\n\n"
      "Received: from x\nMessage-ID: <pf-42.1.k7q2x9@desk.example>\nSubject: port scan\n");
  EXPECT_EQ(found.kind, MailKind::Bounce);
  ASSERT_EQ(found.references.size(), 1U);
  EXPECT_EQ(found.references[0].notice, NoticeId{1});
  ASSERT_TRUE(found.dsn);
  EXPECT_EQ(found.dsn->status, "5.1.1");
}

TEST(Classify, CountsABounceForNobodyWithoutAReference) {
  const Classified found =
      classified("From: MAILER-DAEMON@x.example\nTo: abuse@desk.example\nSubject: Returned mail: user unknown\n\n550 no such user\n");
  EXPECT_EQ(found.kind, MailKind::Bounce);
  EXPECT_TRUE(found.references.empty());
}

TEST(Classify, ReadsAPersonWhoForwardsABounceAsAPerson) {
  EXPECT_EQ(classified(answer("Subject: Fwd: Undelivered Mail Returned to Sender\n", "Is this it?\n550 5.1.1 user unknown\n")).kind, MailKind::Reply);
}

TEST(Classify, StopsOurOwnMail) {
  EXPECT_EQ(classified("From: x@y.example\nMessage-ID: <pf-42.1.k7q2x9@desk.example>\n\nx\n").kind, MailKind::Loop);
  EXPECT_EQ(classified("From: Desk <abuse@desk.example>\nSubject: x\n\nx\n").kind, MailKind::Loop);
}

TEST(Classify, KnowsReportsByTheirStructureInSpiteOfAutoSubmitted) {
  const std::string from = "From: reporter@isp.example\nTo: abuse@desk.example\nAuto-Submitted: auto-generated\nSubject: hello\n";
  EXPECT_EQ(classified(from + "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nx\n--b--\n").kind, MailKind::Report);
  EXPECT_EQ(classified(from + "X-XARF: PLAIN\n\nx\n").kind, MailKind::Report);
  EXPECT_EQ(classified(from + "Content-Type: application/json\n\n{\"xarf_version\":\"4.0\",\"category\":\"connection\"}\n").kind, MailKind::Report);
  EXPECT_EQ(classified(from + "\nReported-From: a@b.example\nReport-Type: login-attack\n").kind, MailKind::Report);
}

TEST(Classify, LeavesWhatSaysNothingToAPerson) {
  const Classified found = classified(std::string(kFromOwner) + "To: abuse@desk.example\nSubject: hello\n\nI have a question.\n");
  EXPECT_EQ(found.kind, MailKind::Unknown);
  EXPECT_TRUE(found.needs_person);
}

TEST(Addresses, RoundTripAndRefuseWhatIsNotOurs) {
  const auto reply = parse_reply_address(kOurs, reply_address(kOurs, CaseId{42}, "k7q2x9"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->token, "k7q2x9");
  const auto bounce = parse_bounce_address(kOurs, bounce_address(kOurs, CaseId{42}, NoticeId{3}, "k7q2x9"));
  ASSERT_TRUE(bounce);
  EXPECT_EQ(bounce->notice, NoticeId{3});
  for (const char* wrong :
       {"abuse+pf-42.k7q2x9@other.example", "abuse+pf-42@desk.example", "abuse+pf-0.k7q2x9@desk.example", "abuse+pf-42.k7-x9@desk.example",
        "abuse+pf-42.abc@desk.example", "abuse+pf--1.k7q2x9@desk.example", "xabuse+pf-42.k7q2x9@desk.example", "@desk.example", ""}) {
    EXPECT_FALSE(parse_reply_address(kOurs, wrong)) << wrong;
  }
}

TEST(StripQuotes, KeepsWhatThePersonWrote) {
  struct Row {
    const char* name;
    const char* text;
    const char* kept;
  };
  const Row rows[] = {
      {"below", "Fixed.\n\nOn Mon, 23 Nov 2026, Desk <a@b> wrote:\n> hello\n", "Fixed."},
      {"German, folded", "Erledigt.\n\nAm Montag, den 23. November 2026 um 09:00\nschrieb Desk <a@b>:\n> hallo\n", "Erledigt."},
      {"between", "> first\nyes\n> second\nno\n", "yes\nno"},
      {"Outlook", "Done\n\n-----Original Message-----\nFrom: Desk\n", "Done"},
      {"Outlook header block", "Done\n\nFrom: Desk\nSent: Monday\nSubject: x\n\nlong\n", "Done"},
      {"signature", "Done\n-- \nJ. Doe\n", "Done"},
      {"telephone", "Done\n\nSent from my iPhone\n", "Done"},
      {"any language's introduction", "Kész.\n\nDesk <abuse@desk.example> ezt írta (időpont: 2026. nov. 23., H, 9:00):\n> x\n", "Kész."},
      {"Chinese Outlook", "好的\n\n发件人: Desk\n发送时间: 2026\n主题: x\n\nlong\n", "好的"},
      {"nothing", "> only\n> quotes\n", ""},
      {"From in prose", "From: my side it is fixed.\nThanks\n", "From: my side it is fixed.\nThanks"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(strip_quotes(row.text), row.kept) << row.name;
  }
}

TEST(HtmlToText, LeavesOutMarkupQuotesAndScripts) {
  EXPECT_EQ(html_to_text("<head><style>p{}</style></head><p>Hi &amp; bye<br>next</p><blockquote>old</blockquote><script>x</script>"),
            "Hi & bye\nnext");
}

TEST(Classify, TakesTheSealedReadersWordForAReport) {
  message::Mail mail;
  mail.from = {{"", "noc@victim.example"}};
  mail.subject = "please look at this";
  mail.headers = {{"Subject", mail.subject}};
  report::Report reported;
  report::Statement statement;
  statement.address = net::IpAddress::parse("192.0.2.7");
  statement.abuse_class = abuse::AbuseClass::BruteForce;
  reported.statements = {statement};
  reported.format = "text";
  EXPECT_EQ(classify(mail, {}, {}).kind, desk::MailKind::Unknown);
  EXPECT_EQ(classify(mail, {}, {}, reported).kind, desk::MailKind::Report);
  reported.format = "arf";
  mail.headers.push_back({"Auto-Submitted", "auto-generated"});
  EXPECT_EQ(classify(mail, {}, {}, reported).kind, desk::MailKind::Report) << "recognised by structure, whatever its headers say";
  reported.format = "text";
  mail.headers.back().value = "auto-replied";
  EXPECT_EQ(classify(mail, {}, {}, reported).kind, desk::MailKind::AutoReply) << "words alone do not make an automatic answer a report";
}

}  // namespace
}  // namespace pinfold::mail
