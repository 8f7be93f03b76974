#include "engine/webhooks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"
#include "fetch/fetch.hpp"
#include "http/live/hub.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kAtOnce = 200;
constexpr unsigned kGone = 410;
/// Standard Webhooks 1.0, "deliverability and reliability".
constexpr std::array<Seconds, 9> kRetries{Seconds{5},      Seconds{300},    Seconds{1800},   Seconds{7200},  Seconds{18'000},
                                          Seconds{36'000}, Seconds{50'400}, Seconds{72'000}, Seconds{86'400}};

bool wants(const records::WebhookRow& hook, const records::Change& change) {
  const bool may_see = hook.customer.value.empty() || hook.customer == change.customer;
  const auto topics = split(hook.topics, ' ');
  return may_see && (hook.topics.empty() || std::find(topics.begin(), topics.end(), change.topic) != topics.end());
}

records::DeliveryRow delivery_of(const records::WebhookRow& hook, const records::Change& change, WallTime now) {
  records::DeliveryRow row;
  row.id = fmt::format("msg_{}_{}", hook.id, change.id);
  row.webhook = hook.id;
  row.event = change.topic + "." + change.kind;
  row.body = fmt::format(R"({{"type":"{}","timestamp":"{}","data":{}}})", row.event, to_string(change.at), http::change_json(change));
  row.at = row.next_attempt = now;
  return row;
}

}  // namespace

bool Webhooks::work() {
  const WallTime now = x_clock.wall();
  if (now - x_pruned > std::chrono::hours{1}) {
    x_pruned = now;
    x_store.transact([&](records::Transaction& tx) { tx.feed().prune_deliveries(now - kKeepLog); });
  }
  const bool more_changes = look();
  const bool more_deliveries = send_one();
  return more_changes || more_deliveries;
}

bool Webhooks::look() {
  std::vector<records::WebhookRow> hooks;
  std::int64_t last = 0;
  x_store.read([&](records::Transaction& tx) {
    hooks = tx.feed().webhooks();
    last = tx.feed().last();
  });
  std::erase_if(hooks, [&](const records::WebhookRow& hook) { return !hook.is_enabled || hook.seen >= last; });
  if (hooks.empty()) {
    return false;
  }
  bool more = false;
  x_store.transact([&](records::Transaction& tx) {
    for (records::WebhookRow& hook : hooks) {
      const auto changes = tx.feed().since(hook.seen, kAtOnce);
      for (const records::Change& change : changes) {
        if (wants(hook, change)) {
          tx.feed().add_delivery(delivery_of(hook, change, x_clock.wall()));
        }
        hook.seen = change.id;
      }
      more = more || changes.size() == kAtOnce;
      tx.feed().put_webhook(hook);
    }
  });
  return more;
}

bool Webhooks::send_one() {
  std::vector<records::DeliveryRow> due;
  std::optional<records::WebhookRow> hook;
  x_store.read([&](records::Transaction& tx) {
    due = tx.feed().due_deliveries(x_clock.wall(), 1);
    hook = due.empty() ? std::nullopt : tx.feed().webhook(due.front().webhook);
  });
  if (due.empty()) {
    return false;
  }
  records::DeliveryRow row = due.front();
  const auto url = hook ? fetch::parse_url(hook->url) : std::nullopt;
  const WallTime now = x_clock.wall();
  ++row.attempts;
  row.status = 0;
  if (!hook || !hook->is_enabled || !url) {
    row.state = records::DeliveryState::Failed;
    row.note = "the webhook is switched off or gone";
  } else {
    fetch::Request request;
    request.method = "POST";
    request.url = *url;
    request.headers = fetch::sign_webhook(hook->secret, row.id, now, row.body);
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = row.body;
    request.within = kWithin;
    const auto answer = fetch::send(request);
    row.status = answer ? answer->status : 0;
    row.note = answer ? fmt::format("HTTP {}", answer->status) : printable(answer.error().what, 300);
    const bool taken = answer && answer->status / 100 == 2;
    const bool over = row.attempts > kRetries.size() || row.status == kGone;
    row.state = taken ? records::DeliveryState::Delivered : (over ? records::DeliveryState::Failed : records::DeliveryState::Queued);
    row.next_attempt = over || taken ? now : now + kRetries.at(row.attempts - 1);
  }
  x_store.transact([&](records::Transaction& tx) {
    tx.feed().put_delivery(row);
    auto current = tx.feed().webhook(row.webhook);
    if (!current) {
      return;
    }
    if (row.state == records::DeliveryState::Delivered) {
      current->failing_since = std::nullopt;
    } else if (!current->failing_since) {
      current->failing_since = now;
    }
    if (row.status == kGone) {
      current->is_enabled = false;
      log_warning("WEBHOOK_GONE", "{} answers 410: switched off", printable(current->url, 200));
    }
    tx.feed().put_webhook(*current);
  });
  return true;
}

}  // namespace pinfold::engine
