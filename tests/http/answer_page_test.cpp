// The page behind the signed link: who gets in, what it shows, what an answer does, and what it does not do.
#include "http/answer_page.hpp"

#include <gtest/gtest.h>

#include "desk/words.hpp"
#include "http/page.hpp"
#include "support/sample_desk.hpp"

namespace pinfold::http {
namespace {

using test::kNoon;

struct StillClock final : Clock {
  WallTime now = kNoon + std::chrono::hours{2};
  [[nodiscard]] WallTime wall() const override { return now; }
  [[nodiscard]] MonoTime mono() const override { return {}; }
};

class AnswerPageTest : public testing::Test {
protected:
  AnswerPageTest() {
    record(desk::CaseOpened{ServerId{"srv-1"}, CustomerId{"1001"}, abuse::Family::Compromise, 0});
    record(desk::FindingRecorded{test::sample_finding(abuse::Origin::Network, kNoon, "net-1"), IncidentId{1}, {}});
    record(desk::NoticeQueued{NoticeId{1}, desk::NoticeKind::Warning, ContactId{"owner@customer.example"}, "replytoken", false});
    record(desk::NoticeDelivered{NoticeId{1}, desk::DeliveryProof::Dsn, "mail.customer.example"});
  }

  void record(const desk::EventBody& body) { events.push_back({static_cast<std::uint32_t>(events.size() + 1), kNoon, body}); }
  [[nodiscard]] desk::Case folded() const { return desk::fold(CaseId{7}, events); }
  [[nodiscard]] std::string link() const { return answer_path("key", CaseId{7}, folded().notices.at(0)); }
  Response get(const std::string& target) {
    return page.handle({.method = "GET", .target = target, .headers = {}, .body = {}, .remote = "203.0.113.5"});
  }
  Response post(const std::string& target, const std::string& body) {
    return page.handle({.method = "POST",
                        .target = target,
                        .headers = {{"content-type", "application/x-www-form-urlencoded"}},
                        .body = body,
                        .remote = "203.0.113.5"});
  }

