// Cases through the API: the queue, decisions on a case as it was seen, what its owner sees of it, repeated requests.
#include "http/api/api_fixture.hpp"

namespace pinfold::http {
namespace {

class CasesTest : public test::ApiTest {};

TEST_F(CasesTest, AListGoesOnWhereItsPageEnded) {
  for (int i = 0; i < 7; ++i) {
    clock.advance(Seconds{60});
    const CaseId id = new_case("srv-1", "net/" + std::to_string(i));
    ASSERT_TRUE(desk.apply(id, desk::ClosedByStaff{StaffId{"abuse"}, false, "done"}));
  }
  const Entry who = enter("support");
  std::vector<std::string> seen;
  std::string target = "/v1/cases?status=closed&limit=3";
  for (int page = 0; page < 4 && !target.empty(); ++page) {
    const json list = parsed(call(who, "GET", target));
    for (const json& one : list["items"]) {
      seen.push_back(one["id"]);
    }
    target = list["next"].is_null() ? "" : "/v1/cases?status=closed&limit=3&cursor=" + list["next"].get<std::string>();
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"PF-7", "PF-6", "PF-5", "PF-4", "PF-3", "PF-2", "PF-1"})) << "newest first, none twice, none lost";
  EXPECT_EQ(call(who, "GET", "/v1/cases?cursor=zz").status, 422U);
  EXPECT_EQ(call(who, "GET", "/v1/cases?limit=0").status, 422U);
  EXPECT_EQ(call(who, "GET", "/v1/cases?limit=201").status, 422U);
}

TEST_F(CasesTest, TheQueueSortsAndFilters) {
  delivered_case();
  new_case("srv-2", "net/2");
  const Entry who = enter("support");
  const auto ids = [&](const std::string& query) {
    std::string text;
    const Response response = call(who, "GET", "/v1/cases" + query);
    EXPECT_EQ(response.status, 200U) << query << response.body;
    for (const json& one : parsed(response)["items"]) {
      text += one["id"].get<std::string>() + " ";
    }
    return text;
  };
  EXPECT_EQ(ids("?sort=deadline"), "PF-1 PF-2 ") << "who has a deadline first";
  EXPECT_EQ(ids("?customer=2002"), "PF-2 ");
  EXPECT_EQ(ids("?server=srv-1"), "PF-1 ");
  EXPECT_EQ(ids("?state=delivered"), "PF-1 ");
  EXPECT_EQ(ids("?severity=critical"), "");
  EXPECT_EQ(ids("?q=srv-2"), "PF-2 ");
  EXPECT_EQ(ids("?q=%25"), "") << "a per cent sign stands for itself";
  EXPECT_EQ(ids("?owner=none&family=compromise&sort=severity"), "PF-2 PF-1 ");
  EXPECT_EQ(call(who, "PUT", "/v1/cases/PF-2/owner", {{"owner", "abuse"}}).status, 200U);
  EXPECT_EQ(ids("?owner=abuse"), "PF-2 ");
  EXPECT_EQ(call(who, "PUT", "/v1/cases/PF-2/owner", {{"owner", "owner"}}).status, 422U) << "customers look after no case";
  EXPECT_EQ(call(who, "GET", "/v1/cases?sort=colour").status, 422U);
}

TEST_F(CasesTest, TheRowSaysWhatTheCaseSays) {
  delivered_case();
  const json row = parsed(call(enter("support"), "GET", "/v1/cases"))["items"][0];
  EXPECT_EQ(row["severity"], "high");
  EXPECT_EQ(row["confidence"], 95);
  EXPECT_EQ(row["classes"], json::array({"port_scan"}));
  EXPECT_EQ(row["summary"], "contacted 1500 hosts on tcp/22 in 8 s");
  EXPECT_EQ(row["customer_name"], "Example Ltd");
  EXPECT_EQ(row["deadline"], to_string(clock.wall() + config.policy.response_window));
  EXPECT_FALSE(row["replied"]);
  EXPECT_EQ(call(enter("owner"), "POST", "/v1/cases/PF-1/answers", {{"statement", "looking"}}).status, 200U);
  const json after = parsed(call(enter("support"), "GET", "/v1/cases"))["items"][0];
  EXPECT_TRUE(after["replied"]);
  EXPECT_TRUE(after["deadline"].is_null()) << "nothing is awaited any more";
  EXPECT_GT(after["version"], row["version"]);
}

