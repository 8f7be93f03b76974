#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "abuse/finding_json.hpp"
#include "http/agent_api.hpp"
#include "http/staff_pages.hpp"
#include "store/evidence_files.hpp"
#include "store/store.hpp"
#include "support/sample_desk.hpp"
#include "support/temp_folder.hpp"
#include "wire/wire.hpp"

namespace pinfold::http {
namespace {

using test::kNoon;

class RoutesTest : public ::testing::Test {
protected:
  RoutesTest() {
    store->transact([&](records::Transaction& tx) {
      tx.inventory().replace(test::sample_inventory(), clock.wall());
      tx.agents().add_token(sha256_hex("token-1"), ServerId{"srv-1"}, clock.wall() + Seconds{3600});
    });
  }

  Response enrol(const std::string& token) {
    Request request{.method = "POST",
                    .target = "/agent/v1/enrol",
                    .headers = {},
                    .body = wire::to_json(wire::Enrolment{token, to_hex(key.public_key), "host"}).dump(),
                    .remote = "192.0.2.11"};
    return agents.handle(request);
  }
  Request signed_request(const std::string& method, const std::string& target, const std::string& body, WallTime at) {
    const std::string time = to_string(at);
    Request request{.method = method, .target = target, .headers = {}, .body = body, .remote = "192.0.2.11"};
    request.headers["pinfold-agent"] = to_hex(key.public_key);
    request.headers["pinfold-time"] = time;
    request.headers["pinfold-signature"] = to_hex(sign(key, wire::text_to_sign(method, target, time, body)));
    return request;
  }
  Request findings_request() {
    const auto finding = test::sample_finding(abuse::Origin::Host, clock.wall(), "host-1");
    return signed_request("POST", "/agent/v1/findings", wire::to_json(wire::FindingBatch{{finding}, "exec: bpf"}).dump(), clock.wall());
  }
  std::size_t waiting() {
    std::size_t count = 0;
    store->read([&](records::Transaction& tx) { count = tx.inbox().count_pending("finding"); });
    return count;
  }

