/// What is kept, and the only way to it. Implemented by `store` (SQLite and PostgreSQL); used by engine, http, enforce, mail, collect.
///
/// All writing happens inside `transact`: what the function does is committed whole, or not at all (it throws, or returns after an
/// exception). A case's events and their effects go in together. Reading happens inside `read`, over one consistent snapshot.
/// Durability: when `transact` returns, the data survives a kill and a power loss.
/// Errors:  StoreError (a lost or damaged database) is thrown out of both; catch it once per unit of work. Conflict is thrown when another
///          process moved the case meanwhile: load again and repeat.
/// Threads: any; writers wait for one another (bounded by the store's busy time-out).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "desk/case.hpp"
#include "desk/step.hpp"
#include "inventory/inventory.hpp"
#include "records/access.hpp"
#include "records/baselines.hpp"
#include "records/exporters.hpp"
#include "records/feed.hpp"
#include "records/housekeeping.hpp"
#include "records/near_misses.hpp"
#include "records/people.hpp"
#include "records/queue.hpp"
#include "records/reports.hpp"
#include "records/shards.hpp"

namespace pinfold::records {

struct StoreError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Conflict : StoreError {
  using StoreError::StoreError;
};

struct CaseSummary {
  CaseId id;
  ServerId server;
  CustomerId customer;
  abuse::Family family = abuse::Family::Compromise;
  desk::State state = desk::State::Triage;
  WallTime opened;
  WallTime changed;
};

/// Cases and their event chain. chain hash n = SHA-256(hash n-1 ‖ case ‖ seq ‖ at ‖ kind ‖ commitment n), commitment = SHA-256(salt ‖ payload):
/// erasing a payload and its salt by law leaves the chain verifiable.
class Cases {
public:
  virtual ~Cases() = default;
  [[nodiscard]] virtual CaseId create() = 0;  ///< the next number; never reused
  /// The open case of that server, tenant and family, if any.
  [[nodiscard]] virtual std::optional<CaseId> find_open(const ServerId&, const CustomerId&, abuse::Family) const = 0;
  [[nodiscard]] virtual unsigned count_earlier(const ServerId&, const CustomerId&, abuse::Family) const = 0;
  [[nodiscard]] virtual std::vector<desk::Event> events(CaseId) const = 0;  ///< empty: no such case
  /// Appends behind `last_seq`; throws Conflict if the case has moved on. `after` is the fold including them (kept for lists and timers).
  virtual void append(CaseId, std::uint32_t last_seq, const std::vector<desk::Event>&, const desk::Case& after, std::optional<WallTime> next_due) = 0;
  [[nodiscard]] virtual std::vector<CaseSummary> list(std::size_t limit) const = 0;  ///< newest change first
  [[nodiscard]] virtual std::vector<CaseId> due(WallTime now, std::size_t limit) const = 0;
  /// How many events of that kind were recorded since then, in all cases: what the circuit breaker counts.
  [[nodiscard]] virtual std::size_t count_events_since(std::string_view kind, WallTime since) const = 0;
  /// Erases one event's content by law; it reads as desk::Erased from then on and the chain still verifies. Refused (false) while the case is open,
  /// and where there is no such event.
  virtual bool erase(CaseId, std::uint32_t seq) = 0;
  /// The first thing wrong with the whole chain (a changed, removed or reordered event), or nullopt.
  [[nodiscard]] virtual std::optional<std::string> verify_chain() const = 0;
};

enum class JobState : std::uint8_t { Queued, Claimed, Done, Failed };
struct Job {
  std::string key;  ///< desk::Effect::key, with the case
  CaseId case_id;
  std::string kind;     ///< "send_notice", "set_port", "call_person"
  std::string payload;  ///< JSON
  JobState state = JobState::Queued;
  unsigned attempts = 0;
  WallTime not_before;
  std::string note;  ///< the last thing that happened to it
};

/// Longer than any job takes, and than a process stands still without being given up.
inline constexpr Micros kClaimHolds = std::chrono::minutes{2};

/// Effects waiting to be carried out. A job's key is unique for ever: adding it again changes nothing.
class Outbox {
public:
  virtual ~Outbox() = default;
  virtual void add(const Job&) = 0;
  /// Takes one job of that kind that is due, marks it Claimed with the claim's time and one attempt more.
  [[nodiscard]] virtual std::optional<Job> claim(std::string_view kind, WallTime now) = 0;
  virtual void finish(const std::string& key, JobState state, std::string_view note) = 0;
  virtual void retry(const std::string& key, WallTime not_before, std::string_view note) = 0;
  /// This process is alive: until kClaimHolds later nobody takes what it has claimed for orphaned. To be said well within that time.
  virtual void live(WallTime now) = 0;
  /// Claimed by a process that is gone, or has not said for kClaimHolds that it is alive: what recovery looks at.
  [[nodiscard]] virtual std::vector<Job> orphaned(std::string_view kind, WallTime now) = 0;
  [[nodiscard]] virtual std::optional<Job> find(const std::string& key) const = 0;
  [[nodiscard]] virtual std::vector<Job> of_case(CaseId) const = 0;
  /// In that state (nullopt: all but Done), by the time from which they are due and key, behind `after`.
  [[nodiscard]] virtual std::vector<Job> page(std::optional<JobState> state, const std::optional<Job>& after, std::size_t limit) const = 0;
};

/// A datum that was acknowledged and waits to be worked on: a mail taken by LMTP, a finding taken from an agent.
struct InboxItem {
  std::int64_t id = 0;
  std::string kind;       ///< "mail", "finding"
  std::string dedup_key;  ///< unique for ever per kind; taking the same again is a no-op
  std::string payload;    ///< JSON; big bytes are in the evidence store, by hash
  WallTime received;
};
class Inbox {
public:
  virtual ~Inbox() = default;
  virtual bool add(const InboxItem&) = 0;  ///< false: had it already
  [[nodiscard]] virtual std::vector<InboxItem> pending(std::string_view kind, std::size_t limit) const = 0;
  [[nodiscard]] virtual std::size_t count_pending(std::string_view kind) const = 0;
  /// Once; throws Conflict when another process has done so meanwhile: what was done for it in this transaction is then undone with it.
  virtual void finish(std::int64_t id, std::string_view note) = 0;
};

/// The write-ahead journal of port actions (research: enforcement). One open row a port, one row in flight a switch.
enum class JournalState : std::uint8_t { Intent, Sent, Verified, Mismatch, Unknown, Abandoned };
/// Whether the switch's next start will know of it. None: nothing was written, or the switch cannot save. NotSaved: tried in vain, and tried again.
enum class Saving : std::uint8_t { None, Due, Saved, NotSaved };
struct JournalRow {
  std::string id;  ///< hash of (case, action, switch, port, wish): repeating it is a no-op
  CaseId case_id;
  ActionId action;
  ServerId server;
  SwitchId switch_id;
  PortName port;
  desk::PortWish wish = desk::PortWish::Down;
  JournalState state = JournalState::Intent;
  std::string before;  ///< JSON of what was read before the write (admin, oper, identity, neighbours)
  std::string note;
  WallTime at;  ///< of the intent
  WallTime changed;
  Saving saving = Saving::None;
};
class PortJournal {
public:
  virtual ~PortJournal() = default;
  /// False, and nothing written, when the id exists or the port has an open row.
  virtual bool begin(const JournalRow&) = 0;
  virtual void advance(const std::string& id, JournalState state, std::string_view note, WallTime now) = 0;
  [[nodiscard]] virtual std::optional<JournalRow> find(const std::string& id) const = 0;
  [[nodiscard]] virtual std::vector<JournalRow> open() const = 0;  ///< Intent, Sent or Unknown
  [[nodiscard]] virtual std::optional<JournalRow> last_on(const SwitchId&, const PortName&) const = 0;
  /// Downs that were or may have been written since then; all switches when `switch_id` is null.
  [[nodiscard]] virtual std::uint32_t count_downs_since(const SwitchId* switch_id, WallTime since) const = 0;
  /// Ports that Pinfold holds down, or may: a down that was read back otherwise (Mismatch) may still have got through.
  [[nodiscard]] virtual std::uint32_t ports_held_down(const SwitchId&) const = 0;
  /// The newest row of every port that was ever written to; rows that were abandoned are passed over. Ordered by switch and port.
  [[nodiscard]] virtual std::vector<JournalRow> newest_of_each_port() const = 0;
  /// The last step of a row: what became of saving it. Any state of the row; an unknown id is a StoreError.
  virtual void set_saving(const std::string& id, Saving saving) = 0;
  [[nodiscard]] virtual std::vector<JournalRow> unsaved(const SwitchId&) const = 0;  ///< Due or NotSaved, the oldest first
};

/// Where the record of a server's port and its switch say different things, as the last regular comparison saw it.
struct RecordDifference {
  ServerId server;
  std::string rule;  ///< the guard that would say so; empty: the switch could not be read
  std::string what;
  WallTime since;  ///< first seen so; a comparison that sees it again leaves it
};

class InventoryTable {
public:
  virtual ~InventoryTable() = default;
  [[nodiscard]] virtual inventory::Inventory load() const = 0;
  /// Replaces the whole inventory; ends tenancies that changed and starts the new ones at `now`.
  virtual void replace(const inventory::Inventory&, WallTime now) = 0;
  [[nodiscard]] virtual std::int64_t version() const = 0;  ///< grows with every replace
  /// Who held the server then; nullopt before the first tenancy.
  [[nodiscard]] virtual std::optional<CustomerId> tenant_at(const ServerId&, WallTime) const = 0;
  /// Since when the server is recorded on this switch port with this MAC address: an approval that is older was given for another port.
  /// nullopt: no such server, or recorded before this was kept.
  [[nodiscard]] virtual std::optional<WallTime> placed_since(const ServerId&) const = 0;
  /// What a comparison of one server found, in place of what the one before found; returns the rules that are news. `since` of known ones stays.
  virtual std::vector<std::string> set_differences(const ServerId&, const std::vector<RecordDifference>&) = 0;
  [[nodiscard]] virtual std::vector<RecordDifference> differences() const = 0;  ///< by server and rule
};

struct AgentRow {
  AgentId id;
  ServerId server;
  WallTime enrolled;
  std::optional<WallTime> last_seen;
  bool revoked = false;
  std::string tier;  ///< the active sensor tier, in the agent's words
};
class Agents {
public:
  virtual ~Agents() = default;
  virtual void add_token(std::string_view token_sha256, const ServerId&, WallTime expires) = 0;
  /// Spends the token (once) and enrols the key; nullopt: unknown, spent or expired.
  [[nodiscard]] virtual std::optional<ServerId> enrol(std::string_view token_sha256, const AgentId&, WallTime now) = 0;
  [[nodiscard]] virtual std::optional<AgentRow> find(const AgentId&) const = 0;
  virtual void seen(const AgentId&, WallTime now, std::string_view tier) = 0;
  virtual void revoke(const AgentId&) = 0;
  [[nodiscard]] virtual std::vector<AgentRow> list() const = 0;
};

/// Small named values: switch arming, the stop flag, ears.
class Settings {
public:
  virtual ~Settings() = default;
  [[nodiscard]] virtual std::optional<std::string> get(std::string_view name) const = 0;
  virtual void set(std::string_view name, std::string_view value) = 0;
  /// Name and value of all whose name begins so, by name.
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> below(std::string_view prefix) const = 0;
};

class Transaction {
public:
  virtual ~Transaction() = default;
  virtual Cases& cases() = 0;
  virtual Outbox& outbox() = 0;
  virtual Inbox& inbox() = 0;
  virtual PortJournal& journal() = 0;
  virtual InventoryTable& inventory() = 0;
  virtual Agents& agents() = 0;
  virtual Settings& settings() = 0;
  virtual Exporters& exporters() = 0;
  virtual Contacts& contacts() = 0;
  virtual Tickets& tickets() = 0;
  virtual Aup& aup() = 0;
  virtual Calls& calls() = 0;
  virtual Reports& reports() = 0;
  virtual Access& access() = 0;
  virtual Queue& queue() = 0;
  virtual Feed& feed() = 0;
  virtual NearMissHistory& near_misses() = 0;
  virtual Housekeeping& housekeeping() = 0;
  virtual Baselines& baselines() = 0;
  virtual Shards& shards() = 0;
};

class Store {
public:
  virtual ~Store() = default;
  virtual void transact(const std::function<void(Transaction&)>& work) = 0;
  /// For taking a job out of the outbox, and nothing else: does not wait for other writers where the database can lock single rows.
  virtual void take_job(const std::function<void(Transaction&)>& work) { transact(work); }
  virtual void read(const std::function<void(Transaction&)>& work) = 0;  ///< writing inside is a bug
};

/// Bytes by their SHA-256: raw mails, kept scripts. Inert: never executable, readable to the desk's user only.
class EvidenceStore {
public:
  virtual ~EvidenceStore() = default;
  /// Durable when it returns the hash (hex). The same bytes are kept once.
  [[nodiscard]] virtual std::string put(std::string_view bytes) = 0;
  [[nodiscard]] virtual std::optional<std::string> get(std::string_view sha256) const = 0;

  struct Swept {
    std::size_t pieces = 0;
    std::uint64_t bytes = 0;
  };
  /// Removes every piece that was last put before then and that `is_named` does not name (counts them only, with `is_trial`). A piece that is
  /// put again meanwhile stays.
  virtual Swept sweep(WallTime put_before, const std::function<bool(std::string_view sha256)>& is_named, bool is_trial) = 0;
  /// Gone when it returns, if it was there. For what law or the operator's rule wants erased, nothing else.
  virtual void remove(std::string_view sha256) = 0;
};

}  // namespace pinfold::records
