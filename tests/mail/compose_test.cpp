#include "mail/compose.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/text.hpp"
#include "mail/classify.hpp"
#include "mail/sample_letter.hpp"
#include "message/parse.hpp"

namespace pinfold::mail {
namespace {

namespace fs = std::filesystem;

message::Mail composed(const NoticeText& text) {
  const auto mail = message::parse_mail(compose(text, templates(), kOurs).mail);
  EXPECT_TRUE(mail) << mail.error();
  return mail ? *mail : message::Mail{};
}

TEST(Compose, CarriesTheHeadersThatADeskMailNeeds) {
  const Notice notice = compose(sample(desk::NoticeKind::Warning, "en"), templates(), kOurs);
  const message::Mail mail = composed(sample(desk::NoticeKind::Warning, "en"));
  EXPECT_EQ(notice.envelope_from, "b+pf-42.2.k7q2x9@bounce.desk.example");
  EXPECT_EQ(notice.envelope_id, "pf-42.2.k7q2x9");
  EXPECT_EQ(mail.message_id, "pf-42.2.k7q2x9@desk.example");
  EXPECT_EQ(mail.message_id, notice.message_id);
  EXPECT_EQ(mail.references, std::vector<std::string>{"pf-42.1.aaaa22@desk.example"});
  EXPECT_NE(message::header_value(mail, "Reply-To").find("abuse+pf-42.k7q2x9@desk.example"), std::string_view::npos);
  EXPECT_EQ(message::header_value(mail, "Auto-Submitted"), "auto-generated");
  EXPECT_EQ(message::header_value(mail, "X-Auto-Response-Suppress"), "OOF, AutoReply");
  EXPECT_EQ(message::find_header(mail.headers, "Precedence"), nullptr);
  EXPECT_EQ(mail.from.at(0), (message::Mailbox{"Example Host", "abuse@desk.example"}));
  EXPECT_TRUE(mail.date);
  ASSERT_EQ(mail.parts.size(), 2U);
  EXPECT_EQ(mail.parts[0].type, "text/plain");
  EXPECT_EQ(mail.parts[1].type, "text/html");
  EXPECT_EQ(classify(mail, kOurs).kind, desk::MailKind::Loop) << "our own mail coming back is known";
}

TEST(Compose, TellsTheOwnerEverythingInAWarning) {
  for (const char* language : {"en", "de"}) {
    const message::Mail mail = composed(sample(desk::NoticeKind::Warning, language));
    for (const message::Part& part : mail.parts) {
      for (const char* said : {"PF-42", "srv-17", "192.0.2.17", "2001:db8::17", "4812 connections", "2026-11-23 04:12 UTC", "2026-11-23 06:02 UTC",
                               "391", "/dev/shm/x.pl", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "perl", "upload form",
                               "4.2 No network attacks", "2026-11-24 08:00 UTC", "abuse+pf-42.k7q2x9@desk.example"}) {
        EXPECT_NE(part.text.find(said), std::string::npos) << language << " " << part.type << ": " << said;
      }
      EXPECT_EQ(part.text.find("{{"), std::string::npos) << part.text;
    }
    EXPECT_NE(mail.parts.at(0).text.find("https://abuse.desk.example/c/PF-42/k7q2x9"), std::string::npos) << language;
    EXPECT_NE(mail.subject.find("2026-11-24 08:00 UTC"), std::string::npos);
  }
}

TEST(Compose, NeverQuotesTheAbuseItself) {
  for (const message::Part& part : composed(sample(desk::NoticeKind::Warning, "en")).parts) {
    EXPECT_EQ(part.text.find("Cheap watches"), std::string::npos);
    EXPECT_EQ(part.text.find("http://192.0.2.99"), std::string::npos);
    EXPECT_NE(part.text.find("hxxp://192.0.2.99"), std::string::npos);
  }
}

TEST(Compose, EscapesHtmlInTheHtmlPartOnly) {
  const message::Mail mail = composed(sample(desk::NoticeKind::Warning, "en"));
  EXPECT_NE(mail.parts.at(0).text.find("port 22 <b>"), std::string::npos);
  EXPECT_NE(mail.parts.at(1).text.find("port 22 &lt;b&gt;"), std::string::npos);
}

TEST(Compose, SaysHowToReachTheConsoleAndHowToGetThePortBack) {
  for (const char* language : {"en", "de"}) {
    const message::Mail mail = composed(sample(desk::NoticeKind::Disabled, language));
    EXPECT_NE(mail.parts.at(0).text.find("https://console.desk.example/"), std::string::npos) << language;
  }
}

TEST(Compose, LeavesOutWhatIsNotKnown) {
  NoticeText text = sample(desk::NoticeKind::Warning, "en");
  text.process.clear();
  text.way_in.clear();
  text.files.clear();
  text.deadline.reset();
  const std::string plain = composed(text).parts.at(0).text;
  EXPECT_EQ(plain.find("Process"), std::string::npos);
  EXPECT_EQ(plain.find("Files that we kept"), std::string::npos);
  EXPECT_EQ(plain.find("by  "), std::string::npos);
  EXPECT_NE(plain.find("We cannot see that from the network"), std::string::npos);
}

TEST(Compose, CannotBeMadeToAddAHeader) {
  NoticeText text = sample(desk::NoticeKind::Warning, "en");
  text.server = ServerId{"srv\r\nX-Evil: 1"};
  text.brand = "Host\r\nX-Evil: 2";
  text.to = {"A\r\nX-Evil: 3", "owner@customer.example\r\nX-Evil: 4"};
  const message::Mail mail = composed(text);
  EXPECT_EQ(message::find_header(mail.headers, "X-Evil"), nullptr);
}

TEST(Compose, PicksTheLanguageAndFallsBackToEnglish) {
  const auto subject = [](const char* language) { return composed(sample(desk::NoticeKind::Enabled, language)).subject; };
  EXPECT_EQ(subject("de-AT"), subject("de"));
  EXPECT_NE(subject("de"), subject("en"));
  EXPECT_EQ(subject("fr"), subject("en"));
  EXPECT_EQ(subject(""), subject("en"));
}

TEST(Templates, SayWhichFileIsWrong) {
  const fs::path folder = fs::temp_directory_path() / ("pinfold-templates-" + std::to_string(getpid()));
  fs::copy(fs::path(PINFOLD_SOURCE_DIR) / "templates", folder, fs::copy_options::recursive);
  std::ofstream(folder / "en/warning.txt.mustache") << "{{#open}}";
  const auto broken = Templates::load(folder);
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().find("warning.txt.mustache"), std::string::npos);
  fs::remove(folder / "en/warning.txt.mustache");
  const auto missing = Templates::load(folder);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().find("warning.txt.mustache: missing"), std::string::npos);
  fs::remove_all(folder);
}

