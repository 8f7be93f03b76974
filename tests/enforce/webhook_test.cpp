// The webhook driver against an operator's program, played by a small server on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/crypto.hpp"
#include "enforce/drivers/webhook_driver.hpp"
#include "enforce/guard_rows.hpp"
#include "support/http_stub.hpp"
#include "support/snmp_lab.hpp"

namespace pinfold::enforce {
namespace {

using desk::ActionResult;
using desk::PortWish;
using drivers::WebhookDriver;
using drivers::WebhookOptions;
using guard::AdminState;
using nlohmann::json;
using test::HttpStub;
using test::StubRequest;
using Ending = ActionOutcome::Ending;

const inventory::AccessPort kPortOne{SwitchId{"sw1"}, PortName{"swp1"}, "cust:srv-1001"};
constexpr const char* kSecret = "0123456789abcdef0123456789abcdef";

class Webhook : public testing::Test {
protected:
  HttpStub::Answer answer(const StubRequest& request) {
    const json question = json::parse(request.body, nullptr, false);
    last_action = question.value("action", "");
    // HMAC-SHA-256 over id.timestamp.body, in base 64: recomputed here from the specification's words.
    signature_is_right = fetch::sign_webhook(kSecret, request.header("webhook-id"),
                                             {std::chrono::seconds{std::stoll(request.header("webhook-timestamp"))}}, request.body)[2]
                             .second == request.header("webhook-signature");
    if (status != 200 || is_silent) {
      return {status, "no", is_silent};
    }
    if (question["action"] == "set") {
      if (question["identity"] != identity) {
        return {409, "another port", false};
      }
      admin = question["wish"];
      return {200, "{}", loses_answers};
    }
    if (question["action"] == "ports") {
      return {200, json{{"ports", {{{"port", "swp1"}, {"admin", admin}}}}}.dump(), false};
    }
    if (question["action"] == "save") {
      return {200, json{{"saved", saves}}.dump(), false};
    }
    return {200,
            json{{"state",
                  {{"name", question["port"]},
                   {"alias", alias},
                   {"type", 6},
                   {"admin", admin},
                   {"oper", admin},
                   {"identity", identity},
                   {"macs", admin == "up" ? json::array({"02:00:00:00:00:01"}) : json::array()},
                   {"in_octets", 1000},
                   {"macs_elsewhere", json::array({mac_elsewhere})},
                   {"bridge_neighbours", neighbours},
                   {"own_path", false},
                   {"ports_up", 24}}}}
                .dump(),
            false};
  }
  [[nodiscard]] WebhookOptions options() const { return {SwitchId{"sw1"}, *fetch::parse_url(stub.url("/hook")), kSecret, "", true}; }
  ActionOutcome run(const ActionRequest& request) {
    Executor executor(
        world.store, [this](const SwitchId&) { return std::make_unique<WebhookDriver>(options(), system_clock()); }, world.clock,
        [this](Micros by) { world.clock.advance(by); }, world.settings);
    return executor.run(request, world.inventory, [](records::Transaction&, const ActionRequest&) { return std::nullopt; });
  }

