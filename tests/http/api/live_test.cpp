// What is live: the stream of changes over a real connection, and webhooks to a real receiver.
#include "engine/webhooks.hpp"
#include "fetch/fetch.hpp"
#include "http/api/api_fixture.hpp"
#include "http/server.hpp"
#include "support/http_client.hpp"
#include "support/http_stub.hpp"

#include <mutex>

namespace pinfold::http {
namespace {

class LiveTest : public test::ApiTest {
protected:
  Server server{ListenAddress{net::IpAddress::v4(0x7F000001), 0}, Limits{}, [this](const Request& r) { return portal.handle(r); }, Portal::is_slow};

  std::unique_ptr<test::HttpClient> listen(const std::string& login, const std::map<std::string, std::string>& more = {}) {
    auto client = std::make_unique<test::HttpClient>(server.port());
    std::map<std::string, std::string> headers = more;
    headers["Cookie"] = enter(login).cookie;
    const auto head = client->request("GET", "/v1/stream", headers);
    EXPECT_TRUE(head && head->status == 200U);
    EXPECT_EQ(head ? head->header("content-type") : "", "text/event-stream");
    return client;
  }
};

TEST_F(LiveTest, AChangeArrivesAtWhoMaySeeIt) {
  const auto staff = listen("support");
  const auto owner = listen("owner");
  const auto foreign = listen("foreign");
  staff->read_until("retry:");
  owner->read_until("retry:");
  foreign->read_until("retry:");
  new_case();
  new_case("srv-2", "net/2");
  api.hub().wake();
  EXPECT_NE(staff->read_until("PF-2").find("\"subject\":\"PF-1\""), std::string::npos) << "staff sees both";
  EXPECT_NE(owner->read_until("\"subject\":\"PF-1\"").find("event: change"), std::string::npos);
  const std::string others = foreign->read_until("\"subject\":\"PF-2\"");
  EXPECT_EQ(others.find("PF-1"), std::string::npos) << "nothing of another customer: " << others;
  EXPECT_EQ(owner->read_until("PF-2", 300).find("PF-2"), std::string::npos);
}

TEST_F(LiveTest, WhoComesBackGoesOnBehindHisLastEvent) {
  new_case();
  std::int64_t last = 0;
  store->read([&](records::Transaction& tx) { last = tx.feed().last(); });
  ASSERT_GT(last, 1);
  const std::string id = std::to_string(last - 1);
  const auto again = listen("support", {{"Last-Event-ID", id}});
  const std::string text = again->read_until("id: " + std::to_string(last) + "\n");
  EXPECT_NE(text.find("id: " + std::to_string(last) + "\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("id: " + id + "\n"), std::string::npos) << "not twice";
  const auto lost = listen("support", {{"Last-Event-ID", "999999999"}});
  EXPECT_NE(lost->read_until("reset").find("event: reset"), std::string::npos) << "an id that is none: load anew";
}

TEST_F(LiveTest, TheEndOfASessionEndsItsStream) {
  const auto line = listen("member");
  line->read_until("retry:");
  store->transact([&](records::Transaction& tx) { tx.access().end_sessions("u-member", ""); });
  sessions.forget();
  clock.advance(kKeepOpenEvery);
  api.hub().wake();
  EXPECT_TRUE(line->is_closed_within(5000));
}

TEST_F(LiveTest, ALogInOverTheWire) {
  test::HttpClient client(server.port());
  const json body{{"login", "abuse"}, {"password", test::kPassword}};
  const auto in = client.request("POST", "/v1/session", {{"Content-Type", "application/json"}}, body.dump());
  ASSERT_TRUE(in && in->status == 200U);
  const std::string cookie = in->header("set-cookie");
  const auto me = client.request("GET", "/v1/me", {{"Cookie", cookie.substr(0, cookie.find(';'))}});
  ASSERT_TRUE(me);
  EXPECT_EQ(json::parse(me->body)["login"], "abuse");
  EXPECT_EQ(me->header("cache-control"), "no-store");
}

class WebhookTest : public test::ApiTest {
protected:
  json add(const std::string& login, const std::string& url, const json& topics = nullptr) {
    json body{{"url", url}};
    if (!topics.is_null()) {
      body["topics"] = topics;
    }
    const Response made = call(enter(login), "POST", "/v1/webhooks", body);
    EXPECT_EQ(made.status, 201U) << made.body;
    return parsed(made);
  }
  engine::Webhooks worker{*store, clock};
  void work() {
    while (worker.work()) {
    }
  }
};

TEST_F(WebhookTest, AChangeIsSentSignedAndTheLogSaysSo) {
  std::vector<test::StubRequest> received;
  std::mutex mutex;
  test::HttpStub stub([&](const test::StubRequest& request) {
    const std::lock_guard lock(mutex);
    received.push_back(request);
    return test::HttpStub::Answer{204, "", false};
  });
  const json hook = add("admin", stub.url("/hook"), {"case"});
  const std::string secret = hook["secret"];
  ASSERT_EQ(secret.substr(0, 6), "whsec_");
  new_case();
  work();
  ASSERT_FALSE(received.empty());
  const json event = json::parse(received[0].body);
  EXPECT_EQ(event["type"], "case.case_opened");
  EXPECT_EQ(event["data"]["subject"], "PF-1");
  std::string raw;
  store->read([&](records::Transaction& tx) { raw = tx.feed().webhooks().at(0).secret; });
  EXPECT_EQ("whsec_" + to_base64(raw), secret);
  const std::string id = received[0].header("webhook-id");
  const auto mac = hmac_sha256(raw, id + "." + received[0].header("webhook-timestamp") + "." + received[0].body);
  EXPECT_EQ(received[0].header("webhook-signature"), "v1," + to_base64(std::string_view(reinterpret_cast<const char*>(mac.data()), mac.size())));
  const json log = parsed(call(enter("admin"), "GET", "/v1/webhooks/" + hook["id"].get<std::string>() + "/deliveries"))["items"];
  EXPECT_EQ(log.size(), received.size());
  EXPECT_EQ(log[0]["state"], "delivered");
  EXPECT_EQ(log[0]["status"], 204);
}

TEST_F(WebhookTest, WhatIsRefusedIsTriedAgainWithTheSameId) {
  std::vector<std::string> ids;
  unsigned status = 500;
  test::HttpStub stub([&](const test::StubRequest& request) {
    ids.push_back(request.header("webhook-id"));
    return test::HttpStub::Answer{status, "", false};
  });
  const json hook = add("admin", stub.url());
  ASSERT_EQ(call(enter("admin"), "POST", "/v1/webhooks/" + hook["id"].get<std::string>() + "/test").status, 201U);
  work();
  ASSERT_EQ(ids.size(), 1U);
  work();
  EXPECT_EQ(ids.size(), 1U) << "not before its time";
  clock.advance(Seconds{5});
  status = 200;
  work();
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_EQ(ids[0], ids[1]);
  const json again = parsed(call(enter("admin"), "GET", "/v1/webhooks/" + hook["id"].get<std::string>() + "/deliveries"))["items"][0];
  EXPECT_EQ(again["attempts"], 2);
  EXPECT_EQ(again["state"], "delivered");
  status = 410;
  new_case();
  work();
  const json after = parsed(call(enter("admin"), "GET", "/v1/webhooks"))["items"][0];
  EXPECT_FALSE(after["enabled"]) << "gone is gone";
}

TEST_F(WebhookTest, AnOwnersWebhookHearsOfHisOwnOnly) {
  std::vector<std::string> bodies;
  test::HttpStub stub([&](const test::StubRequest& request) {
    bodies.push_back(request.body);
    return test::HttpStub::Answer{200, "", false};
  });
  EXPECT_EQ(call(enter("owner"), "POST", "/v1/webhooks", {{"url", stub.url()}}).status, 422U) << "customers name https addresses only";
  store->transact([&](records::Transaction& tx) {
    records::WebhookRow row;
    row.id = "own";
    row.user = "u-owner";
    row.customer = CustomerId{"1001"};
    row.url = stub.url();
    row.secret = "s";
    row.created = clock.wall();
    row.seen = tx.feed().last();
    tx.feed().add_webhook(row);
  });
  new_case("srv-2", "net/2");
  new_case();
  work();
  ASSERT_FALSE(bodies.empty());
  for (const std::string& body : bodies) {
    EXPECT_EQ(body.find("2002"), std::string::npos) << body;
  }
}

}  // namespace
}  // namespace pinfold::http
