// Webhooks: what is posted where, and the log of deliveries.
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
constexpr std::size_t kSecretBytes = 24;
constexpr std::array<std::string_view, 6> kTopics{"case", "ticket", "report", "port", "call", "test"};

json webhook_json(const records::WebhookRow& row) {
  json topics = words_json(row.topics);
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

}  // namespace pinfold::http::api
