/// The interfaces of records/store.hpp over one SQL session; one file a class. Internal to `store`: all SQL of the project is in this folder.
/// The SQL is the part that SQLite and PostgreSQL have in common; whatever one transaction needs to be alone for, the session's transaction gives.
/// Errors:  StoreError for rows that cannot be read back; soci::soci_error passes through to the store's edge.
/// Threads: none; an object lives for one transaction on one thread.
#pragma once

#include "records/store.hpp"
#include "store/api_tables.hpp"
#include "store/sql.hpp"
#include "store/store.hpp"

namespace pinfold::store {

class CasesTable final : public records::Cases {
public:
  explicit CasesTable(soci::session& session) : x_session(session) {}
  [[nodiscard]] CaseId create() override;
  [[nodiscard]] std::optional<CaseId> find_open(const ServerId& server, const CustomerId& customer, abuse::Family family) const override;
  /// Cases closed as false positives do not count: they are not the customer's record.
  [[nodiscard]] unsigned count_earlier(const ServerId& server, const CustomerId& customer, abuse::Family family) const override;
  [[nodiscard]] std::vector<desk::Event> events(CaseId id) const override;
  void append(CaseId id, std::uint32_t last_seq, const std::vector<desk::Event>& events, const desk::Case& after,
              std::optional<WallTime> next_due) override;
  [[nodiscard]] std::vector<records::CaseSummary> list(std::size_t limit) const override;
  [[nodiscard]] std::vector<CaseId> due(WallTime now, std::size_t limit) const override;
  [[nodiscard]] std::size_t count_events_since(std::string_view kind, WallTime since) const override;
  bool erase(CaseId id, std::uint32_t seq) override;
  [[nodiscard]] std::optional<std::string> verify_chain() const override;

private:
  void append_events(CaseId id, const std::vector<desk::Event>& events);
  void insert_row(CaseId id, const desk::Case& after, std::optional<WallTime> next_due);
  void update_row(CaseId id, std::uint32_t last_seq, const desk::Case& after, std::optional<WallTime> next_due);

  soci::session& x_session;
};

class OutboxTable final : public records::Outbox {
public:
  OutboxTable(soci::session& session, const Process& process) : x_session(session), x_process(process) {}
  void add(const records::Job& job) override;
  [[nodiscard]] std::optional<records::Job> claim(std::string_view kind, WallTime now) override;
  void finish(const std::string& key, records::JobState state, std::string_view note) override;
  void retry(const std::string& key, WallTime not_before, std::string_view note) override;
  void live(WallTime now) override;
  [[nodiscard]] std::vector<records::Job> orphaned(std::string_view kind, WallTime now) override;
  [[nodiscard]] std::optional<records::Job> find(const std::string& key) const override;
  [[nodiscard]] std::vector<records::Job> of_case(CaseId id) const override;
  [[nodiscard]] std::vector<records::Job> page(std::optional<records::JobState> state, const std::optional<records::Job>& after,
                                               std::size_t limit) const override;

private:
  soci::session& x_session;
  const Process& x_process;
};

class InboxTable final : public records::Inbox {
public:
  explicit InboxTable(soci::session& session) : x_session(session) {}
  bool add(const records::InboxItem& item) override;
  [[nodiscard]] std::vector<records::InboxItem> pending(std::string_view kind, std::size_t limit) const override;
  [[nodiscard]] std::size_t count_pending(std::string_view kind) const override;
  void finish(std::int64_t id, std::string_view note) override;

private:
  soci::session& x_session;
};

class PortJournalTable final : public records::PortJournal {
public:
  explicit PortJournalTable(soci::session& session) : x_session(session) {}
  bool begin(const records::JournalRow& row) override;
  void advance(const std::string& id, records::JournalState state, std::string_view note, WallTime now) override;
  [[nodiscard]] std::optional<records::JournalRow> find(const std::string& id) const override;
  [[nodiscard]] std::vector<records::JournalRow> open() const override;
  [[nodiscard]] std::optional<records::JournalRow> last_on(const SwitchId& switch_id, const PortName& port) const override;
  [[nodiscard]] std::uint32_t count_downs_since(const SwitchId* switch_id, WallTime since) const override;
  [[nodiscard]] std::uint32_t ports_held_down(const SwitchId& switch_id) const override;
  [[nodiscard]] std::vector<records::JournalRow> newest_of_each_port() const override;
  void set_saving(const std::string& id, records::Saving saving) override;
  [[nodiscard]] std::vector<records::JournalRow> unsaved(const SwitchId& switch_id) const override;

private:
  soci::session& x_session;
};

class InventorySql final : public records::InventoryTable {
public:
  explicit InventorySql(soci::session& session) : x_session(session) {}
  [[nodiscard]] inventory::Inventory load() const override;
  void replace(const inventory::Inventory& inventory, WallTime now) override;
  [[nodiscard]] std::int64_t version() const override;
  [[nodiscard]] std::optional<CustomerId> tenant_at(const ServerId& server, WallTime at) const override;
  [[nodiscard]] std::optional<WallTime> placed_since(const ServerId& server) const override;
  std::vector<std::string> set_differences(const ServerId& server, const std::vector<records::RecordDifference>& found) override;
  [[nodiscard]] std::vector<records::RecordDifference> differences() const override;

private:
  void move_tenancies(const inventory::Inventory& inventory, WallTime now);