/// The letters that are not yet a kind of notice have the same shape in both languages: text first, HTML second, no tag left over.
TEST(Compose, WritesEveryLetterInEveryLanguage) {
  for (const char* language : {"en", "de"}) {
    for (const char* name : kLetterNames) {
      NoticeText text = sample(desk::NoticeKind::Warning, language);
      text.letter = parse_letter(name);
      ASSERT_TRUE(text.letter) << name;
      const message::Mail mail = composed(text);
      ASSERT_EQ(mail.parts.size(), 2U) << language << " " << name;
      EXPECT_EQ(mail.parts[0].type, "text/plain");
      EXPECT_FALSE(mail.subject.empty());
      for (const message::Part& part : mail.parts) {
        EXPECT_EQ(part.text.find("{{"), std::string::npos) << language << " " << name << ": " << part.text;
        EXPECT_EQ(part.text.find("Cheap watches"), std::string::npos) << "a piece of the abuse itself";
      }
    }
  }
  EXPECT_FALSE(parse_letter("poem"));
}

TEST(Compose, GivesReasonsAndRedressWithADisabledPort) {
  for (const auto& [language, words] : {std::pair("en", "Statement of reasons"), std::pair("de", "Begründung")}) {
    const message::Mail mail = composed(sample(desk::NoticeKind::Disabled, language));
    EXPECT_NE(mail.parts.at(0).text.find(words), std::string::npos);
    EXPECT_NE(mail.parts.at(1).text.find(words), std::string::npos);
  }
}

TEST(Compose, OfAQuarantineSaysSoAndNeverThatThePortIsOff) {
  struct Row {
    const char* language;
    const char* quarantine;
    const char* off;
  };
  for (const Row& row : {Row{"en", "quarantine", "port is off"}, Row{"de", "Quarantäne", "abgeschaltet"}}) {
    NoticeText text = sample(desk::NoticeKind::Disabled, row.language);
    EXPECT_EQ(composed(text).parts.at(0).text.find(row.quarantine), std::string::npos);
    for (const desk::NoticeKind kind : {desk::NoticeKind::Disabled, desk::NoticeKind::Enabled}) {
      text = sample(kind, row.language);
      text.in_quarantine = true;
      const message::Mail mail = composed(text);
      EXPECT_NE(mail.subject.find(row.quarantine), std::string::npos) << mail.subject;
      for (const message::Part& part : mail.parts) {
        EXPECT_NE(part.text.find(row.quarantine), std::string::npos) << part.text;
        EXPECT_EQ(part.text.find(row.off), std::string::npos) << part.text;
      }
    }
  }
}

TEST(Compose, KeepsALineBreakInANameOrSubjectFromBecomingAHeader) {
  NoticeText text = sample(desk::NoticeKind::Warning, "en");
  text.to.name = "x\r\nBcc: victim@elsewhere.example";
  text.brand = "Host\nX-Forged: 1";
  text.server = ServerId{"srv\r\nX-Forged: 2"};
  const message::Mail mail = composed(text);
  EXPECT_EQ(message::find_header(mail.headers, "Bcc"), nullptr);
  EXPECT_EQ(message::find_header(mail.headers, "X-Forged"), nullptr);
}

}  // namespace
}  // namespace pinfold::mail
