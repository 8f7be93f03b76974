// Users, API tokens and webhooks; and what is live: the stream of changes and slow work.
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
constexpr std::size_t kSecretBytes = 24;
constexpr std::array<std::string_view, 6> kTopics{"case", "ticket", "report", "port", "call", "test"};

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

json scopes_json(std::string_view text) {
  json list = json::array();
  for (const std::string_view one : split(text, ' ')) {
    if (!one.empty()) {
      list.push_back(one);
    }
  }
  return list;
}

json token_json(const records::TokenRow& row) {
  return {{"id", row.id},
          {"name", row.name},
          {"prefix", row.prefix},
          {"scopes", scopes_json(row.scopes)},
          {"created", to_string(row.created)},
          {"expires", to_string(row.expires)},
          {"last_used", nullable(row.last_used)}};
}

json webhook_json(const records::WebhookRow& row) {
  json topics = scopes_json(row.topics);
  if (topics.empty()) {
    topics = kTopics;
  }
  return {{"id", row.id},
          {"url", row.url},
          {"topics", topics},
          {"enabled", row.is_enabled},
          {"created", to_string(row.created)},
          {"failing_since", nullable(row.failing_since)}};
}

json delivery_json(const records::DeliveryRow& row) {
  return {{"id", row.id},
          {"event", row.event},
          {"state", records::to_string(row.state)},
          {"attempts", row.attempts},
          {"status", row.status == 0 ? json(nullptr) : json(row.status)},
          {"next_attempt", row.state == records::DeliveryState::Queued ? json(to_string(row.next_attempt)) : json(nullptr)},
          {"at", to_string(row.at)},
          {"note", row.note}};
}

std::string topics_field(const Call& call) {
  std::string topics;
  if (!call.has("topics")) {
    return topics;
  }
  if (!call.body["topics"].is_array()) {
    throw invalid("topics", "a list");
  }
  for (const json& one : call.body["topics"]) {
    if (!one.is_string() || std::find(kTopics.begin(), kTopics.end(), one.get_ref<const std::string&>()) == kTopics.end()) {
      throw invalid("topics", "case, ticket, report, port, call, test");
    }
    topics += (topics.empty() ? "" : " ") + one.get<std::string>();
  }
  return topics;
}

/// An owner's webhooks are of his customer; an administrator sees those of the desk.
records::WebhookRow webhook_of(records::Transaction& tx, const Call& call) {
  const auto row = tx.feed().webhook(call.path.at(0));
  if (!row || row->customer != call.who().user.customer) {
    throw not_found("there is no such webhook");
  }
  return *row;
}

bool is_https(std::string_view url) {
  const auto printable_ascii = [](char c) { return c > ' ' && c < '\x7f'; };
  return url.substr(0, 8) == "https://" && url.size() > 8 && std::all_of(url.begin(), url.end(), printable_ascii) &&
         url.find('@') == std::string_view::npos;
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

Response list_webhooks(Api& api, Call& call) {
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    for (const records::WebhookRow& row : tx.feed().webhooks()) {
      if (row.customer == call.who().user.customer) {
        items.push_back(webhook_json(row));
      }
    }
  });
  return list_of(std::move(items), std::nullopt);
}

Response add_webhook(Api& api, Call& call) {
  records::WebhookRow row;
  row.url = call.text("url", 1000);
  const bool is_here = call.who().is_staff() && istarts_with(row.url, "http://127.0.0.1:");
  if (!is_https(row.url) && !is_here) {
    throw invalid("url", "an address like https://example.net/hook");
  }
  std::array<std::uint8_t, kSecretBytes> secret{};
  random_bytes(secret);
  row.id = random_token(kIdBits);
  row.user = call.who().user.id;
  row.customer = call.who().user.customer;
  row.secret.assign(secret.begin(), secret.end());
  row.topics = topics_field(call);
  row.created = call.now;
  api.store().transact([&](records::Transaction& tx) {
    if (tx.feed().webhooks().size() >= records::kMaxWebhooks) {
      throw refused("there are too many webhooks already");
    }
    row.seen = tx.feed().last();
    tx.feed().add_webhook(row);
  });
  call.subject = row.url;
  json out = webhook_json(row);
  out["secret"] = "whsec_" + to_base64(row.secret);
  return ok(out, 201);
}

