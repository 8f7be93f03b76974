// Calls to people along the on-call list, by mail and by webhook, one step further whenever nobody takes them.
#include "engine/on_call.hpp"

#include <nlohmann/json.hpp>

#include "engine/jobs.hpp"
#include "people_lab.hpp"
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
  EXPECT_EQ(worker.escalate(), 1U);
  EXPECT_EQ(pages().size(), 3U);
  EXPECT_TRUE(write([&](records::Transaction& tx) { return tx.calls().take("PF-1/call/9", StaffId{"bert"}, clock.wall()); }));
  clock.advance(std::chrono::minutes{60});
  EXPECT_EQ(worker.escalate(), 0U);
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
