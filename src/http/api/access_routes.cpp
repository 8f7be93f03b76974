// Users and API tokens.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "base/password.hpp"
#include "http/api/json.hpp"
#include "http/api/operations.hpp"

namespace pinfold::http::api {
namespace {

constexpr unsigned kIdBits = 80;
constexpr unsigned kKeyBits = 200;
constexpr std::size_t kPrefixShown = 7;
constexpr std::size_t kMaxTokens = 50;
constexpr std::int64_t kUsualDays = 90;
constexpr std::int64_t kMostDays = 366;

json user_json(const records::UserRow& row) {
  return {{"id", row.id},
          {"version", row.version},
          {"login", row.login},
          {"name", row.name},
          {"role", records::to_string(row.role)},
          {"customer", nullable(row.customer.value)},
          {"language", row.language},
          {"totp", !row.totp_secret.empty()},
          {"closed", row.is_closed},
          {"created", to_string(row.created)},
          {"last_login", nullable(row.last_login)}};
}

/// An owner keeps his own customer's people, an administrator everybody.
bool keeps(const Caller& who, const records::UserRow& row) {
  return who.user.role == records::Role::Admin || (!records::is_staff(row.role) && row.customer == who.user.customer);
}

records::UserRow user_of(records::Transaction& tx, const Call& call) {
  const auto row = tx.access().user(call.path.at(0));
  if (!row || !keeps(call.who(), *row)) {
    throw not_found("there is no such user");
  }
  return *row;
}

records::Role role_field(const Call& call) {
  const auto role = records::parse_role(call.text("role", 20));
  if (!role) {
    throw invalid("role", "owner, member, support, abuse, sysadmin or admin");
  }
  if (call.who().user.role != records::Role::Admin && records::is_staff(*role)) {
    throw forbidden("only an administrator makes staff");
  }
  return *role;
}

std::string password_field(const Call& call, const std::string& field, const std::string& login) {
  if (!call.body[field].is_string()) {
    throw invalid(field, "a text");
  }
  std::string password = call.body[field].get<std::string>();
  if (const auto why = why_not_password(password, login)) {
    throw invalid(field, *why);
  }
  return password;
}

json token_json(const records::TokenRow& row) {
  return {{"id", row.id},
          {"name", row.name},
          {"prefix", row.prefix},
          {"scopes", words_json(row.scopes)},
          {"created", to_string(row.created)},
          {"expires", to_string(row.expires)},
          {"last_used", nullable(row.last_used)}};
}

}  // namespace

Response list_users(Api& api, Call& call) {
  const auto cursor = call.cursor(1);
  const std::size_t limit = call.limit();
  const auto customer = call.who().is_staff() ? std::nullopt : std::optional(call.who().user.customer);
  std::vector<records::UserRow> rows;
  api.store().read([&](records::Transaction& tx) {
    rows = tx.access().users(customer, call.param("q").substr(0, 100), cursor.empty() ? "" : cursor[0], limit + 1);
  });
  std::optional<std::string> next;
  if (rows.size() > limit) {
    rows.pop_back();
    next = make_cursor({rows.back().login});
  }
  json items = json::array();
  for (const records::UserRow& row : rows) {
    items.push_back(user_json(row));
  }
  return list_of(std::move(items), next);
}

Response add_user(Api& api, Call& call) {
  records::UserRow row;
  row.id = random_token(kIdBits);
  row.login = to_lower(trim(call.text("login", 254)));
  row.name = call.text("name", 100);
  row.role = role_field(call);
  row.language = call.text_or("language", 20, "en");
  row.created = call.now;
  row.must_change = true;
  row.customer =
      records::is_staff(row.role) ? CustomerId{} : (call.who().is_staff() ? CustomerId{call.text("customer", 200)} : call.who().user.customer);
  if (!row.customer.value.empty() && api.desk().inventory()->find(row.customer) == nullptr) {
    throw invalid("customer", "there is no such customer");
  }
  const bool fits = row.login.size() >= 2 && std::all_of(row.login.begin(), row.login.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!fits || row.login == "policy" || row.login == "desk") {
    throw invalid("login", "at least two printable characters without blanks; `policy` and `desk` are the program's own");
  }
  if (!call.has("password")) {
    throw invalid("password", "missing");
  }
  row.password_hash = hash_password(password_field(call, "password", row.login));
  bool added = false;
  api.store().transact([&](records::Transaction& tx) { added = tx.access().add_user(row); });
  if (!added) {
    throw refused("the login is taken");
  }
  call.subject = row.login;
  return ok(user_json(row), 201);
}

Response get_user(Api& api, Call& call) {
  records::UserRow row;
  api.store().read([&](records::Transaction& tx) { row = user_of(tx, call); });
  return ok_with_tag(user_json(row), row.version);
}

Response change_user(Api& api, Call& call) {
  records::UserRow row;
  api.store().read([&](records::Transaction& tx) { row = user_of(tx, call); });
  if (row.version != *call.if_match) {
    throw overtaken("the user was changed meanwhile");
  }
  row.name = call.text_or("name", 100, row.name);
  if (call.has("role")) {
    const records::Role role = role_field(call);
    if (records::is_staff(role) != records::is_staff(row.role)) {
      throw invalid("role", "a customer's user does not become staff, nor the other way round: make another account");
    }
    row.role = role;
  }
  row.is_closed = call.flag("closed", row.is_closed);
  if (row.id == call.who().user.id && (row.is_closed || row.role != call.who().user.role)) {
    throw refused("nobody closes or changes the role of his own account");
  }
  if (call.has("password")) {
    row.password_hash = hash_password(password_field(call, "password", row.login));
    row.must_change = true;
  }
  if (call.has("totp")) {
    if (call.flag("totp", true)) {
      throw invalid("totp", "only false: one sets up codes oneself");
    }
    row.totp_secret = row.totp_pending = {};
  }
  api.store().transact([&](records::Transaction& tx) {
    tx.access().put_user(row);
    tx.access().end_sessions(row.id, row.id == call.who().user.id ? call.who().session_id : "");
  });
  ++row.version;
  api.sessions().forget();
  call.subject = row.login;
  return ok_with_tag(user_json(row), row.version);
}

Response list_tokens(Api& api, Call& call) {
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (const records::TokenRow& row : tx.access().tokens(call.who().user.id)) {
      items.push_back(token_json(row));
    }
  });
  return list_of(std::move(items), std::nullopt);
}

