// The permission table: what the contract says, what the program does, every route with every role, and whose data a customer can reach.
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "http/api/api_fixture.hpp"

namespace pinfold::http::api {
namespace {

struct Listed {
  std::string operation;
  std::string access;
  std::string scope;
};
using Table = std::map<std::string, Listed>;  // "GET /v1/cases" → …

/// Paths stand at two blanks, methods at four; what an operation says stands between its method and the next.
Table contract() {
  std::ifstream in(PINFOLD_SOURCE_DIR "/docs/api/openapi.yaml");
  std::string line;
  std::string path;
  std::string key;
  std::string text;
  Table table;
  const auto found = [&](const char* pattern) {
    std::smatch match;
    return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : std::string{};
  };
  const auto close = [&] {
    if (!key.empty()) {
      table[key] = {found("operationId: (\\w+)"), found("x-access: (\\w+)"), found("x-scope: '?([\\w:]+)'?")};
    }
    key.clear();
    text.clear();
  };
  while (std::getline(in, line) && line != "webhooks:") {
    std::smatch match;
    if (std::regex_match(line, match, std::regex("  (/v1/[^:]*):"))) {
      close();
      path = match[1];
    } else if (std::regex_match(line, match, std::regex("    (get|post|put|patch|delete):"))) {
      close();
      std::string method = match[1];
      std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::toupper(c); });
      key = method + " " + path;
    } else {
      text += line + "\n";
    }
  }
  close();
  return table;
}

TEST(Permissions, TheContractAndTheProgramHaveTheSameTable) {
  Table program;
  for (const Route& route : routes()) {
    program[std::string(route.method) + " " + std::string(route.path)] = {std::string(route.operation), std::string(to_string(route.access)),
                                                                          std::string(route.scope)};
  }
  const Table written = contract();
  EXPECT_GT(written.size(), 90U);
  for (const auto& [key, listed] : written) {
    ASSERT_TRUE(program.contains(key)) << key << " is promised and not there";
    EXPECT_EQ(program[key].operation, listed.operation) << key;
    EXPECT_EQ(program[key].access, listed.access) << key;
    EXPECT_EQ(program[key].scope, listed.scope) << key;
  }
  EXPECT_EQ(program.size(), written.size()) << "a route that the contract does not know";
}

TEST(Permissions, TheRolesOfEachWord) {
  const std::pair<Access, std::set<std::string>> rows[] = {{Access::Everyone, {"owner", "member", "support", "abuse", "sysadmin", "admin"}},
                                                           {Access::Customers, {"owner", "member"}},
                                                           {Access::Owners, {"owner", "support", "abuse", "sysadmin", "admin"}},
                                                           {Access::Keepers, {"owner", "admin"}},
                                                           {Access::Staff, {"support", "abuse", "sysadmin", "admin"}},
                                                           {Access::Deciders, {"abuse", "sysadmin", "admin"}},
                                                           {Access::Sysadmins, {"sysadmin", "admin"}},
                                                           {Access::Admins, {"admin"}}};
  for (const auto& [access, roles] : rows) {
    for (const char* role : {"owner", "member", "support", "abuse", "sysadmin", "admin"}) {
      EXPECT_EQ(may(access, *records::parse_role(role)), roles.contains(role)) << to_string(access) << " " << role;
    }
  }
}

class PermissionWalk : public test::ApiTest {
protected:
  PermissionWalk() {
    EXPECT_EQ(new_case(), CaseId{1});
    const auto opened =
        api_desk->open_ticket({CustomerId{"1001"}, ServerId{"srv-1"}, ticket::Kind::Question, "secret subject", ticket::Side::Customer, "owner"});
    EXPECT_TRUE(opened);
    store->transact([&](records::Transaction& tx) {
      tx.aup().publish("## 1 No attacks <!-- classes: port_scan -->\n", clock.wall());
      records::ReportRow report;
      report.raw_sha256 = std::string(64, 'a');
      report.received = clock.wall();
      tx.reports().add(report);
      records::WebhookRow hook;
      hook.id = "hook1";
      hook.user = "u-owner";
      hook.customer = CustomerId{"1001"};
      hook.url = "https://owner.example/";
      hook.secret = "x";
      hook.is_enabled = false;
      tx.feed().add_webhook(hook);
      records::DeliveryRow delivery;
      delivery.id = "msg_1";
      delivery.webhook = "hook1";
      delivery.event = "case.note_added";
      delivery.body = "{}";
      delivery.at = delivery.next_attempt = clock.wall();
      delivery.state = records::DeliveryState::Failed;
      tx.feed().add_delivery(delivery);
      const std::string user = "u-owner";
      const WallTime later = clock.wall() + std::chrono::hours{24};
      tx.access().add_session({"session1", sha256_hex("a key"), user, "csrf", "127.0.0.1", "test", clock.wall(), clock.wall(), later});
      tx.access().add_token({"token1", "pf_abcd", sha256_hex("another key"), user, "test", "cases:read", clock.wall(), later, std::nullopt});
      tx.access().add_view({"view1", user, "mine", "severity=high", false});
    });
  }

