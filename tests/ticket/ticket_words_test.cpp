// What the desk itself says of a ticket, by language: complete in each, and filled with what the ticket says.
#include "ticket/ticket_words.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace pinfold {
const std::vector<EmbeddedFile>& ticket_words_files();
}

namespace pinfold::ticket {
namespace {

using Lines = std::vector<std::string>;

const std::string kHash(64, 'a');
const AuditOrdered kOrder{Side::Staff, "anna", {"/var/www", "/tmp"}, "a script"};

Ticket suspicious(Side side = Side::Staff) {
  const Opened opening{CustomerId{"1001"}, ServerId{"srv-1"}, Kind::Suspicious, "a perl in /dev/shm", side, "anna"};
  return fold(TicketId{7}, {{1, WallTime{}, opening}});
}

/// The names between braces.
std::vector<std::string> blanks_of(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    names.emplace_back(text.substr(at, text.find('}', at) - at));
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(TicketWords, AreCompleteInEveryLanguageWithTheSameBlanks) {
  const Words english = read_words(ticket_words_files(), "ticket", "en");
  ASSERT_GT(english.size(), 30U);
  ASSERT_GE(ticket_words_files().size(), 2U);
  for (const EmbeddedFile& file : ticket_words_files()) {
    const std::string_view language = file.name.substr(std::string_view("ticket.").size(), 2);
    const Words words = read_words(ticket_words_files(), "ticket", language);
    const std::string lines = "\n" + std::string(file.text);
    EXPECT_EQ(words.size(), english.size()) << file.name << ": a word that English lacks";
    for (const auto& [key, text] : english) {
      EXPECT_NE(lines.find("\n" + key + " = "), std::string::npos) << file.name << ": " << key;
      EXPECT_EQ(blanks_of(words.at(key)), blanks_of(text)) << file.name << ": " << key;
    }
  }
}

TEST(TicketWords, SayWhatToDoNextInTheReadersLanguage) {
  const Ticket t = suspicious();
  const NextStep first = checklist(t).front();
  EXPECT_EQ(TicketWords("en").line(t, first), "keep a copy of the file before anything is deleted; attach it here, it stays inert");
  EXPECT_EQ(TicketWords("de-AT").line(t, first).substr(0, 30), "bewahren Sie eine Kopie der Da");
  EXPECT_EQ(TicketWords("xx").line(t, first), TicketWords("en").line(t, first)) << "an unknown language is English";
}

TEST(TicketWords, HaveALineForEveryStepAndEveryEntry) {
  Ticket t = suspicious();
  t.plan = {{StepKind::Remove, Side::Customer, "x.php"}};
  for (const char* language : {"en", "de"}) {
    const TicketWords words(language);
    for (int todo = 0; todo <= static_cast<int>(Todo::OrderSecondAudit); ++todo) {
      const NextStep step{static_cast<Todo>(todo), std::nullopt, static_cast<Todo>(todo) == Todo::DoStep ? 1U : 0U};
      EXPECT_EQ(words.line(t, step).find('{'), std::string::npos) << words.line(t, step);
    }
    const std::vector<EventBody> all{t.opening,
                                     Message{Side::Customer, "owner", "text", {{"x.pl", kHash, 12}}, "<m>"},
                                     kOrder,
                                     AuditConsented{"owner", "phone"},
                                     AuditRun{kHash, {"/var/www"}, 3, "summary"},
                                     AuditRead{"anna"},
                                     PlanSet{"anna", t.plan},
                                     StepDone{1, "owner", "note"},
                                     Closed{Side::Customer, "owner", "done"}};
    ASSERT_EQ(all.size(), std::variant_size_v<EventBody>);
    for (const EventBody& body : all) {
      EXPECT_EQ(words.line(body).find('{'), std::string::npos) << words.line(body);
      EXPECT_FALSE(words.line(body).empty());
    }
  }
  EXPECT_EQ(TicketWords("en").line(t, {Todo::DoStep, Side::Customer, 1}), "step 1 (remove, customer): x.php");
  EXPECT_EQ(TicketWords("de").line(t, {Todo::DoStep, Side::Customer, 1}), "Schritt 1 (entfernen, Kunde): x.php");
}

TEST(TicketWords, NameThePersonAsTheReaderMayKnowThem) {
  const TicketWords german("de");
  EXPECT_EQ(german.line(kOrder, german.our_staff()), "unser Team (Mitarbeiter) beauftragt eine Prüfung von /var/www, /tmp: a script");
  EXPECT_EQ(TicketWords("en").line(StepDone{2, "{by}", "{by}"}, "x"), "step 2 done by x: {by}") << "what people write is not filled";
}

TEST(TicketLetter, OfANewTicketTellsTheCustomerWhatIsTheirsToDo) {
  const Ticket t = suspicious();
  const TicketWords english("en");
  const Lines lines = english.letter(t, t.opening, Side::Customer, false);
  ASSERT_EQ(lines.size(), 8U) << "the subject, a blank, a heading and five steps; the audit is either side's";
  EXPECT_EQ(lines[0], "a perl in /dev/shm");
  EXPECT_EQ(lines[2], "What to do first:");
  EXPECT_EQ(lines[3].substr(0, 13), "- keep a copy");
  EXPECT_EQ(english.letter(t, t.opening, Side::Staff, false), Lines{"a perl in /dev/shm"}) << "where staff remediates, staff does it";
  const Ticket theirs = suspicious(Side::Customer);
  EXPECT_TRUE(english.letter(theirs, theirs.opening, Side::Customer, false).empty()) << "who opened it knows";
}

TEST(TicketLetter, ThatAsksForAnAuditSaysWhetherTheServiceLevelIncludesIt) {
  const Ticket t = suspicious();
  const TicketWords english("en");
  EXPECT_EQ(english.letter(t, kOrder, Side::Customer, true)[2], "Your service level includes audits.");
  EXPECT_EQ(english.letter(t, kOrder, Side::Customer, false)[2], "Your service level does not include audits: we settle the terms with you first.");
  const Lines german = TicketWords("de").letter(t, kOrder, Side::Customer, true);
  EXPECT_EQ(german[0], "Wir möchten diese Ordner Ihres Servers prüfen: /var/www, /tmp");
  EXPECT_EQ(german.back(), "Nichts wird gelesen, ehe Sie zugestimmt haben. Antworten Sie, ob Sie zustimmen.");
  EXPECT_EQ(TicketWords("de").letter(t, PlanSet{"anna", {{StepKind::Update, Side::Staff, "the shop"}}}, Side::Customer, true),
            (Lines{"Was zu tun ist:", "1. aktualisieren (wir): the shop"}));
}

}  // namespace
}  // namespace pinfold::ticket