Response add_token(Api& api, Call& call) {
  records::TokenRow row;
  row.name = call.text("name", 100);
  if (!call.body.contains("scopes") || !call.body["scopes"].is_array() || call.body["scopes"].empty() || call.body["scopes"].size() > 20) {
    throw invalid("scopes", "a list of 1 to 20");
  }
  for (const json& one : call.body["scopes"]) {
    if (!one.is_string() || !is_scope(one.get_ref<const std::string&>())) {
      throw invalid("scopes", "not a scope");
    }
    row.scopes += (row.scopes.empty() ? "" : " ") + one.get<std::string>();
  }
  std::int64_t days = kUsualDays;
  if (call.has("expires_days")) {
    const json& asked = call.body["expires_days"];
    if (!asked.is_number_integer() || asked < 1 || asked > kMostDays) {
      throw invalid("expires_days", fmt::format("1 to {}", kMostDays));
    }
    days = asked.get<std::int64_t>();
  }
  const std::string key = "pf_" + random_token(kKeyBits);
  row.id = random_token(kIdBits);
  row.prefix = key.substr(0, kPrefixShown);
  row.key_sha256 = sha256_hex(key);
  row.user = call.who().user.id;
  row.created = call.now;
  row.expires = call.now + std::chrono::days{days};
  api.store().transact([&](records::Transaction& tx) {
    if (tx.access().tokens(row.user).size() >= kMaxTokens) {
      throw refused("there are too many tokens already; revoke some");
    }
    tx.access().add_token(row);
  });
  call.subject = row.prefix + " " + row.scopes;
  json out = token_json(row);
  out["token"] = key;
  return ok(out, 201);
}

Response revoke_token(Api& api, Call& call) {
  bool revoked = false;
  api.store().transact([&](records::Transaction& tx) { revoked = tx.access().revoke_token(call.path.at(0), call.who().user.id); });
  if (!revoked) {
    throw not_found("there is no such token of yours");
  }
  api.sessions().forget();
  return done();
}

}  // namespace pinfold::http::api
