// A whole desk for the API's tests: real store, real engine, two customers with a server each, one user of every role.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/crypto.hpp"
#include "base/password.hpp"
#include "engine/api_desk.hpp"
#include "engine/places.hpp"
#include "http/portal.hpp"
#include "store/evidence_files.hpp"
#include "store/history_file.hpp"
#include "store/store.hpp"
#include "support/sample_desk.hpp"
#include "support/shared_clock.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::test {

using nlohmann::json;

inline constexpr const char* kPassword = "correct horse battery";

inline config::Config api_config(const std::filesystem::path& folder) {
  auto config = config::parse("state_dir = \"" + folder.string() +
                                  "\"\n[http]\nname = \"Example Host\"\ncalls_per_minute = 0\n[mail]\nsubmission = \"127.0.0.1:1\"\n"
                                  "starttls = false\ndomain = \"desk.example\"\n[[switch]]\nid = \"sw1\"\ndriver = \"bridge\"\n",
                              folder / "pinfold.toml");
  if (!config) {
    throw std::runtime_error(config::to_string(config.error()));
  }
  config->policy.warnings = desk::Arming::Armed;
  config->policy.measures = desk::Arming::Armed;
  desk::ServiceTerms& managed = config->policy.levels[4];
  managed.name = "managed";
  managed.audit_included = true;
  managed.staff_remediates = true;
  return *std::move(config);
}

/// The second one's server is managed: audits included, staff remediates.
inline inventory::Inventory two_customers() {
  const inventory::Inventory one = sample_inventory();
  auto customers = one.customers();
  auto servers = one.servers();
  customers.push_back({CustomerId{"2002"}, "Other Ltd", {{ContactId{"owner@other.example"}, "de"}}});
  inventory::Server other;
  other.id = ServerId{"srv-2"};
  other.customer = CustomerId{"2002"};
  other.level = inventory::ServiceLevel{4};
  other.addresses = {*net::Prefix::parse("192.0.2.12/32")};
  servers.push_back(other);
  return {customers, servers};
}

/// Every sending is kept, none goes out.
class ApiTest : public ::testing::Test {
protected:
  using json = nlohmann::json;
  ApiTest() {
    store->transact([&](records::Transaction& tx) {
      tx.inventory().replace(two_customers(), clock.wall());
      for (const char* role : {"owner", "member", "support", "abuse", "sysadmin", "admin"}) {
        add_user(tx, role, *records::parse_role(role), "1001");
      }
      add_user(tx, "foreign", records::Role::Owner, "2002");
      add_user(tx, "sysadmin2", records::Role::Sysadmin, "");
    });
    clock.advance(Seconds{60});
  }

  void add_user(records::Transaction& tx, const std::string& login, records::Role role, const std::string& customer) {
    static const std::string hash = hash_password(kPassword);
    records::UserRow row;
    row.id = "u-" + login;
    row.login = login;
    row.name = login;
    row.role = role;
    row.customer = CustomerId{records::is_staff(role) ? "" : customer};
    row.password_hash = hash;
    row.created = clock.wall();
    EXPECT_TRUE(tx.access().add_user(row));
  }

  struct Entry {
    std::string cookie;
    std::string csrf;
  };
  /// A session without the price of a password check.
  Entry enter(const std::string& login) {
    const std::string key = random_token(100);
    records::SessionRow row{random_token(50), sha256_hex(key), "u-" + login,
                            "csrf-" + login,  "127.0.0.1",     "test",
                            clock.wall(),     clock.wall(),    clock.wall() + std::chrono::hours{10}};
    store->transact([&](records::Transaction& tx) { tx.access().add_session(row); });
    return {"pinfold=" + key, row.csrf};
  }
  std::string token(const std::string& login, const std::string& scopes) {
    const std::string key = "pf_" + random_token(100);
    records::TokenRow row{random_token(50), key.substr(0, 7), sha256_hex(key), "u-" + login,
                          "test",           scopes,           clock.wall(),    clock.wall() + std::chrono::hours{24},
                          std::nullopt};
    store->transact([&](records::Transaction& tx) { tx.access().add_token(row); });
    return key;
  }

  http::Response call(const Entry& who, const std::string& method, const std::string& target, const json& body = nullptr,
                      std::map<std::string, std::string> headers = {}) {
    http::Request request{.method = method, .target = target, .headers = std::move(headers), .body = {}, .remote = "127.0.0.1"};
    if (!who.cookie.empty()) {
      request.headers["cookie"] = who.cookie;
      request.headers.emplace("x-csrf-token", who.csrf);
    }
    if (!body.is_null()) {
      request.headers.emplace("content-type", "application/json");
      request.body = body.dump();
    }
    return portal.handle(request);
  }
  static json parsed(const http::Response& response) { return json::parse(response.body, nullptr, false); }
  static std::string header(const http::Response& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) {
        return value;
      }
    }
    return {};
  }
  /// An act on a case as it stands now.
  http::Response act(const std::string& login, const std::string& target, const json& body, const std::string& id = "PF-1") {
    const Entry who = enter(login);
    const std::string tag = header(call(who, "GET", "/v1/cases/" + id), "ETag");
    return call(who, "POST", target, body, {{"if-match", tag}});
  }

  CaseId new_case(const std::string& server = "srv-1", const std::string& finding = "net/1") {
    abuse::Finding f = sample_finding(abuse::Origin::Network, clock.wall() - Seconds{5}, finding);
    f.server = ServerId{server};
    return *desk.take_finding(f);
  }
  CaseId delivered_case() {
    const CaseId id = new_case();
    EXPECT_TRUE(desk.apply(id, desk::NoticeSubmitted{NoticeId{1}, "4XyZ", false}));
    EXPECT_TRUE(desk.apply(id, desk::NoticeDelivered{NoticeId{1}, desk::DeliveryProof::Dsn, "mail.customer.example"}));
    return id;
  }

  TempFolder folder;
  SharedClock clock{kNoon};
  config::Config config = api_config(folder.path());
  std::unique_ptr<records::Store> store = store::open_sqlite(folder.path() / "pinfold.sqlite");
  store::FileEvidenceStore evidence{folder.path() / "evidence"};
  std::unique_ptr<records::History> history = store::open_history(folder.path() / "history.sqlite");
  int woken = 0;
  engine::DeskService desk{*store, config.policy, clock, [] {}};
  mail::Templates templates = *mail::Templates::load(engine::templates_folder());
  mail::Submitter submitter{mail::SubmitOptions{}};
  mail::Reader reader{std::filesystem::path(PINFOLD_BINARY_DIR) / "bin/pinfold-reader", clock};
  engine::NoticeWorker notices{desk, config, submitter, templates, clock};
  std::unique_ptr<http::api::Desk> api_desk = engine::make_api_desk(
      {config, desk, evidence, history.get(), notices, reader, submitter, clock, [] { return http::Health{}; }, [this] { ++woken; }});
  http::Sessions sessions{*store};
  http::api::Api api{[this] {
                       auto options = engine::api_options(config);
                       options.strangers_per_minute = 0;
                       return options;
                     }(),
                     *api_desk, sessions, clock};
  http::StaffPages pages{*store, config.policy, clock, [] { return http::Health{}; }};
  http::Portal portal{api, pages};
};

}  // namespace pinfold::test