  soci::session& x_session;
};

class AgentsTable final : public records::Agents {
public:
  explicit AgentsTable(soci::session& session) : x_session(session) {}
  void add_token(std::string_view token_sha256, const ServerId& server, WallTime expires) override;
  /// A revoked key stays revoked: no token brings it back.
  [[nodiscard]] std::optional<ServerId> enrol(std::string_view token_sha256, const AgentId& agent, WallTime now) override;
  [[nodiscard]] std::optional<records::AgentRow> find(const AgentId& agent) const override;
  void seen(const AgentId& agent, WallTime now, std::string_view tier) override;
  void revoke(const AgentId& agent) override;
  [[nodiscard]] std::vector<records::AgentRow> list() const override;

private:
  soci::session& x_session;
};

class SettingsTable final : public records::Settings {
public:
  explicit SettingsTable(soci::session& session) : x_session(session) {}
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const override;
  void set(std::string_view name, std::string_view value) override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> below(std::string_view prefix) const override;

private:
  soci::session& x_session;
};

class ExportersTable final : public records::Exporters {
public:
  explicit ExportersTable(soci::session& session) : x_session(session) {}
  void keep(const records::ExporterRow& row) override;
  [[nodiscard]] std::vector<records::ExporterRow> list() const override;

private:
  soci::session& x_session;
};

class ContactsTable final : public records::Contacts {
public:
  explicit ContactsTable(soci::session& session) : x_session(session) {}
  [[nodiscard]] records::ContactRow find(const ContactId& id) const override;
  void put(const records::ContactRow& row) override;
  [[nodiscard]] std::vector<records::ContactRow> list() const override;

private:
  soci::session& x_session;
};

class TicketsTable final : public records::Tickets {
public:
  explicit TicketsTable(soci::session& session) : x_session(session) {}
  [[nodiscard]] ticket::TicketId create() override;
  [[nodiscard]] std::vector<ticket::Event> events(ticket::TicketId id) const override;
  void append(const ticket::Ticket& after, const std::vector<ticket::Event>& events) override;
  [[nodiscard]] std::vector<records::TicketSummary> list(std::size_t limit) const override;
  [[nodiscard]] std::vector<records::TicketSummary> page(const records::TicketFilter& filter, const std::optional<records::TicketSummary>& after,
                                                         std::size_t limit) const override;

private:
  soci::session& x_session;
};

class AupTable final : public records::Aup {
public:
  explicit AupTable(soci::session& session) : x_session(session) {}
  unsigned publish(std::string_view markdown, WallTime now) override;
  [[nodiscard]] std::vector<records::AupVersion> versions() const override;
  void accept(const records::AupAcceptance& acceptance) override;
  [[nodiscard]] std::vector<records::AupAcceptance> acceptances() const override;

private:
  soci::session& x_session;
};

class CallsTable final : public records::Calls {
public:
  explicit CallsTable(soci::session& session) : x_session(session) {}
  void add(const records::CallRow& row) override;
  void escalate(const std::string& key, unsigned step, WallTime now) override;
  bool take(const std::string& key, const StaffId& by, WallTime now) override;
  [[nodiscard]] std::vector<records::CallRow> open() const override;

private:
  soci::session& x_session;
};

class ReportsTable final : public records::Reports {
public:
  explicit ReportsTable(soci::session& session) : x_session(session) {}
  bool add(const records::ReportRow& row) override;
  [[nodiscard]] std::optional<records::ReportRow> find(std::int64_t id) const override;
  [[nodiscard]] std::optional<records::ReportRow> find_raw(std::string_view sha256) const override;
  [[nodiscard]] std::vector<records::ReportRow> list(records::ReportState state, std::size_t limit) const override;
  [[nodiscard]] std::vector<records::ReportRow> page(records::ReportState state, std::int64_t after, std::size_t limit) const override;
  [[nodiscard]] std::uint64_t count(records::ReportState state) const override;
  [[nodiscard]] std::vector<records::ReportRow> sealed_before(WallTime before, std::size_t limit) const override;
  void erased(std::int64_t id) override;
  void decide(std::int64_t id, records::ReportState state, std::uint64_t findings, std::string_view why) override;
  void note(const records::ReportedRow& row) override;
  std::vector<records::ReportedRow> conclude(const std::string& finding_id, records::ReportOutcome outcome) override;
  [[nodiscard]] std::vector<records::ReporterRecord> reporters(std::size_t limit) const override;

private:
  soci::session& x_session;
};

class NearMissTable final : public records::NearMissHistory {
public:
  explicit NearMissTable(soci::session& session) : x_session(session) {}
  void add(std::span<const records::NearMissRow> rows) override;
  [[nodiscard]] std::vector<records::NearMissRow> since(WallTime from) const override;
  void forget_before(WallTime oldest) override;

private:
  soci::session& x_session;
};

class HousekeepingTable final : public records::Housekeeping {
public:
  explicit HousekeepingTable(soci::session& session) : x_session(session) {}
  [[nodiscard]] records::Census census() const override;
  std::size_t erase_cases(WallTime closed_before, std::size_t limit, bool is_trial) override;
  std::size_t erase_tickets(WallTime closed_before, std::size_t limit, bool is_trial) override;
  std::size_t erase_inbox(WallTime received_before, std::size_t limit, bool is_trial) override;
  std::size_t erase_reports(WallTime received_before, std::size_t limit, bool is_trial) override;
  void each_text_with_evidence(const std::function<void(std::string_view)>& each) const override;

private:
  soci::session& x_session;
};

class BaselinesTable final : public records::Baselines {
public:
  explicit BaselinesTable(soci::session& session) : x_session(session) {}
  void keep(std::span<const records::BaselineRow> rows) override;
  [[nodiscard]] std::vector<records::BaselineRow> list() const override;
  void forget_before(WallTime oldest) override;

private:
  soci::session& x_session;
};

class ShardsTable final : public records::Shards {
public:
  explicit ShardsTable(soci::session& session) : x_session(session) {}
  [[nodiscard]] std::vector<records::ShardLease> hold(const std::string& owner, unsigned shards, WallTime now,
                                                      const std::function<bool(const std::string&)>& is_gone) override;
  [[nodiscard]] bool is_held(const records::ShardLease& lease, const std::string& owner) const override;
  void release(const std::string& owner) override;
  [[nodiscard]] unsigned count_held(WallTime now) const override;

private:
  [[nodiscard]] unsigned attend(const std::string& owner, WallTime now, const std::function<bool(const std::string&)>& is_gone);

