#include <algorithm>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "records/store.hpp"
#include "store/api_tables.hpp"

namespace pinfold::store {
namespace {

using records::Change;
using records::DeliveryRow;
using records::DeliveryState;
using records::WebhookRow;

/// The feed is cut once in so many changes.
constexpr std::int64_t kCutEvery = 1000;

std::string hex_of(std::string_view bytes) {
  std::vector<std::uint8_t> raw(bytes.begin(), bytes.end());
  return to_hex(raw);
}
std::string bytes_of(const std::string& hex) {
  const auto raw = from_hex(hex);
  if (!raw) {
    throw records::StoreError("a webhook's secret is damaged");
  }
  return {raw->begin(), raw->end()};
}

Nullable<long long> nullable(std::optional<WallTime> t) { return Nullable<long long>(t ? std::optional(to_column(*t)) : std::nullopt); }

template <typename... In>
std::vector<WebhookRow> webhook_rows(soci::session& session, const std::string& where, const In&... in) {
  std::vector<WebhookRow> found;
  WebhookRow row;
  std::string secret;
  long long enabled = 0;
  long long created = 0;
  Nullable<long long> failing;
  long long seen = 0;
  for_each_row(session, "SELECT id, user_id, customer, url, secret_hex, topics, is_enabled, created_at, failing_at, seen FROM webhooks " + where,
               std::tie(in...), std::tie(row.id, row.user, row.customer.value, row.url, secret, row.topics, enabled, created, failing, seen), [&] {
                 row.secret = bytes_of(secret);
                 row.is_enabled = enabled != 0;
                 row.created = to_wall_time(created);
                 const auto since = failing.get();
                 row.failing_since = since ? std::optional(to_wall_time(*since)) : std::nullopt;
                 row.seen = seen;
                 found.push_back(row);
               });
  return found;
}

DeliveryState parse_state(const std::string& text) {
  for (const DeliveryState state : {DeliveryState::Queued, DeliveryState::Delivered, DeliveryState::Failed}) {
    if (to_string(state) == text) {
      return state;
    }
  }
  throw records::StoreError("a delivery's state is damaged");
}

template <typename... In>
std::vector<DeliveryRow> delivery_rows(soci::session& session, const std::string& where, const In&... in) {
  std::vector<DeliveryRow> found;
  DeliveryRow row;
  std::string state;
  long long attempts = 0;
  long long status = 0;
  long long at = 0;
  long long next = 0;
  for_each_row(session, "SELECT id, webhook, event, body, state, attempts, status, at, next_at, note FROM deliveries " + where, std::tie(in...),
               std::tie(row.id, row.webhook, row.event, row.body, state, attempts, status, at, next, row.note), [&] {
                 row.state = parse_state(state);
                 row.attempts = static_cast<unsigned>(attempts);
                 row.status = static_cast<unsigned>(status);
                 row.at = to_wall_time(at);
                 row.next_attempt = to_wall_time(next);
                 found.push_back(row);
               });
  return found;
}

}  // namespace

void FeedTable::add(const Change& change) {
  const std::int64_t id = last() + 1;
  execute(x_session,
          "INSERT INTO feed (id, at, topic, kind, subject, version, customer, server, state) VALUES (:id, :at, :topic, :kind, :subject, :version, "
          ":customer, :server, :state)",
          static_cast<long long>(id), to_column(change.at), change.topic, change.kind, change.subject, static_cast<long long>(change.version),
          change.customer.value, change.server.value, change.state);
  if (id % kCutEvery == 0) {
    execute(x_session, "DELETE FROM feed WHERE id <= :old", static_cast<long long>(id - records::kKeptChanges));
  }
  announce(x_session);
}

std::vector<Change> FeedTable::since(std::int64_t after, std::size_t limit) const {
  std::vector<Change> found;
  Change row;
  long long id = 0;
  long long at = 0;
  long long version = 0;
  const long long behind = after;
  const auto at_most = static_cast<long long>(limit);
  for_each_row(x_session, "SELECT id, at, topic, kind, subject, version, customer, server, state FROM feed WHERE id > :after ORDER BY id LIMIT :most",
               std::tie(behind, at_most),
               std::tie(id, at, row.topic, row.kind, row.subject, version, row.customer.value, row.server.value, row.state), [&] {
                 row.id = id;
                 row.at = to_wall_time(at);
                 row.version = static_cast<std::uint32_t>(version);
                 found.push_back(row);
               });
  return found;
}

std::int64_t FeedTable::last() const {
  long long id = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT COALESCE(MAX(id), 0) FROM feed", std::tie(), std::tie(id)));
  return id;
}

std::int64_t FeedTable::first() const {
  long long id = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT COALESCE(MIN(id), 0) FROM feed", std::tie(), std::tie(id)));
  return id;
}

void FeedTable::add_webhook(const WebhookRow& row) {
  execute(x_session,
          "INSERT INTO webhooks (id, user_id, customer, url, secret_hex, topics, is_enabled, created_at, failing_at, seen) VALUES (:id, :user, "
          ":customer, :url, :secret, :topics, :enabled, :created, :failing, :seen)",
          row.id, row.user, row.customer.value, row.url, hex_of(row.secret), row.topics, row.is_enabled ? 1LL : 0LL, to_column(row.created),
          nullable(row.failing_since), static_cast<long long>(row.seen));
}

void FeedTable::put_webhook(const WebhookRow& row) {
  execute(x_session, "UPDATE webhooks SET topics = :topics, is_enabled = :enabled, failing_at = :failing, seen = :seen WHERE id = :id", row.topics,
          row.is_enabled ? 1LL : 0LL, nullable(row.failing_since), static_cast<long long>(row.seen), row.id);
}

void FeedTable::remove_webhook(std::string_view id) {
  execute(x_session, "DELETE FROM deliveries WHERE webhook = :id", std::string(id));
  execute(x_session, "DELETE FROM webhooks WHERE id = :id", std::string(id));
}

std::optional<WebhookRow> FeedTable::webhook(std::string_view id) const {
  auto found = webhook_rows(x_session, "WHERE id = :id", std::string(id));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<WebhookRow> FeedTable::webhooks() const { return webhook_rows(x_session, "ORDER BY created_at DESC, id"); }

void FeedTable::add_delivery(const DeliveryRow& row) {
  execute(x_session,
          "INSERT INTO deliveries (id, webhook, event, body, state, attempts, status, at, next_at, note) VALUES (:id, :webhook, :event, :body, "
          ":state, :attempts, :status, :at, :next, :note) ON CONFLICT DO NOTHING",
          row.id, row.webhook, row.event, row.body, std::string(to_string(row.state)), static_cast<long long>(row.attempts),
          static_cast<long long>(row.status), to_column(row.at), to_column(row.next_attempt), row.note);
}

void FeedTable::put_delivery(const DeliveryRow& row) {
  execute(x_session, "UPDATE deliveries SET state = :state, attempts = :attempts, status = :status, next_at = :next, note = :note WHERE id = :id",
          std::string(to_string(row.state)), static_cast<long long>(row.attempts), static_cast<long long>(row.status), to_column(row.next_attempt),
          row.note, row.id);
}

std::optional<DeliveryRow> FeedTable::delivery(std::string_view id) const {
  auto found = delivery_rows(x_session, "WHERE id = :id", std::string(id));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<DeliveryRow> FeedTable::due_deliveries(WallTime now, std::size_t limit) const {
  return delivery_rows(x_session, "WHERE state = 'queued' AND next_at <= :now ORDER BY next_at, id LIMIT :most", to_column(now),
                       static_cast<long long>(limit));
}

std::vector<DeliveryRow> FeedTable::deliveries(std::string_view webhook, std::optional<WallTime> before, std::size_t limit) const {
  return delivery_rows(x_session, "WHERE webhook = :webhook AND at < :before ORDER BY at DESC, id LIMIT :most", std::string(webhook),
                       before ? to_column(*before) : INT64_MAX, static_cast<long long>(limit));
}

void FeedTable::prune_deliveries(WallTime before) {
  execute(x_session, "DELETE FROM deliveries WHERE state <> 'queued' AND at < :before", to_column(before));
}

}  // namespace pinfold::store