  std::vector<desk::Event> events;
  std::vector<desk::ResponseRecorded> recorded;
  std::optional<std::string> refusal;
  std::string language = "en";
  StillClock clock;
  AnswerPage page{{"key", "Example Host", "+49 30 1234567", std::chrono::hours{24}},
                  {[this](CaseId id) {
                     return id == CaseId{7} ? std::optional(AnswerDesk::File{folded(), events}) : std::nullopt;
                   },
                   [this](const desk::Case&, const ContactId&) { return language; },
                   [this](CaseId, const desk::ResponseRecorded& answer) {
                     if (!refusal) {
                       recorded.push_back(answer);
                       record(answer);
                     }
                     return refusal;
                   }},
                  clock};
};

TEST_F(AnswerPageTest, ShowsWhatHappenedUntilWhenAndWhatFollows) {
  const Response response = get(link());
  EXPECT_EQ(response.status, 200U);
  for (const char* wanted : {"contacted 1500 hosts on tcp/22 in 8 s", "Answer by 2026-11-24 12:00 UTC", "time left: 22 h 0 min", "switched off",
                             "srv-1", "PF-7", "+49 30 1234567", "name=\"viewport\"", "value=\"not_mine\""}) {
    EXPECT_NE(response.body.find(wanted), std::string::npos) << wanted;
  }
  EXPECT_EQ(response.body.find("<script"), std::string::npos);
  EXPECT_EQ(response.body.find("replytoken"), std::string::npos);
}

TEST_F(AnswerPageTest, ReadingNeverActs) {
  (void)get(link() + "?answer=fixed");
  EXPECT_EQ(page.handle({.method = "HEAD", .target = link(), .headers = {}, .body = "answer=fixed", .remote = "203.0.113.5"}).status, 200U);
  EXPECT_EQ(page.handle({.method = "PUT", .target = link(), .headers = {}, .body = "answer=fixed", .remote = "203.0.113.5"}).status, 405U);
  EXPECT_TRUE(recorded.empty());
}

TEST_F(AnswerPageTest, AnAnswerIsRecordedOnceHoweverOftenItIsSent) {
  const std::string body = "answer=fixed&until=2026-11-25&note=closed+the+upload+form+%3Cb%3E";
  const Response first = post(link(), body);
  EXPECT_EQ(first.status, 303U);
  EXPECT_EQ(post(link(), body).status, 303U);
  ASSERT_EQ(recorded.size(), 1U);
  EXPECT_EQ(recorded[0].channel, desk::ResponseChannel::SignedLink);
  EXPECT_EQ(recorded[0].from, "owner@customer.example");
  EXPECT_EQ(recorded[0].statement, desk::Statement::Fixed);
  EXPECT_EQ(recorded[0].promised, parse_wall_time("2026-11-25T23:59:59Z"));
  EXPECT_EQ(recorded[0].text, "closed the upload form <b>");
  const std::string shown = get(link()).body;
  EXPECT_NE(shown.find("closed the upload form &lt;b&gt;"), std::string::npos) << "and nothing of it is taken as HTML";
  EXPECT_EQ(shown.find("Answer by"), std::string::npos) << "nothing is awaited any more";
}

TEST_F(AnswerPageTest, EachOfTheFourAnswersCanBeGiven) {
  for (const char* word : {"looking", "fixed", "intended", "not_mine"}) {
    EXPECT_EQ(post(link(), std::string("answer=") + word).status, 303U) << word;
    EXPECT_EQ(desk::to_string(recorded.back().statement), word);
  }
}

TEST_F(AnswerPageTest, WhatIsNotAnAnswerSaysWhyAndRecordsNothing) {
  const struct {
    const char* body;
    const char* says;
  } rows[] = {{"", "choose one"},
              {"answer=unstated", "choose one"},
              {"answer=drop+table", "choose one"},
              {"answer=fixed&until=2026-11-22", "today or later"},
              {"answer=fixed&until=2027-11-22", "today or later"},
              {"answer=fixed&until=soon", "today or later"}};
  for (const auto& row : rows) {
    const Response response = post(link(), row.body);
    EXPECT_EQ(response.status, 422U) << row.body;
    EXPECT_NE(response.body.find(row.says), std::string::npos) << row.body;
  }
  EXPECT_EQ(
      page.handle({.method = "POST", .target = link(), .headers = {{"content-type", "text/plain"}}, .body = "answer=fixed", .remote = "::1"}).status,
      415U);
  EXPECT_TRUE(recorded.empty());
}

TEST_F(AnswerPageTest, ARefusalByTheCaseIsShown) {
  refusal = "the case is closed";
  const Response response = post(link(), "answer=fixed");
  EXPECT_EQ(response.status, 409U);
  EXPECT_NE(response.body.find("the case is closed"), std::string::npos);
}

TEST_F(AnswerPageTest, NobodyGetsInWithAnythingButTheLink) {
  std::string forged = link();
  forged.back() = forged.back() == '0' ? '1' : '0';
  for (const std::string& target :
       {forged, std::string("/c/PF-7/1/"), std::string("/c/PF-8/1/") + std::string(40, 'a'), link() + "/x", std::string("/"),
        answer_path("another key", CaseId{7}, folded().notices.at(0)), std::string("/c/PF-7/2") + link().substr(link().rfind('/'))}) {
    EXPECT_EQ(get(target).status, 404U) << target;
    EXPECT_EQ(post(target, "answer=fixed").status, 404U) << target;
  }
  EXPECT_TRUE(recorded.empty());
}

TEST_F(AnswerPageTest, EachContactHasALinkOfItsOwn) {
  record(desk::NoticeQueued{NoticeId{2}, desk::NoticeKind::Warning, ContactId{"cto@customer.example"}, "t", false});
  const desk::Case c = folded();
  EXPECT_NE(answer_signature("key", c.id, c.notices[0]), answer_signature("key", c.id, c.notices[1]));
  EXPECT_EQ(post(answer_path("key", c.id, c.notices[1]), "answer=looking").status, 303U);
  EXPECT_EQ(recorded.at(0).from, "cto@customer.example");
}

TEST_F(AnswerPageTest, TheLinkEndsAWhileAfterTheCase) {
  record(desk::ClosedByStaff{StaffId{"eve"}, false, "done"});
  const Response closed = get(link());
  EXPECT_EQ(closed.status, 200U);
  EXPECT_EQ(closed.body.find("<form"), std::string::npos) << "nothing is asked any more";
  clock.now = kNoon + kLinkOutlivesCase + Seconds{1};
  EXPECT_EQ(get(link()).status, 404U);
}

TEST_F(AnswerPageTest, GuessingIsSlowedByAddressNotByProxy) {
  const auto guess = [this](const std::string& client) {
    return page
        .handle({.method = "GET", .target = "/c/PF-7/1/x", .headers = {{"x-forwarded-for", "1.2.3.4, " + client}}, .body = {}, .remote = "127.0.0.1"})
        .status;
  };
  for (unsigned i = 0; i < kMaxWrong; ++i) {
    ASSERT_EQ(guess("203.0.113.9"), 404U);
  }
  EXPECT_EQ(guess("203.0.113.9"), 429U);
  EXPECT_EQ(guess("203.0.113.10"), 404U) << "others are not punished";
  EXPECT_EQ(get(link()).status, 200U);
  clock.now = clock.now + std::chrono::minutes{1};
  EXPECT_EQ(guess("203.0.113.9"), 404U);
}

TEST_F(AnswerPageTest, ACaseTakesOnlySoManyAnswersAMinute) {
  for (unsigned i = 0; i < kMaxAnswers; ++i) {
    ASSERT_EQ(post(link(), "answer=looking&note=" + std::to_string(i)).status, 303U);
  }
  EXPECT_EQ(post(link(), "answer=fixed").status, 429U);
}

TEST_F(AnswerPageTest, SpeaksTheContactsLanguage) {
  language = "de-AT";
  const Response german = get(link());
  EXPECT_NE(german.body.find("<html lang=\"de\">"), std::string::npos);
  EXPECT_NE(german.body.find("Antwort bis 2026-11-24 12:00 UTC"), std::string::npos);
  language = "xx";
  EXPECT_NE(get(link()).body.find("Answer by"), std::string::npos);
}

TEST(Words, EveryLanguageHasEveryWord) {
  const Words english = words_of("answer", "en");
  EXPECT_FALSE(english.empty());
  const Words german = words_of("answer", "de");
  EXPECT_EQ(english.size(), german.size()) << "a word that English lacks";
  for (const auto& [key, text] : english) {
    EXPECT_FALSE(text.empty()) << key;
    EXPECT_FALSE(german.at(key).empty()) << key;
    EXPECT_NE(embedded("answer.de.txt").find(key + " ="), std::string::npos) << key << " has no German";
  }
}

TEST(Form, DecodesAndIsBounded) {
  const auto parse = [](std::string body) {
    return parse_form({.method = "POST",
                       .target = "/",
                       .headers = {{"content-type", "application/x-www-form-urlencoded; charset=UTF-8"}},
                       .body = std::move(body),
                       .remote = "::1"});
  };
  EXPECT_EQ(parse("a=1&b=%C3%A4+x&a=2&c"), (Form{{"a", "1"}, {"b", "ä x"}, {"c", ""}}));
  EXPECT_EQ(url_decode("100%25 %zz %4"), "100% %zz %4");
  EXPECT_FALSE(parse(std::string(kMaxForm + 1, 'a')));
  EXPECT_FALSE(parse(std::string(kMaxFields, '&')));
}

}  // namespace
}  // namespace pinfold::http