  std::string admin = "up";
  std::string alias = "cust:srv-1001";
  std::string mac_elsewhere = "02:00:00:00:00:fe";
  unsigned neighbours = 0;
  std::string identity = "stack 1, serial 42";
  std::string last_action;
  unsigned status = 200;
  bool is_silent = false;
  bool loses_answers = false;
  bool saves = true;
  bool signature_is_right = false;
  fakes::World world{2};
  HttpStub stub{[this](const StubRequest& request) { return answer(request); }};
};

TEST_F(Webhook, PassesAllGuardsAndShutsAndOpensThePort) {
  const auto down = run(world.request(1, PortWish::Down));
  ASSERT_EQ(down.result, ActionResult::Verified) << down.why;
  EXPECT_EQ(admin, "down");
  EXPECT_TRUE(signature_is_right);
  EXPECT_THAT(down.instruments, testing::HasSubstr("no MAC address is learned"));
  ASSERT_EQ(run(world.request(1, PortWish::Up, 2)).result, ActionResult::Verified);
  EXPECT_EQ(admin, "up");
}

TEST_F(Webhook, EachGuardStopsTheWriteOnWhatTheProgramSays) {
  world.is_on_system_clock = true;
  std::vector<GuardRow> rows = desk_rows(world, 1);
  rows.push_back({"another label", guard::kIdentity, Ending::Refused, [this] { alias = "cust:srv-7"; }, [this] { alias = "cust:srv-1001"; }});
  rows.push_back({"plugged in elsewhere", guard::kWitnesses, Ending::Held, [this] { mac_elsewhere = "02:00:00:00:00:01"; },
                  [this] { mac_elsewhere = "02:00:00:00:00:fe"; }});
  rows.push_back({"a bridge behind the port", guard::kUplink, Ending::Held, [this] { neighbours = 1; }, [this] { neighbours = 0; }});
  Executor executor(
      world.store, [this](const SwitchId&) { return std::make_unique<WebhookDriver>(options(), system_clock()); }, system_clock(), [](Micros) {},
      world.settings);
  const auto down = [&] {
    return executor.run(world.request(1, PortWish::Down), world.inventory, [](records::Transaction&, const ActionRequest&) { return std::nullopt; });
  };
  expect_each_stops_the_write(rows, down, [this] { return admin == "up"; });
}

// The operator's program as one would write it: it runs ip(8) on the lab's switch and tells what it sees there.
TEST(WebhookLab, AnOperatorsProgramShutsARealLinkAndOnlyThatOne) {
  if (const auto missing = lab::Lab::missing()) {
    GTEST_SKIP() << *missing;
  }
  lab::Lab lab;
  ASSERT_EQ(lab.faults(), "");
  const HttpStub program([&lab](const StubRequest& request) -> HttpStub::Answer {
    const json question = json::parse(request.body, nullptr, false);
    const std::string port = question.value("port", "");
    if (question["action"] == "set") {
      lab.in_switch({"link", "set", port, question["wish"] == "down" ? "down" : "up"});
      return {200, "{}", false};
    }
    if (question["action"] == "ports") {
      return {200, R"({"ports":[]})", false};
    }
    const char* state = lab.is_up(port) ? "up" : "down";
    const json said{{"name", port},
                    {"alias", "cust:srv-1002"},
                    {"type", 6},
                    {"admin", state},
                    {"oper", state},
                    {"identity", "lab"},
                    {"macs", {"02:00:00:00:00:02"}},
                    {"macs_elsewhere", {"02:00:00:00:00:fe"}},
                    {"bridge_neighbours", 0},
                    {"own_path", false},
                    {"ports_up", 24},
                    {"in_octets", 1000}};
    return {200, json{{"state", said}}.dump(), false};
  });
  fakes::World world{2};
  world.is_on_system_clock = true;
  Executor executor(
      world.store,
      [&](const SwitchId& id) {
        return std::make_unique<WebhookDriver>(WebhookOptions{id, *fetch::parse_url(program.url("/")), kSecret, "", false}, system_clock());
      },
      system_clock(), [](Micros by) { std::this_thread::sleep_for(by); }, world.settings);
  const auto holds = [](records::Transaction&, const ActionRequest&) { return std::nullopt; };
  ASSERT_TRUE(lab.pings(1) && lab.pings(2));
  const auto down = executor.run(world.request(2, PortWish::Down), world.inventory, holds);
  ASSERT_EQ(down.result, ActionResult::Verified) << down.why;
  EXPECT_FALSE(lab.pings(2));
  EXPECT_TRUE(lab.pings(1));
  ASSERT_EQ(executor.run(world.request(2, PortWish::Up, 2), world.inventory, holds).result, ActionResult::Verified);
  EXPECT_TRUE(lab.pings(2));
}

TEST_F(Webhook, TheSignatureIsThatOfTheSpecificationsExample) {
  // standardwebhooks.com, "webhook signature scheme": secret "plJ3nmyCDGBKInavdOK15jsl" in base 64.
  const std::string key{"\xa6\x52\x77\x9e\x6c\x82\x0c\x60\x4a\x22\x76\xaf\x74\xe2\xb5\xe6\x3b\x25", 18};
  const auto headers = fetch::sign_webhook(key, "msg_loFOjxBNrRLzqYUf", WallTime{std::chrono::seconds{1'731'705'121}},
                                           R"({"event_type":"ping","data":{"success":true}})");
  EXPECT_EQ(headers[2].second, "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=");
}

TEST_F(Webhook, AnAnswerThatIsLostIsReadNotResent) {
  loses_answers = true;
  EXPECT_EQ(run(world.request(1, PortWish::Down)).result, ActionResult::Verified);
  EXPECT_EQ(admin, "down");
}

TEST_F(Webhook, AnIdentityThatChangedIsRefusedByTheProgram) {
  WebhookDriver driver(options(), system_clock());
  const auto facts = driver.inspect(kPortOne);
  ASSERT_TRUE(facts) << facts.error().what;
  identity = "stack 1, serial 43";
  const auto refused = driver.set(*facts, AdminState::Down);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, DriverError::Kind::Refused);
  EXPECT_EQ(admin, "up");
}

TEST_F(Webhook, EveryKindOfFailureIsTold) {
  for (const auto& [code, kind] :
       {std::pair(403U, DriverError::Kind::Refused), std::pair(404U, DriverError::Kind::NotFound), std::pair(500U, DriverError::Kind::Malformed)}) {
    status = code;
    const auto failed = WebhookDriver(options(), system_clock()).inspect(kPortOne);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, kind) << code;
  }
  status = 200;
  is_silent = true;
  EXPECT_EQ(WebhookDriver(options(), system_clock()).inspect(kPortOne).error().kind, DriverError::Kind::Timeout);
  WebhookOptions nobody = options();
  nobody.url.port = 1;
  EXPECT_EQ(WebhookDriver(nobody, system_clock()).inspect(kPortOne).error().kind, DriverError::Kind::Unreachable);
}

TEST_F(Webhook, WhatTheProgramLeavesOutHolds) {
  HttpStub sparse([](const StubRequest&) { return HttpStub::Answer{200, R"({"state":{"name":"swp1","identity":"x","admin":"up"}})", false}; });
  WebhookOptions to = options();
  to.url = *fetch::parse_url(sparse.url());
  const auto facts = WebhookDriver(to, system_clock()).inspect(kPortOne);
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_FALSE(facts->learned_macs);
  EXPECT_FALSE(facts->alias);
  EXPECT_FALSE(facts->is_own_path);
  for (const char* text : {"", "[]", "{}", R"({"state":[]})", R"({"state":{"name":"swp1","identity":"x","admin":"sideways"}})"}) {
    HttpStub damaged([&](const StubRequest&) { return HttpStub::Answer{200, text, false}; });
    to.url = *fetch::parse_url(damaged.url());
    EXPECT_EQ(WebhookDriver(to, system_clock()).inspect(kPortOne).error().kind, DriverError::Kind::Malformed) << text;
  }
}

TEST_F(Webhook, ASaveCountsOnlyWhenTheProgramSaysSo) {
  WebhookDriver driver(options(), system_clock());
  EXPECT_TRUE(driver.can_save());
  EXPECT_TRUE(driver.save());
  saves = false;
  EXPECT_FALSE(driver.save());
}

}  // namespace
}  // namespace pinfold::enforce