  /// The pattern with ids of customer 1001 in it.
  static std::string target_of(const Route& route) {
    static const std::map<std::string, std::string> kIds{
        {"{case}", "PF-1"},        {"{server}", "srv-1"},    {"{ticket}", "T-1"},
        {"{customer}", "1001"},    {"{user}", "u-member"},   {"{webhook}", "hook1"},
        {"{number}", "1"},         {"{version}", "1"},       {"{report}", "1"},
        {"{switch}", "sw1"},       {"{breaker}", "notices"}, {"{sha256}", std::string(64, 'b')},
        {"{session}", "session1"}, {"{token}", "token1"},    {"{view}", "view1"},
        {"{delivery}", "msg_1"},   {"{action}", "none"},     {"{address}", "owner@customer.example"}};
    std::string target(route.path);
    for (const auto& [name, id] : kIds) {
      if (const std::size_t at = target.find(name); at != std::string::npos) {
        target.replace(at, name.size(), id);
      }
    }
    return target;
  }
  Response visit(const Entry& who, const Route& route) {
    const bool takes_body = (route.flags & (kBody | kOptionalBody)) != 0;
    std::map<std::string, std::string> headers;
    if ((route.flags & kIfMatch) != 0) {
      headers["if-match"] = "\"999999\"";
    }
    return call(who, std::string(route.method), target_of(route), takes_body ? json::object() : json(nullptr), headers);
  }
};

TEST_F(PermissionWalk, EveryRouteWithEveryRole) {
  for (const Route& route : routes()) {
    const std::string where = std::string(route.method) + " " + std::string(route.path);
    const Response stranger = visit({}, route);
    if (route.access != Access::Public) {
      EXPECT_EQ(stranger.status, 401U) << where;
    }
    for (const char* role : {"owner", "member", "support", "abuse", "sysadmin", "admin"}) {
      const Response response = visit(enter(role), route);
      if (may(route.access, *records::parse_role(role))) {
        EXPECT_NE(response.status, 401U) << where << " " << role;
        EXPECT_NE(response.status, 403U) << where << " " << role << " " << response.body;
        // The one thing that is not there in this test is a mail server, and the desk says so.
        const bool no_mail = route.operation == "verifyContact" && response.status == 503U && parsed(response)["code"] == "unavailable";
        EXPECT_TRUE(response.status < 500U || no_mail) << where << " " << role << " " << response.body;
      } else {
        EXPECT_EQ(response.status, 403U) << where << " " << role;
      }
    }
  }
}

TEST_F(PermissionWalk, AForeignCustomerReachesNothing) {
  std::size_t walked = 0;
  for (const Route& route : routes()) {
    ++walked;
    if (route.access == Access::Public) {
      continue;
    }
    const std::string where = std::string(route.method) + " " + std::string(route.path);
    const Response response = visit(enter("foreign"), route);
    const bool names_anothers =
        std::regex_search(std::string(route.path), std::regex("\\{(case|server|ticket|customer|user|webhook|session|token|view)\\}"));
    if (names_anothers) {
      EXPECT_TRUE(response.status == 404 || response.status == 403 || response.status == 422) << where << " " << response.status;
      EXPECT_NE(response.status / 100, 2U) << where;
    }
    for (const char* secret :
         {"PF-1", "srv-1", "1001", "secret subject", "owner@customer.example", "u-member", "owner.example", "session1", "token1", "view1"}) {
      const bool is_echo = response.status >= 400;
      EXPECT_TRUE(is_echo || response.body.find(secret) == std::string::npos) << where << " shows " << secret << ": " << response.body;
    }
  }
  EXPECT_EQ(walked, contract().size()) << "every route of the contract";
  store->read([&](records::Transaction& tx) {
    EXPECT_TRUE(tx.access().session(sha256_hex("a key"))) << "another's session was ended";
    EXPECT_TRUE(tx.access().token(sha256_hex("another key"))) << "another's token was revoked";
    EXPECT_EQ(tx.access().views("u-owner").size(), 1U) << "another's view was removed";
    EXPECT_TRUE(tx.feed().webhook("hook1"));
  });
}

TEST_F(PermissionWalk, ATokenDoesWhatItsScopesNameAndNothingElse) {
  const std::string reads = token("admin", "cases:read");
  const auto with = [&](const std::string& key, const std::string& method, const std::string& target, const json& body = nullptr) {
    return call({}, method, target, body, {{"authorization", "Bearer " + key}, {"if-match", "\"1\""}}).status;
  };
  EXPECT_EQ(with(reads, "GET", "/v1/cases"), 200U);
  EXPECT_EQ(with(reads, "GET", "/v1/me"), 200U);
  EXPECT_EQ(with(reads, "GET", "/v1/servers"), 403U);
  EXPECT_EQ(with(reads, "POST", "/v1/cases/PF-1/measures", {{"reason", "x"}}), 403U) << "port:disable is never there by default";
  EXPECT_EQ(with(reads, "GET", "/v1/users"), 403U) << "for people who have logged in only";
  EXPECT_EQ(with("pf_wrong", "GET", "/v1/cases"), 401U);
  clock.advance(std::chrono::hours{25});
  EXPECT_EQ(with(reads, "GET", "/v1/cases"), 401U) << "expired";
}

}  // namespace
}  // namespace pinfold::http::api