  soci::session& x_session;
};

/// All of them over one session, for the length of one transaction.
class SqlTransaction final : public records::Transaction {
public:
  SqlTransaction(soci::session& session, const Process& process)
      : x_cases(session),
        x_outbox(session, process),
        x_inbox(session),
        x_journal(session),
        x_inventory(session),
        x_agents(session),
        x_settings(session),
        x_exporters(session),
        x_contacts(session),
        x_tickets(session),
        x_aup(session),
        x_calls(session),
        x_reports(session),
        x_access(session),
        x_queue(session),
        x_feed(session),
        x_near_misses(session),
        x_housekeeping(session),
        x_baselines(session),
        x_shards(session) {}
  records::Cases& cases() override { return x_cases; }
  records::Outbox& outbox() override { return x_outbox; }
  records::Inbox& inbox() override { return x_inbox; }
  records::PortJournal& journal() override { return x_journal; }
  records::InventoryTable& inventory() override { return x_inventory; }
  records::Agents& agents() override { return x_agents; }
  records::Settings& settings() override { return x_settings; }
  records::Exporters& exporters() override { return x_exporters; }
  records::Contacts& contacts() override { return x_contacts; }
  records::Tickets& tickets() override { return x_tickets; }
  records::Aup& aup() override { return x_aup; }
  records::Calls& calls() override { return x_calls; }
  records::Reports& reports() override { return x_reports; }
  records::Access& access() override { return x_access; }
  records::Queue& queue() override { return x_queue; }
  records::Feed& feed() override { return x_feed; }
  records::NearMissHistory& near_misses() override { return x_near_misses; }
  records::Housekeeping& housekeeping() override { return x_housekeeping; }
  records::Baselines& baselines() override { return x_baselines; }
  records::Shards& shards() override { return x_shards; }

private:
  CasesTable x_cases;
  OutboxTable x_outbox;
  InboxTable x_inbox;
  PortJournalTable x_journal;
  InventorySql x_inventory;
  AgentsTable x_agents;
  SettingsTable x_settings;
  ExportersTable x_exporters;
  ContactsTable x_contacts;
  TicketsTable x_tickets;
  AupTable x_aup;
  CallsTable x_calls;
  ReportsTable x_reports;
  AccessTable x_access;
  QueueTable x_queue;
  FeedTable x_feed;
  NearMissTable x_near_misses;
  HousekeepingTable x_housekeeping;
  BaselinesTable x_baselines;
  ShardsTable x_shards;
};

}  // namespace pinfold::store
