// Calls to people along the on-call list, by mail and by webhook, one step further whenever nobody takes them.
#include "engine/mail/on_call.hpp"

#include <nlohmann/json.hpp>

#include "engine/jobs.hpp"
#include "engine/people_lab.hpp"
#include "support/http_stub.hpp"

namespace pinfold::engine {
namespace {

class OnCallTest : public test::PeopleLab {
protected:
  OnCallTest() {
    policy.on_call = {{"anna", "anna@hosting.example", ""}, {"bert", "", hook.url("/page")}};
    policy.escalate_after = std::chrono::minutes{15};
  }
  void ask(CaseId id, const std::string& key, const std::string& what) {
    write([&](records::Transaction& tx) {
      tx.outbox().add(to_job(id, {key, desk::CallPerson{what}}, clock.wall()));
      return 0;
    });
  }
  std::vector<pinfold::test::StubRequest> pages() {
    const std::lock_guard lock(mutex);
    return asked;
  }

  std::mutex mutex;
  std::vector<pinfold::test::StubRequest> asked;
  std::atomic<unsigned> status{200};
  pinfold::test::HttpStub hook{[this](const pinfold::test::StubRequest& request) {
    const std::lock_guard lock(mutex);
    asked.push_back(request);
    return pinfold::test::HttpStub::Answer{status, "", false};
  }};
};

TEST_F(OnCallTest, ACallGoesOneStepFurtherUntilSomebodyTakesIt) {
  const mail::Submitter to_sink = submitter();
  const CaseId id = open_case();
  OnCallWorker worker(desk(), config, to_sink, clock);
  ask(id, "PF-1/call/9", "notice 1 could not be delivered and there is no other contact: telephone");
  EXPECT_TRUE(worker.work());
  ASSERT_EQ(sink.mails().size(), 1U);
  EXPECT_EQ(sink.mails()[0].to, "anna@hosting.example");
  EXPECT_NE(sink.mails()[0].text.find("telephone: +49 30 1234567"), std::string::npos) << "who is to telephone needs the number";
  EXPECT_NE(sink.mails()[0].text.find("pinfold call take PF-1/call/9"), std::string::npos);

  clock.advance(std::chrono::minutes{14});
  EXPECT_EQ(worker.escalate(), 0U);
  clock.advance(std::chrono::minutes{1});
  EXPECT_EQ(worker.escalate(), 1U);
  ASSERT_EQ(pages().size(), 1U) << "by webhook, which is all that he has";
  const auto page = nlohmann::json::parse(pages()[0].body);
  EXPECT_EQ(page["case"], to_string(id));
  EXPECT_EQ(page["name"], "bert");
  EXPECT_EQ(page["step"], 2);
  EXPECT_EQ(page["phone"], "+49 30 1234567");
  EXPECT_EQ(page["call"], "PF-1/call/9");

  status = 500;  // it is called again, for as long as nobody takes it
  clock.advance(std::chrono::minutes{15});
  EXPECT_EQ(worker.escalate(), 1U);
  clock.advance(std::chrono::minutes{15});
  EXPECT_EQ(worker.escalate(), 0U) << "at the end of the list ever more seldom";
  clock.advance(std::chrono::minutes{15});
  EXPECT_EQ(worker.escalate(), 1U);
  EXPECT_EQ(pages().size(), 3U);
  EXPECT_TRUE(write([&](records::Transaction& tx) { return tx.calls().take("PF-1/call/9", StaffId{"bert"}, clock.wall()); }));
  clock.advance(std::chrono::minutes{60});
  EXPECT_EQ(worker.escalate(), 0U);
}

TEST_F(OnCallTest, ANightOfOneForgottenCallWakesTheLastOfTheListAFewTimesOnly) {
  const mail::Submitter to_sink = submitter();
  const CaseId id = open_case();
  OnCallWorker worker(desk(), config, to_sink, clock);
  ask(id, "PF-1/call/9", "decide");
  EXPECT_TRUE(worker.work());
  for (int minute = 0; minute < 8 * 60 - 1; ++minute) {
    clock.advance(std::chrono::minutes{1});
    static_cast<void>(worker.escalate());
  }
  EXPECT_EQ(sink.mails().size() + pages().size(), 6U) << "0:00, then 0:15, 0:30, 1:00, 2:00, 4:00";
}

TEST_F(OnCallTest, OfSeveralCallsOfACaseTheNewestGoesFurtherAndOnePersonTakesThemAll) {
  const mail::Submitter to_sink = submitter();
  const CaseId id = open_case();
  OnCallWorker worker(desk(), config, to_sink, clock);
  ask(id, "PF-1/call/8", "decide");
  EXPECT_TRUE(worker.work());
  clock.advance(std::chrono::minutes{16});
  EXPECT_EQ(worker.escalate(), 1U);
  ask(id, "PF-1/call/9", "reminder 1: decide");
  EXPECT_TRUE(worker.work());
  EXPECT_EQ(pages().size(), 2U) << "bert has the case by now, not anna again";
  clock.advance(std::chrono::minutes{31});
  EXPECT_EQ(worker.escalate(), 1U) << "one of the two";
  EXPECT_TRUE(write([&](records::Transaction& tx) { return tx.calls().take("PF-1/call/9", StaffId{"bert"}, clock.wall()); }));
  EXPECT_FALSE(write([&](records::Transaction& tx) { return tx.calls().take("PF-1/call/8", StaffId{"anna"}, clock.wall()); }));
  clock.advance(std::chrono::hours{24});
  EXPECT_EQ(worker.escalate(), 0U);
}

TEST_F(OnCallTest, NobodyIsCalledFurtherForWhatAPersonHasActedOn) {
  const mail::Submitter to_sink = submitter();
  const CaseId id = open_case();
  OnCallWorker worker(desk(), config, to_sink, clock);
  ask(id, "PF-1/call/9", "decide");
  EXPECT_TRUE(worker.work());
  clock.advance(std::chrono::minutes{5});
  EXPECT_TRUE(desk().apply(id, desk::NoteAdded{StaffId{"carl"}, "I look into it"}));
  clock.advance(std::chrono::minutes{15});
  EXPECT_EQ(worker.escalate(), 0U) << "carl did not say `call take`, but he is at it";
  ask(id, "PF-1/call/10", "decide again");
  EXPECT_TRUE(worker.work());
  clock.advance(std::chrono::minutes{1});
  EXPECT_TRUE(desk().apply(id, desk::ClosedByStaff{StaffId{"carl"}, false, "a test"}));
  clock.advance(std::chrono::minutes{15});
  EXPECT_EQ(worker.escalate(), 0U) << "a closed case calls nobody";
}

TEST_F(OnCallTest, ACallAboutAnActionIsOverWhenTheActionNoLongerWaits) {
  policy.measures = desk::Arming::Armed;
  const mail::Submitter to_sink = submitter();
  const CaseId id = open_case();
  OnCallWorker worker(desk(), config, to_sink, clock);
  EXPECT_TRUE(desk().apply(id, desk::MeasureOrdered{StaffId{"carl"}, "a flood", true}));
  while (worker.work()) {
  }
  ASSERT_EQ(sink.mails().size(), 1U);
  EXPECT_NE(sink.mails()[0].text.find("1 more must approve"), std::string::npos);
  clock.advance(policy.escalate_after);
  EXPECT_EQ(worker.escalate(), 1U) << "nobody has approved yet";
  clock.advance(policy.evidence_max_age);
  desk().tick_due();
  ASSERT_TRUE(desk().find(id)->actions.back().dropped) << "our sensors no longer see it";
  clock.advance(std::chrono::hours{1});
  EXPECT_EQ(worker.escalate(), 0U) << "there is nothing left to approve";
  EXPECT_EQ(pages().size(), 1U);
}

TEST_F(OnCallTest, InTheMorningNobodyIsCalledForWhatSomebodyHasActedOnMeanwhile) {
  policy.quiet_hours = desk::QuietHours{std::chrono::hours{21}, std::chrono::hours{6}};
  const mail::Submitter to_sink = submitter();
  const CaseId id = open_case();
  OnCallWorker worker(desk(), config, to_sink, clock);
  clock.advance(std::chrono::hours{11});  // 23:00
  const std::string unread(64, 'd');
  EXPECT_TRUE(desk().apply(id, desk::MailReceived{desk::MailKind::Unknown, "why", "owner@customer.example", "m", unread, "?", true}));
  EXPECT_TRUE(worker.work());
  EXPECT_EQ(sink.mails().size(), 0U);
  clock.advance(std::chrono::minutes{30});
  EXPECT_TRUE(desk().apply(id, desk::MailJudged{unread, StaffId{"carl"}, false, "spam"})) << "carl works late";
  clock.advance(std::chrono::hours{7});  // 06:30
  EXPECT_TRUE(worker.work());
  EXPECT_FALSE(worker.work());
  EXPECT_EQ(sink.mails().size() + pages().size(), 0U);
}

TEST_F(OnCallTest, InQuietHoursOnlyWhatCannotWaitWakesSomebody) {
  policy.quiet_hours = desk::QuietHours{std::chrono::hours{21}, std::chrono::hours{6}};
  const mail::Submitter to_sink = submitter();
  const CaseId id = open_case();
  OnCallWorker worker(desk(), config, to_sink, clock);
  const auto ask_calmly = [&](const std::string& key) {
    write([&](records::Transaction& tx) {
      tx.outbox().add(to_job(id, {key, desk::CallPerson{"a second notice goes out; decide", true}}, clock.wall()));
      return 0;
    });
  };
  clock.advance(std::chrono::hours{8} + std::chrono::minutes{55});  // 20:55
  ask_calmly("PF-1/call/7");
  EXPECT_TRUE(worker.work());
  EXPECT_EQ(sink.mails().size(), 1U);
  clock.advance(std::chrono::minutes{30});  // 21:25
  EXPECT_EQ(worker.escalate(), 0U) << "it stays where it is until the morning";
  clock.advance(std::chrono::hours{6});  // 03:25
  ask_calmly("PF-1/call/8");
  ask(id, "PF-1/call/9", "action 1: guard rail G4 holds it");
  while (worker.work()) {
  }
  EXPECT_EQ(sink.mails().size() + pages().size(), 2U) << "the guard rail's call alone";
  EXPECT_TRUE(write([&](records::Transaction& tx) { return tx.calls().take("PF-1/call/9", StaffId{"bert"}, clock.wall()); }));
  clock.advance(std::chrono::hours{2} + std::chrono::minutes{36});  // 06:01
  EXPECT_TRUE(worker.work());
  EXPECT_EQ(sink.mails().size() + pages().size(), 3U);
}

TEST_F(OnCallTest, WhatIsPausedAgesIntoACallAgain) {
  const mail::Submitter to_sink = submitter();
  const CaseId id = open_case();
  EXPECT_TRUE(desk().apply(id, desk::MailReceived{desk::MailKind::Unknown, "why", "owner@customer.example", "m", std::string(64, 'd'), "?", true}));
  OnCallWorker worker(desk(), config, to_sink, clock);
  while (worker.work()) {
  }
  EXPECT_EQ(sink.mails().size(), 1U);
  clock.advance(policy.remind_after);
  desk().tick_due();
  while (worker.work()) {
  }
  ASSERT_EQ(sink.mails().size(), 2U);
  EXPECT_NE(sink.mails()[1].text.find("reminder 1"), std::string::npos);
}

TEST_F(OnCallTest, ACallAboutTheDeskItselfNamesNoCase) {
  const mail::Submitter to_sink = submitter();
  OnCallWorker worker(desk(), config, to_sink, clock);
  ask(CaseId{}, "canary/x", "mail in is broken");
  EXPECT_TRUE(worker.work());
  ASSERT_EQ(sink.mails().size(), 1U);
  EXPECT_EQ(sink.mails()[0].text.find("PF-0"), std::string::npos) << sink.mails()[0].text;
}

}  // namespace
}  // namespace pinfold::engine