  test::TempFolder folder;
  ManualClock clock{kNoon};
  std::unique_ptr<records::Store> store = store::open_sqlite(folder.path() / "desk.sqlite");
  store::FileEvidenceStore evidence{folder.path() / "evidence"};
  int arrivals = 0;
  AgentApi agents{*store, evidence, clock, [this] { ++arrivals; }};
  SigningKey key = make_signing_key();
};

TEST_F(RoutesTest, ATokenEnrolsOnce) {
  EXPECT_EQ(enrol("token-1").status, 200U);
  EXPECT_EQ(enrol("token-1").status, 403U);
  EXPECT_EQ(enrol("token-2").status, 403U);
}

TEST_F(RoutesTest, FindingsAreKeptBeforeTheyAreAcknowledgedAndOnlyOnce) {
  ASSERT_EQ(enrol("token-1").status, 200U);
  EXPECT_EQ(agents.handle(findings_request()).status, 202U);
  EXPECT_EQ(agents.handle(findings_request()).status, 202U);
  EXPECT_EQ(waiting(), 1U);
  EXPECT_EQ(arrivals, 2);
}

TEST_F(RoutesTest, AnAgentSpeaksOnlyForItsOwnServerAndOnlyAsHost) {
  ASSERT_EQ(enrol("token-1").status, 200U);
  auto finding = test::sample_finding(abuse::Origin::Network, clock.wall(), "forged");
  finding.server = ServerId{"srv-2"};
  const auto request = signed_request("POST", "/agent/v1/findings", wire::to_json(wire::FindingBatch{{finding}, ""}).dump(), clock.wall());
  ASSERT_EQ(agents.handle(request).status, 202U);
  store->read([&](records::Transaction& tx) {
    const auto kept = abuse::parse_finding(nlohmann::json::parse(tx.inbox().pending("finding", 1).front().payload));
    EXPECT_EQ(kept->server, ServerId{"srv-1"});
    EXPECT_EQ(kept->origin, abuse::Origin::Host);
  });
}

TEST_F(RoutesTest, WhatIsNotSignedByAnEnrolledKeyNowIsRefused) {
  EXPECT_EQ(agents.handle(findings_request()).status, 401U) << "not enrolled";
  ASSERT_EQ(enrol("token-1").status, 200U);
  Request altered = findings_request();
  altered.body += " ";
  EXPECT_EQ(agents.handle(altered).status, 401U) << "body changed";
  const Request late = signed_request("POST", "/agent/v1/findings", "{}", clock.wall() - wire::kMaxClockSkew - Seconds{1});
  EXPECT_EQ(agents.handle(late).status, 401U) << "old signature";
  store->transact([&](records::Transaction& tx) { tx.agents().revoke(AgentId{to_hex(key.public_key)}); });
  EXPECT_EQ(agents.handle(findings_request()).status, 401U) << "revoked";
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(RoutesTest, EvidenceIsKeptUnderItsHashAndNoOther) {
  ASSERT_EQ(enrol("token-1").status, 200U);
  const std::string body = "#!/usr/bin/perl\n";
  const std::string target = "/agent/v1/evidence/" + sha256_hex(body);
  EXPECT_EQ(agents.handle(signed_request("PUT", target, body, clock.wall())).status, 201U);
  EXPECT_EQ(evidence.get(sha256_hex(body)), body);
  EXPECT_EQ(agents.handle(signed_request("PUT", target, "other", clock.wall())).status, 422U);
  EXPECT_EQ(agents.handle(signed_request("PUT", "/agent/v1/evidence/..%2f..%2fetc", body, clock.wall())).status, 404U);
}

class PagesTest : public RoutesTest {
protected:
  Response get(const std::string& target) {
    return pages.handle({.method = "GET", .target = target, .headers = {}, .body = {}, .remote = "127.0.0.1"});
  }
  CaseId make_case(const std::string& summary) {
    CaseId id;
    store->transact([&](records::Transaction& tx) {
      id = tx.cases().create();
      auto finding = test::sample_finding(abuse::Origin::Network, clock.wall(), "net/1");
      finding.summary = summary;
      const desk::Moment moment{clock.wall(), {}, "token", {ContactId{"owner@customer.example"}}};
      const auto step = desk::open(id, {ServerId{"srv-1"}, CustomerId{"1001"}, abuse::Family::Compromise, 0}, finding, policy, moment);
      std::vector<desk::Event> events;
      for (const auto& body : step.events) {
        events.push_back({static_cast<std::uint32_t>(events.size() + 1), clock.wall(), body});
      }
      tx.cases().append(id, 0, events, desk::fold(id, events), std::nullopt);
    });
    return id;
  }

  desk::Policy policy;
  bool healthy = true;
  StaffPages pages{*store, policy, clock, [this] {
                     Health health;
                     health.parts.push_back({"mail in", healthy, "listening"});
                     health.metrics.push_back({"pinfold_records_total", "exporter=\"10.0.0.1\"", 7});
                     return health;
                   }};
};

TEST_F(PagesTest, ListAndCaseShowWhatHappened) {
  EXPECT_NE(get("/").body.find("No case is open"), std::string::npos);
  const CaseId id = make_case("contacted 1500 hosts");
  EXPECT_NE(get("/").body.find(to_string(id)), std::string::npos);
  const Response page = get("/cases/" + to_string(id));
  EXPECT_EQ(page.status, 200U);
  EXPECT_NE(page.body.find("contacted 1500 hosts"), std::string::npos);
  EXPECT_NE(page.body.find("May this server be disabled?"), std::string::npos);
}

TEST_F(PagesTest, TextFromOutsideIsEscaped) {
  const CaseId id = make_case("<script>alert(1)</script>");
  const std::string body = get("/cases/" + to_string(id)).body;
  EXPECT_EQ(body.find("<script>"), std::string::npos);
  EXPECT_NE(body.find("&lt;script&gt;"), std::string::npos);
}

TEST_F(PagesTest, UnknownPagesAndWritingAreRefused) {
  EXPECT_EQ(get("/cases/PF-99").status, 404U);
  EXPECT_EQ(get("/cases/PF-x").status, 404U);
  EXPECT_EQ(get("/etc/passwd").status, 404U);
  EXPECT_EQ(pages.handle({.method = "POST", .target = "/", .headers = {}, .body = {}, .remote = {}}).status, 405U);
}

TEST_F(PagesTest, HealthAndMetricsTellTheTruth) {
  EXPECT_EQ(get("/healthz").status, 200U);
  healthy = false;
  EXPECT_EQ(get("/healthz").status, 503U);
  EXPECT_EQ(get("/metrics").body, "# TYPE pinfold_records_total counter\npinfold_records_total{exporter=\"10.0.0.1\"} 7\n");
}

}  // namespace
}  // namespace pinfold::http