TEST_F(CasesTest, ADecisionOnACaseThatHasMovedIsRefused) {
  delivered_case();
  const Entry who = enter("abuse");
  const Response seen = call(who, "GET", "/v1/cases/PF-1");
  const std::string tag = header(seen, "ETag");
  EXPECT_EQ(tag, "\"" + std::to_string(parsed(seen)["version"].get<int>()) + "\"");
  const json closing{{"reason", "all is well"}};
  EXPECT_EQ(call(who, "POST", "/v1/cases/PF-1/close", closing).status, 428U);
  EXPECT_EQ(call(who, "POST", "/v1/cases/PF-1/close", closing, {{"if-match", "*"}}).status, 412U);
  ASSERT_EQ(call(enter("owner"), "POST", "/v1/cases/PF-1/answers", {{"statement", "fixed"}, {"text", "closed it"}}).status, 200U);
  const Response moved = call(who, "POST", "/v1/cases/PF-1/close", closing, {{"if-match", tag}});
  EXPECT_EQ(moved.status, 412U);
  EXPECT_EQ(parsed(moved)["code"], "overtaken");
  EXPECT_EQ(act("abuse", "/v1/cases/PF-1/close", closing).status, 200U);
  EXPECT_EQ(act("abuse", "/v1/cases/PF-1/close", closing).status, 409U) << "it is closed already";
}

TEST_F(CasesTest, TheSameRequestTwiceIsDoneOnce) {
  delivered_case();
  const Entry who = enter("support");
  const json note{{"text", "called, nobody there"}};
  const Response first = call(who, "POST", "/v1/cases/PF-1/notes", note, {{"idempotency-key", "k-1"}});
  ASSERT_EQ(first.status, 200U);
  const Response again = call(who, "POST", "/v1/cases/PF-1/notes", note, {{"idempotency-key", "k-1"}});
  EXPECT_EQ(again.status, 200U);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(header(again, "ETag"), header(first, "ETag"));
  EXPECT_EQ(header(again, "Idempotency-Replayed"), "true");
  const Response other = call(who, "POST", "/v1/cases/PF-1/notes", {{"text", "another"}}, {{"idempotency-key", "k-1"}});
  EXPECT_EQ(other.status, 422U);
  EXPECT_EQ(parsed(other)["code"], "idempotency_key_reused");
  EXPECT_EQ(call(enter("abuse"), "POST", "/v1/cases/PF-1/notes", note, {{"idempotency-key", "k-1"}}).status, 200U) << "keys are each user's own";
  std::size_t notes = 0;
  store->read([&](records::Transaction& tx) {
    for (const desk::Event& event : tx.cases().events(CaseId{1})) {
      notes += std::holds_alternative<desk::NoteAdded>(event.body) ? 1U : 0U;
    }
  });
  EXPECT_EQ(notes, 2U);
}

TEST_F(CasesTest, ARefusedRequestMayBeRepeatedWithItsKey) {
  delivered_case();
  const Entry who = enter("support");
  const std::map<std::string, std::string> key{{"idempotency-key", "k-2"}};
  const json body{{"statement", "fixed"}, {"text", "x"}};
  EXPECT_EQ(call(who, "POST", "/v1/cases/PF-1/answers", body, key).status, 422U) << "who said it?";
  EXPECT_EQ(call(who, "POST", "/v1/cases/PF-1/answers", body, key).status, 422U) << "and not 409";
}

TEST_F(CasesTest, AnAnswerInThePortalIsOne) {
  delivered_case();
  const Entry who = enter("member");
  EXPECT_EQ(call(who, "POST", "/v1/cases/PF-1/answers", {{"statement", "maybe"}}).status, 422U);
  EXPECT_EQ(call(who, "POST", "/v1/cases/PF-1/answers", {{"statement", "fixed"}, {"promised", "2026-11-01T00:00:00Z"}}).status, 422U);
  const Response answered =
      call(who, "POST", "/v1/cases/PF-1/answers", {{"statement", "fixed"}, {"text", "removed\nthe script"}, {"promised", "2026-11-25T00:00:00Z"}});
  ASSERT_EQ(answered.status, 200U) << answered.body;
  const json detail = parsed(answered);
  EXPECT_EQ(detail["state"], "answered");
  EXPECT_EQ(detail["answers"][0]["channel"], "portal");
  EXPECT_EQ(detail["answers"][0]["text"], "removed\nthe script");
  EXPECT_EQ(detail["consequence"], "answered");
}

