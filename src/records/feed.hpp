/// What changed, in the order in which it was committed: for live pages and webhooks. Part of records/store.hpp.
///   a store's writes ──same transaction──▶ feed ──▶ http: /v1/stream    ──▶ engine: deliveries to webhooks
/// A change names what happened and to what; whoever may see the subject reads it there. Kept: the newest kKeptChanges.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace pinfold::records {

inline constexpr std::int64_t kKeptChanges = 100'000;
inline constexpr std::size_t kMaxWebhooks = 200;

struct Change {
  std::int64_t id = 0;
  WallTime at;
  std::string topic;    ///< "case", "ticket", "report", "port", "call"
  std::string kind;     ///< "notice_delivered"
  std::string subject;  ///< "PF-42"
  std::uint32_t version = 0;
  CustomerId customer;  ///< empty: nobody's
  ServerId server;
  std::string state;
};

struct WebhookRow {
  std::string id;
  std::string user;     ///< who made it
  CustomerId customer;  ///< sees changes of this customer only; empty: of all
  std::string url;
  std::string secret;  ///< raw bytes; kept in clear, for it signs
  std::string topics;  ///< with spaces between; empty: all
  bool is_enabled = true;
  WallTime created;
  std::optional<WallTime> failing_since;
  std::int64_t seen = 0;  ///< the last change that was looked at for it
};

enum class DeliveryState : std::uint8_t { Queued, Delivered, Failed };
[[nodiscard]] std::string_view to_string(DeliveryState state);

struct DeliveryRow {
  std::string id;  ///< the webhook-id, the same at each attempt
  std::string webhook;
  std::string event;  ///< "case.notice_delivered"
  std::string body;
  DeliveryState state = DeliveryState::Queued;
  unsigned attempts = 0;
  unsigned status = 0;  ///< of the last answer; 0: none
  WallTime at;
  WallTime next_attempt;
  std::string note;
};

class Feed {
public:
  virtual ~Feed() = default;
  virtual void add(const Change&) = 0;  ///< its id is given here
  [[nodiscard]] virtual std::vector<Change> since(std::int64_t after, std::size_t limit) const = 0;
  [[nodiscard]] virtual std::int64_t last() const = 0;   ///< 0: none yet
  [[nodiscard]] virtual std::int64_t first() const = 0;  ///< the oldest that is kept; 0: none

  virtual void add_webhook(const WebhookRow&) = 0;
  virtual void put_webhook(const WebhookRow&) = 0;
  virtual void remove_webhook(std::string_view id) = 0;  ///< with its deliveries
  [[nodiscard]] virtual std::optional<WebhookRow> webhook(std::string_view id) const = 0;
  [[nodiscard]] virtual std::vector<WebhookRow> webhooks() const = 0;

  virtual void add_delivery(const DeliveryRow&) = 0;
  virtual void put_delivery(const DeliveryRow&) = 0;
  [[nodiscard]] virtual std::optional<DeliveryRow> delivery(std::string_view id) const = 0;
  [[nodiscard]] virtual std::vector<DeliveryRow> due_deliveries(WallTime now, std::size_t limit) const = 0;
  /// Newest first, older than `before`.
  [[nodiscard]] virtual std::vector<DeliveryRow> deliveries(std::string_view webhook, std::optional<WallTime> before, std::size_t limit) const = 0;
  virtual void prune_deliveries(WallTime before) = 0;
};

}  // namespace pinfold::records
