#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "base/crypto.hpp"
#include "message/format.hpp"
#include "message/mail_json.hpp"
#include "message/parse.hpp"
#include "message/raw_check.hpp"

namespace pinfold::message {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMail =
    "Return-Path: <>\r\n"
    "From: =?iso-8859-1?q?J=FCrgen?= <owner@customer.example>\r\n"
    "To: Desk <abuse+pf-42.k7q2x9@desk.example>, group: a@b.example;\r\n"
    "Subject: =?utf-8?b?R3LDvMOfZQ==?= and\r\n more\r\n"
    "Message-ID: <1@customer.example>\r\n"
    "References: <pf-42.1.k7q2x9@desk.example> <x@y.example>\r\n"
    "In-Reply-To: <x@y.example>\r\n"
    "Date: Mon, 23 Nov 2026 09:00:00 +0100\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=\"b\"\r\n"
    "\r\n"
    "--b\r\n"
    "Content-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "gel=F6scht\r\n"
    "--b\r\n"
    "Content-Type: application/zip\r\n"
    "Content-Disposition: attachment; filename*=utf-8''l%C3%B6g.zip\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "AAECAw==\r\n"
    "--b\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Message-ID: <inner@customer.example>\r\n"
    "Content-Type: text/plain\r\n"
    "\r\n"
    "inner text\r\n"
    "--b--\r\n";

Mail parsed(const std::string& raw) {
  auto mail = parse_mail(raw);
  EXPECT_TRUE(mail) << mail.error();
  return mail ? *mail : Mail{};
}

TEST(ParseMail, ReadsHeadersWithTheirEncodingsUndone) {
  const Mail mail = parsed(kMail);
  ASSERT_EQ(mail.from.size(), 1U);
  EXPECT_EQ(mail.from[0], (Mailbox{"Jürgen", "owner@customer.example"}));
  ASSERT_EQ(mail.to.size(), 2U);
  EXPECT_EQ(mail.to[0].address, "abuse+pf-42.k7q2x9@desk.example");
  EXPECT_EQ(mail.to[1].address, "a@b.example");
  EXPECT_EQ(mail.subject, "Grüße and more");
  EXPECT_EQ(mail.message_id, "1@customer.example");
  EXPECT_EQ(mail.references, (std::vector<std::string>{"pf-42.1.k7q2x9@desk.example", "x@y.example"}));
  ASSERT_TRUE(mail.date);
  EXPECT_EQ(to_string(*mail.date), "2026-11-23T08:00:00Z");
  EXPECT_EQ(mail.return_path, "");
  EXPECT_EQ(mail.content_type, "multipart/mixed");
  EXPECT_FALSE(mail.cut);
}

TEST(ParseMail, DescribesPartsAndKeepsTextOnly) {
  const Mail mail = parsed(kMail);
  ASSERT_EQ(mail.parts.size(), 4U);
  EXPECT_EQ(mail.parts[0].type, "text/plain");
  EXPECT_EQ(mail.parts[0].text, "gelöscht");
  EXPECT_EQ(mail.parts[1].filename, "lög.zip");
  EXPECT_EQ(mail.parts[1].size, 4U);
  EXPECT_EQ(mail.parts[1].sha256, sha256_hex(std::string_view("\0\1\2\3", 4)));
  EXPECT_EQ(mail.parts[1].text, "");
  EXPECT_EQ(mail.parts[2].type, "message/rfc822");
  ASSERT_FALSE(mail.parts[2].headers.empty());
  EXPECT_EQ(mail.parts[2].headers[0].value, "<inner@customer.example>");
  EXPECT_EQ(mail.parts[3].embedded, 1U) << "the text of an embedded mail is not the sender's own";
}

TEST(ParseMail, MakesValidUtf8OfAnything) {
  const Mail mail = parsed("Subject: \xff\xfe\r\nContent-Type: text/plain; charset=no-such\r\n\r\n\xc3\x28 ok\r\n");
  EXPECT_NE(mail.parts.at(0).text.find("ok"), std::string::npos);
  EXPECT_NO_THROW(static_cast<void>(to_json(mail).dump())) << "nlohmann throws on text that is not UTF-8";
}

TEST(ParseMail, CutsLongTextAndSaysSo) {
  const Mail mail = parsed("Subject: x\r\n\r\n" + std::string(kMaxPartText * 2, 'a'));
  EXPECT_TRUE(mail.cut);
  EXPECT_EQ(mail.parts.at(0).text.size(), kMaxPartText);
  EXPECT_EQ(mail.parts.at(0).size, kMaxPartText * 2);
}

TEST(ParseMail, KeepsAtMostSoManyParts) {
  std::string raw = "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (std::size_t i = 0; i < kMaxParts * 2; ++i) {
    raw += "--b\r\n\r\nx\r\n";
  }
  const Mail mail = parsed(raw + "--b--\r\n");
  EXPECT_TRUE(mail.cut);
  EXPECT_EQ(mail.parts.size(), kMaxParts);
}

TEST(MailJson, RoundTripsEveryField) {
  const Mail mail = parsed(kMail);
  const auto back = parse_mail_json(to_json(mail));
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(*back, mail);
}