TEST_F(CasesTest, TheOwnerSeesHisCaseWithoutOurInsides) {
  delivered_case();
  ASSERT_EQ(call(enter("support"), "POST", "/v1/cases/PF-1/notes", {{"text", "looks like the usual"}}).status, 200U);
  ASSERT_EQ(act("sysadmin", "/v1/cases/PF-1/measures", {{"reason", "floods the network"}, {"emergency", true}}).status, 200U);
  ASSERT_EQ(act("sysadmin2", "/v1/cases/PF-1/actions/1/approval", {{"reason", "yes, now"}}).status, 200U);
  const Entry who = enter("owner");
  for (const char* target : {"/v1/cases/PF-1", "/v1/cases/PF-1/events", "/v1/cases/PF-1/evidence", "/v1/cases", "/v1/overview", "/v1/servers/srv-1"}) {
    const Response response = call(who, "GET", target);
    ASSERT_EQ(response.status, 200U) << target;
    for (const char* secret : {"the usual", "\"sysadmin", "sysadmin2", "yes, now", "swp1", "\"token\""}) {
      EXPECT_EQ(response.body.find(secret), std::string::npos) << target << " shows " << secret;
    }
  }
  const std::string shown = call(who, "GET", "/v1/cases/PF-1/events").body;
  EXPECT_NE(shown.find("contacted 1500 hosts"), std::string::npos) << "but what was seen is shown";
  EXPECT_NE(call(enter("support"), "GET", "/v1/cases/PF-1/events").body.find("the usual"), std::string::npos);
}

TEST_F(CasesTest, TwoPeopleDecideAnEmergencyAndTheActionShowsItsSteps) {
  delivered_case();
  ASSERT_EQ(act("sysadmin", "/v1/cases/PF-1/measures", {{"reason", "floods the network"}, {"emergency", true}}).status, 200U);
  json waiting = parsed(call(enter("abuse"), "GET", "/v1/approvals"))["items"];
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0]["state"], "waits");
  EXPECT_EQ(waiting[0]["ground"], "emergency");
  EXPECT_EQ(waiting[0]["switch"], "sw1");
  EXPECT_EQ(act("sysadmin", "/v1/cases/PF-1/actions/1/approval", {{"reason", "me again"}}).status, 409U) << "one person is not two";
  EXPECT_EQ(act("abuse", "/v1/cases/PF-1/actions/1/approval", {{"reason", "I see it too"}}).status, 200U);
  EXPECT_TRUE(parsed(call(enter("abuse"), "GET", "/v1/approvals"))["items"].empty());
  const json action = parsed(call(enter("abuse"), "GET", "/v1/cases/PF-1"))["actions"][0];
  EXPECT_EQ(action["state"], "queued");
  EXPECT_FALSE(action["steps"][0]["at"].is_null());
  ASSERT_TRUE(desk.apply(CaseId{1}, desk::PortActionFinished{ActionId{1}, desk::ActionResult::Verified, "ifOperStatus down", Millis{900}}));
  const json after = parsed(call(enter("abuse"), "GET", "/v1/cases/PF-1"));
  EXPECT_EQ(after["actions"][0]["state"], "verified");
  EXPECT_EQ(after["state"], "disabled");
  EXPECT_EQ(act("abuse", "/v1/cases/PF-1/discussions", {{"participants", "Anna"}, {"cause", "x"}, {"remedy", "y"}}).status, 403U)
      << "a systems administrator talks";
  EXPECT_EQ(act("sysadmin", "/v1/cases/PF-1/discussions", {{"participants", "Anna"}, {"cause", "x"}, {"remedy", "y"}}).status, 200U);
}

TEST_F(CasesTest, WhyIsTheLaddersOwnProof) {
  const CaseId id = delivered_case();
  const desk::Proof proof = desk.prove(*desk.find(id));
  const json shown = parsed(call(enter("owner"), "GET", "/v1/cases/PF-1/why"));
  ASSERT_EQ(shown["clauses"].size(), proof.clauses.size());
  EXPECT_EQ(shown["holds"], proof.holds());
  for (std::size_t i = 0; i < proof.clauses.size(); ++i) {
    EXPECT_EQ(shown["clauses"][i]["name"], proof.clauses[i].name);
    EXPECT_EQ(shown["clauses"][i]["because"], proof.clauses[i].because);
  }
}

