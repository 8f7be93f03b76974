/// The tables behind records/access.hpp, queue.hpp and feed.hpp over one SQL session; see store/tables.hpp, whose rules hold here too.
#pragma once

#include "records/access.hpp"
#include "records/feed.hpp"
#include "records/queue.hpp"
#include "store/sql.hpp"

namespace pinfold::store {

class AccessTable final : public records::Access {
public:
  explicit AccessTable(soci::session& session) : x_session(session) {}
  bool add_user(const records::UserRow& row) override;
  void put_user(const records::UserRow& row) override;
  [[nodiscard]] std::optional<records::UserRow> user(std::string_view id) const override;
  [[nodiscard]] std::optional<records::UserRow> user_by_login(std::string_view login) const override;
  [[nodiscard]] std::vector<records::UserRow> users(const std::optional<CustomerId>& customer, std::string_view search, std::string_view after,
                                                    std::size_t limit) const override;
  [[nodiscard]] bool has_users() const override;
  void add_session(const records::SessionRow& row) override;
  [[nodiscard]] std::optional<records::SessionRow> session(std::string_view key_sha256) const override;
  void touch_session(std::string_view id, WallTime now) override;
  bool end_session(std::string_view id, std::string_view user) override;
  void end_sessions(std::string_view user, std::string_view except_id) override;
  [[nodiscard]] std::vector<records::SessionRow> sessions(std::string_view user) const override;
  void add_token(const records::TokenRow& row) override;
  [[nodiscard]] std::optional<records::TokenRow> token(std::string_view key_sha256) const override;
  void use_token(std::string_view id, WallTime now) override;
  bool revoke_token(std::string_view id, std::string_view user) override;
  [[nodiscard]] std::vector<records::TokenRow> tokens(std::string_view user) const override;
  [[nodiscard]] std::optional<records::KeptAnswer> begin_request(const records::KeptAnswer& request) override;
  void keep_answer(const records::KeptAnswer& answer) override;
  void drop_request(std::string_view user, std::string_view key) override;
  void add_act(const records::ActRow& row) override;
  [[nodiscard]] std::vector<records::ActRow> acts(std::string_view who, std::int64_t before, std::size_t limit) const override;
  void add_view(const records::ViewRow& row) override;
  [[nodiscard]] std::vector<records::ViewRow> views(std::string_view user) const override;
  bool remove_view(std::string_view id, std::string_view user) override;
  void prune_access(WallTime now) override;

private:
  soci::session& x_session;
};

class QueueTable final : public records::Queue {
public:
  explicit QueueTable(soci::session& session) : x_session(session) {}
  [[nodiscard]] std::vector<records::QueueRow> page(const records::QueueFilter& filter, const std::optional<records::QueuePlace>& after,
                                                    std::size_t limit) const override;
  [[nodiscard]] std::optional<records::QueueRow> find(CaseId id) const override;
  [[nodiscard]] std::map<desk::State, std::uint64_t> count_open(const std::optional<CustomerId>& customer) const override;
  [[nodiscard]] std::uint64_t count(const records::QueueFilter& filter) const override;
  bool assign(CaseId id, std::string_view owner) override;
  [[nodiscard]] std::map<std::string, records::ClassRecord> records_by_class(WallTime from, WallTime to) const override;
  [[nodiscard]] records::CaseStatistics statistics(WallTime from, WallTime to) const override;
  [[nodiscard]] std::vector<records::ChainRow> chain(std::int64_t before, std::size_t limit) const override;
  [[nodiscard]] std::vector<records::ChainRow> chain_of(std::string_view kind, std::int64_t before, std::size_t limit) const override;

  /// The row of a case after these events were appended.
  void follow(const std::vector<desk::Event>& events, const desk::Case& after);

private:
  soci::session& x_session;
};

class FeedTable final : public records::Feed {
public:
  explicit FeedTable(soci::session& session) : x_session(session) {}
  void add(const records::Change& change) override;
  [[nodiscard]] std::vector<records::Change> since(std::int64_t after, std::size_t limit) const override;
  [[nodiscard]] std::int64_t last() const override;
  [[nodiscard]] std::int64_t first() const override;
  void add_webhook(const records::WebhookRow& row) override;
  void put_webhook(const records::WebhookRow& row) override;
  void remove_webhook(std::string_view id) override;
  [[nodiscard]] std::optional<records::WebhookRow> webhook(std::string_view id) const override;
  [[nodiscard]] std::vector<records::WebhookRow> webhooks() const override;
  void add_delivery(const records::DeliveryRow& row) override;
  void put_delivery(const records::DeliveryRow& row) override;
  [[nodiscard]] std::optional<records::DeliveryRow> delivery(std::string_view id) const override;
  [[nodiscard]] std::vector<records::DeliveryRow> due_deliveries(WallTime now, std::size_t limit) const override;
  [[nodiscard]] std::vector<records::DeliveryRow> deliveries(std::string_view webhook, std::optional<WallTime> before,
                                                             std::size_t limit) const override;
  void prune_deliveries(WallTime before) override;

private:
  soci::session& x_session;
};

}  // namespace pinfold::store