Response change_webhook(Api& api, Call& call) {
  records::WebhookRow row;
  api.store().transact([&](records::Transaction& tx) {
    row = webhook_of(tx, call);
    if (call.has("topics")) {
      row.topics = topics_field(call);
    }
    const bool enabled = call.flag("enabled", row.is_enabled);
    if (enabled && !row.is_enabled) {
      row.seen = tx.feed().last();
      row.failing_since = std::nullopt;
    }
    row.is_enabled = enabled;
    tx.feed().put_webhook(row);
  });
  return ok(webhook_json(row));
}

Response delete_webhook(Api& api, Call& call) {
  api.store().transact([&](records::Transaction& tx) { tx.feed().remove_webhook(webhook_of(tx, call).id); });
  return done();
}

Response test_webhook(Api& api, Call& call) {
  records::DeliveryRow row;
  api.store().transact([&](records::Transaction& tx) {
    const records::WebhookRow hook = webhook_of(tx, call);
    row.id = "msg_" + random_token(kIdBits);
    row.webhook = hook.id;
    row.event = "test.ping";
    records::Change change;
    change.at = call.now;
    change.topic = "test";
    change.kind = "ping";
    change.subject = hook.id;
    change.customer = hook.customer;
    row.body = fmt::format(R"({{"type":"test.ping","timestamp":"{}","data":{}}})", to_string(call.now), change_json(change));
    row.at = row.next_attempt = call.now;
    tx.feed().add_delivery(row);
  });
  api.desk().wake();
  return ok(delivery_json(row), 201);
}

Response list_deliveries(Api& api, Call& call) {
  const auto cursor = call.cursor(1);
  const auto before = cursor.empty() ? std::nullopt : parse_wall_time(cursor[0]);
  const std::size_t limit = call.limit();
  std::vector<records::DeliveryRow> rows;
  api.store().read([&](records::Transaction& tx) { rows = tx.feed().deliveries(webhook_of(tx, call).id, before, limit + 1); });
  std::optional<std::string> next;
  if (rows.size() > limit) {
    rows.pop_back();
    next = make_cursor({to_string(rows.back().at)});
  }
  json items = json::array();
  for (const records::DeliveryRow& row : rows) {
    items.push_back(delivery_json(row));
  }
  return list_of(std::move(items), next);
}

Response retry_delivery(Api& api, Call& call) {
  std::optional<records::DeliveryRow> row;
  api.store().transact([&](records::Transaction& tx) {
    const records::WebhookRow hook = webhook_of(tx, call);
    row = tx.feed().delivery(call.path.at(1));
    if (!row || row->webhook != hook.id) {
      throw not_found("there is no such delivery");
    }
    row->state = records::DeliveryState::Queued;
    row->attempts = 0;
    row->next_attempt = call.now;
    tx.feed().put_delivery(*row);
  });
  api.desk().wake();
  return ok(delivery_json(*row));
}

Response get_stream(Api& api, Call& call) {
  std::string text(call.request.header("last-event-id"));
  text = text.empty() ? call.param("after") : text;
  const auto number = whole(text);
  if (!text.empty() && !number) {
    throw invalid("Last-Event-ID", "not an id of this stream");
  }
  const Request request = call.request;
  Sessions* sessions = &api.sessions();
  const Clock* clock = &api.clock();
  auto stream = api.hub().open(call.who().is_staff() ? CustomerId{} : call.who().user.customer, number,
                               [sessions, clock, request] { return sessions->caller_of(request, clock->wall()) != nullptr; });
  if (!stream) {
    throw Refusal(503, "unavailable", "too many listen already");
  }
  return {.status = 200, .content_type = "text/event-stream", .body = {}, .headers = {{"X-Accel-Buffering", "no"}}, .stream = std::move(stream)};
}

Response get_action(Api& api, Call& call) {
  const auto shown = api.actions().show(call.path.at(0), call.who().user.id);
  if (!shown) {
    throw not_found("there is no such action of yours, or it is long over");
  }
  return ok(*shown);
}

Response accepted(Api& api, const Call& call, Actions::Work work) {
  const auto id = api.actions().begin(std::string(call.route.operation), call.who().user.id, std::move(work));
  const auto shown = id ? api.actions().show(*id, call.who().user.id) : std::nullopt;
  if (!shown) {
    throw Refusal(503, "unavailable", "too much slow work is going on; try again in a minute");
  }
  Response response = ok(*shown, 202);
  response.headers.emplace_back("Location", "/v1/actions/" + *id);
  return response;
}

}  // namespace pinfold::http::api