TEST(MailJson, RefusesMoreThanTheBounds) {
  Mail mail;
  mail.parts.resize(kMaxParts + 1);
  const auto back = parse_mail_json(to_json(mail));
  ASSERT_FALSE(back);
  EXPECT_NE(back.error().find("parts"), std::string::npos);
}

TEST(RawCheck, RefusesEachKindOfExcess) {
  struct Row {
    const char* name;
    std::string raw;
    const char* says;
  };
  const std::string header = "Subject: x\n\n";
  std::string dashes = header;
  std::string nesting = header;
  for (std::size_t i = 0; i <= kMaxDashLines; ++i) {
    dashes += "--a\n";
  }
  for (std::size_t i = 0; i <= kMaxNestingWords; ++i) {
    nesting += "content-type: MultiPart/mixed\n";
  }
  const Row rows[] = {
      {"bytes", std::string(kMaxRawBytes + 1, 'a'), "bytes"},
      {"lines", header + std::string(kMaxLines, '\n'), "lines"},
      {"one header", "To: " + std::string(kMaxOneHeader, 'a') + "\n\n", "one header"},
      {"folded header",
       "To: a\n" +
           [] {
             std::string s;
             for (std::size_t i = 0; i < 40; ++i) {
               s += " " + std::string(1000, 'a') + "\n";
             }
             return s;
           }(),
       "one header"},
      {"dash lines", dashes, "separate"},
      {"nesting", nesting, "multipart"},
  };
  for (const Row& row : rows) {
    const auto checked = check_raw(row.raw);
    ASSERT_FALSE(checked) << row.name;
    EXPECT_NE(checked.error().find(row.says), std::string::npos) << row.name << ": " << checked.error();
  }
  EXPECT_TRUE(check_raw(kMail));
}

TEST(FormatMail, CannotBeMadeToAddAHeader) {
  Outgoing out;
  out.from = {"Desk\r\nBcc: x@y.example", "abuse@desk.example"};
  out.to = {{"A\nX-Evil: 1", "owner@customer.example>\r\nX-Evil: 2"}};
  out.reply_to = {"PF-1", "abuse+pf-1.tok1@desk.example"};
  out.subject = "hello\r\nX-Evil: 3\r\n\r\nbody";
  out.message_id = "pf-1.1.tok1@desk.example";
  out.extra = {{"Auto-Submitted", "auto-generated\r\nX-Evil: 4"}};
  out.text = "text";
  out.html = "<p>text</p>";
  const Mail back = parsed(format_mail(out));
  EXPECT_EQ(find_header(back.headers, "X-Evil"), nullptr);
  EXPECT_EQ(find_header(back.headers, "Bcc"), nullptr);
  EXPECT_EQ(back.subject, "hello X-Evil: 3  body");
}

TEST(FormatMail, WritesAThreadedTwoPartMailThatReadsBack) {
  Outgoing out;
  out.from = {"Größe AG", "abuse@desk.example"};
  out.to = {{"", "owner@customer.example"}};
  out.reply_to = {"PF-1", "abuse+pf-1.tok1@desk.example"};
  out.subject = "Prüfung";
  out.date = *parse_wall_time("2026-11-23T08:00:00Z");
  out.message_id = "pf-1.2.tok2@desk.example";
  out.references = {"pf-1.1.tok1@desk.example"};
  out.text = "Grüße\n.dot\n" + std::string(2000, 'x') + "\n";
  out.html = "<p>Grüße</p>";
  const std::string raw = format_mail(out);
  const Mail back = parsed(raw);
  EXPECT_EQ(back.from, (std::vector<Mailbox>{out.from}));
  EXPECT_EQ(back.subject, out.subject);
  EXPECT_EQ(back.date, out.date);
  EXPECT_EQ(back.message_id, out.message_id);
  EXPECT_EQ(back.references, out.references);
  EXPECT_EQ(back.content_type, "multipart/alternative");
  ASSERT_EQ(back.parts.size(), 2U);
  EXPECT_EQ(back.parts[0].type, "text/plain");
  EXPECT_EQ(back.parts[0].text, out.text);
  EXPECT_EQ(back.parts[1].type, "text/html");
  EXPECT_EQ(raw, format_mail(out)) << "a repeated attempt is the same bytes";
  for (std::size_t at = 0, end = 0; (end = raw.find('\n', at)) != std::string::npos; at = end + 1) {
    ASSERT_GT(end, 0U);
    EXPECT_EQ(raw[end - 1], '\r');
    EXPECT_LE(end - at, 998U);
  }
}

TEST(ParseMail, EndsOnHostileMailsInBoundedTime) {
  const fs::path folder = fs::path(PINFOLD_SOURCE_DIR) / "../shared/prototypes/mail/hostile";
  if (!fs::exists(folder)) {
    GTEST_SKIP() << "the hostile sample mails are not on this machine";
  }
  unsigned read = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string raw{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const auto mail = parse_mail(raw);  // the test's time-out is the bound
    EXPECT_TRUE(!mail || mail->parts.size() <= kMaxParts) << entry.path();
    ++read;
  }
  EXPECT_GT(read, 3U);
}

}  // namespace
}  // namespace pinfold::message