TEST_F(CasesTest, BulkDoesEachByItself) {
  delivered_case();
  new_case("srv-2", "net/2");
  const json result = parsed(call(enter("abuse"), "POST", "/v1/cases/bulk",
                                  {{"cases", {"PF-1", "PF-2", "PF-99"}}, {"act", "false_positive"}, {"reason", "a detector gone wrong"}}));
  EXPECT_EQ(result["done"], 2);
  EXPECT_EQ(result["failed"], 1);
  EXPECT_FALSE(result["items"][2]["ok"]);
  EXPECT_EQ(parsed(call(enter("abuse"), "GET", "/v1/cases/PF-2"))["state"], "false_positive");
  const json record = parsed(call(enter("support"), "GET", "/v1/detectors?from=2026-11-01T00:00:00Z"))["items"][0];
  EXPECT_EQ(record["class"], "port_scan");
  EXPECT_EQ(record["wrong"], 2);
  EXPECT_EQ(call(enter("abuse"), "POST", "/v1/cases/bulk", {{"cases", {"PF-1"}}, {"act", "note"}}).status, 422U) << "a reason is owed";
}

TEST_F(CasesTest, EvidenceIsADownloadThatNothingRuns) {
  const std::string sha256 = evidence.put("#!/bin/sh\nexec evil\n");
  abuse::Finding f = test::sample_finding(abuse::Origin::Host, clock.wall() - Seconds{5}, "host/1");
  f.evidence.files = {{"/dev/shm/x.sh", sha256, 20}};
  ASSERT_TRUE(desk.take_finding(f));
  const Response file = call(enter("owner"), "GET", "/v1/cases/PF-1/evidence/" + sha256);
  ASSERT_EQ(file.status, 200U);
  EXPECT_EQ(file.body, "#!/bin/sh\nexec evil\n");
  EXPECT_EQ(file.content_type, "application/octet-stream");
  EXPECT_NE(header(file, "Content-Disposition").find("attachment"), std::string::npos);
  EXPECT_EQ(header(file, "X-Content-Type-Options"), "nosniff");
  const std::string other = evidence.put("of another case");
  EXPECT_EQ(call(enter("owner"), "GET", "/v1/cases/PF-1/evidence/" + other).status, 404U) << "knowing a hash gives nothing";
  EXPECT_EQ(call(enter("foreign"), "GET", "/v1/cases/PF-1/evidence/" + sha256).status, 404U);
}

TEST_F(CasesTest, WhatPeopleDoIsWrittenDown) {
  delivered_case();
  ASSERT_EQ(act("abuse", "/v1/cases/PF-1/close", {{"reason", "all is well"}}).status, 200U);
  const json people = parsed(call(enter("admin"), "GET", "/v1/audit-log?source=people"))["items"];
  ASSERT_FALSE(people.empty());
  EXPECT_EQ(people[0]["who"], "abuse");
  EXPECT_EQ(people[0]["what"], "closeCase");
  EXPECT_EQ(people[0]["subject"], "PF-1");
  EXPECT_EQ(people[0]["text"], "all is well");
  const json cases = parsed(call(enter("admin"), "GET", "/v1/audit-log?source=cases&limit=2"));
  EXPECT_EQ(cases["items"][0]["what"], "closed_by_staff");
  EXPECT_FALSE(cases["next"].is_null());
  EXPECT_EQ(call(enter("support"), "GET", "/v1/audit-log?source=cases").status, 403U);
}

TEST_F(CasesTest, ProblemsAreOneShape) {
  const Response wrong = call(enter("support"), "GET", "/v1/cases/PF-404");
  EXPECT_EQ(wrong.content_type, "application/problem+json");
  const json problem = parsed(wrong);
  for (const char* field : {"type", "title", "status", "detail", "code", "request_id"}) {
    EXPECT_TRUE(problem.contains(field)) << field;
  }
  EXPECT_EQ(problem["request_id"], header(wrong, "X-Request-Id"));
  const json invalid = parsed(call(enter("support"), "POST", "/v1/cases/PF-1/notes", {{"text", 7}}));
  EXPECT_EQ(invalid["errors"][0]["field"], "text");
  EXPECT_EQ(call(enter("support"), "DELETE", "/v1/cases").status, 405U);
  EXPECT_EQ(call(enter("support"), "GET", "/v1/nothing").status, 404U);
  const Entry who = enter("support");
  EXPECT_EQ(portal.handle({.method = "POST",
                           .target = "/v1/cases/PF-1/notes",
                           .headers = {{"cookie", who.cookie}, {"x-csrf-token", who.csrf}, {"content-type", "text/plain"}},
                           .body = "{}",
                           .remote = "127.0.0.1"})
                .status,
            415U);
}

}  // namespace
}  // namespace pinfold::http
