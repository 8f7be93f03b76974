/// What each server does as a client: whom it tries to reach, whether it is answered, what sessions it opens. The state that the rules for
/// scans, brute force, spam and file sharing read; it judges nothing itself.
///
/// What skips the tables, and why nothing is missed:
///   - what read_outbound calls nothing: answers, backscatter, streams; none of them opens a contact;
///   - inbound packets from a port that the server has not tried (a bit set says so): they answer nothing;
///   - UDP and ICMP contacts in the slow table: patient scans of those are not judged, DNS and peer-to-peer clients fail all day;
///   - what goes on with a peer that has answered, in the slow table, but once in kRetell: it is known there, and stays known for an hour;
///   - the opening SYN and sessions to ordinary ports in the session table (detect/session_table.hpp).
/// Prefetch: in two steps. `read_sent` and `read_received` look at the server's own row alone and say whether a record means anything to the
///          tables; most do not. Those that do are told later, several together, their entries asked for ahead. Without that a record waits for
///          memory three times as long as all its work takes.
/// Rows:    what a record that was received looks at stands apart from what only records that were sent need (Trace, Tables): half a cache line
///          each, for the owner to lay beside what else it touches then. What only busy servers need is a third place (Busy).
///
/// Clock:   windows in event time, tolerant of records up to kMemory late; `received` only for `settle` and the pace of evaluation.
/// Bounds:  104 bytes a server; kMaxContacts + kMaxSlowContacts + kMaxSessions entries of one; pool_limit over all servers. When half of that is
/// used,
///          tables stay below kMaxContactsWhenShort; when all is, they sample (detect/distinct_table.hpp), and a server that has no table yet gets
///          none (counted). A full session table shortens its memory first (an hour, ten minutes, two) and samples only then.
/// Threads: none.
#pragma once

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/block_pool.hpp"
#include "base/fetch_line.hpp"
#include "base/row_table.hpp"
#include "base/units.hpp"
#include "detect/contact_table.hpp"
#include "detect/session_table.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::detect {

inline constexpr Micros kSlot = std::chrono::seconds{10};

/// One server as the rules see it, at one moment.
struct ClientView {
  ContactTable recent;  ///< the last kMemory
  ContactTable slow;    ///< TCP, the last kSlowMemory
  SessionTable sessions;
  Micros session_memory;
  SamplingRate rate;
  bool answers_visible = false;
  std::int64_t newest_slot = 0;  ///< of kSlot
  WallTime newest;               ///< event time of the last outbound record
  net::IpAddress source;         ///< the address that it used last
  WallTime now;
  Micros settle;
};

/// A contact whose answer may still be on its way is not judged.
[[nodiscard]] inline bool is_settled(const ClientView& view, const Contact& contact) {
  return contact.is_answered() || view.now - contact.received >= view.settle;
}

class ClientTracker {
public:
  static constexpr std::size_t kMaxSlots = std::size_t{1} << 20U;  ///< 64 MiB of contacts and sessions, and kSlotsPerServer for each server
  static constexpr std::size_t kSlotsPerServer = 6;
  static constexpr std::int64_t kSlots = 18;  ///< of kSlot, in `recent`
  static constexpr Micros kMemory = kSlots * kSlot;
  static constexpr Micros kSpell = std::chrono::minutes{1};
  static constexpr Micros kSlowMemory = std::chrono::minutes{100};
  static constexpr Micros kSessionMemory = std::chrono::hours{1};
  static constexpr Micros kRetell = std::chrono::seconds{20};

  /// What is kept of one server; whoever owns the servers' rows gives both parts their place.
  struct Trace {
    std::bitset<128> tried_ports;  ///< of (protocol, port), hashed: nothing else can be an answer
    WallTime newest;               ///< event time of the last outbound record
    std::uint32_t received = 0;    ///< second in which that came
    SamplingRate rate;
  };
  struct Tables {
    TableSlots<Contact> recent;
    TableSlots<Contact> slow;
    TableSlots<Session> sessions;
    std::uint32_t newest_slot = 0;
    std::uint16_t session_seconds =
        static_cast<std::uint16_t>(std::chrono::duration_cast<Seconds>(kSessionMemory).count());  ///< the sessions' memory
    bool is_client = false;  ///< it has opened something: before that, there is nothing here
    bool is_queued = false;
    [[nodiscard]] Micros session_memory() const { return Seconds{session_seconds}; }
  };
  static_assert(sizeof(Trace) == 32 && sizeof(Tables) == 32);
  struct Rows {
    Column<Trace> traces;
    Column<Tables> tables;
  };

  ClientTracker(Rows rows, std::uint64_t hash_seed, Micros settle);
  ClientTracker(const ClientTracker&) = delete;  // the tables point to x_kinds
  ClientTracker& operator=(const ClientTracker&) = delete;

  /// Bytes of the tables of all servers together.
  [[nodiscard]] static constexpr std::size_t pool_limit(std::size_t servers) { return (kMaxSlots + kSlotsPerServer * servers) * sizeof(Contact); }

  /// What a record means to the tables of the server that sent it, or that it came to.
  struct Reading {
    ContactEvent contact;
    bool is_session = false;  ///< one that is kept
    std::uint64_t contact_hash = 0;
    std::uint64_t session_hash = 0;
  };
  /// nullopt: nothing. Else the record must be told, by `outbound`, before any that was received is read: the server counts as a client from here.
  [[nodiscard]] std::optional<Reading> read_sent(inventory::ServerIndex server, const flow::FlowRecord& record);
  [[nodiscard]] std::optional<Reading> read_received(inventory::ServerIndex server, const flow::FlowRecord& record) const;
  /// Asks for the recent contact; then, for one that was sent or received, for what else will be touched.
  void fetch_recent(inventory::ServerIndex server, const Reading& reading) const {
    recent(x_rows.tables[server.value]).prefetch(reading.contact_hash);
  }
  void fetch_sent(inventory::ServerIndex server, const flow::FlowRecord& record, const Reading& reading) const;
  void fetch_received(inventory::ServerIndex server, const flow::FlowRecord& record, const Reading& reading) const;
  /// `reading` is what the above gave for this record.
  void outbound(inventory::ServerIndex server, const flow::FlowRecord& record, const Reading& reading, WallTime event, WallTime received);
  void inbound(inventory::ServerIndex server, const flow::FlowRecord& record, const Reading& reading, WallTime event);

  /// Servers worth a look, each at most once a second, and once more after its last record has settled.
  using Look = std::function<void(inventory::ServerIndex, const ClientView&)>;
  using AnswersVisible = std::function<bool(inventory::ServerIndex)>;
  void each_due(WallTime now, const AnswersVisible& answers_visible, const Look& look);

  /// What a server did lately, for its baseline.
  struct Habits {
    std::uint64_t targets_a_minute = 0;
    std::uint64_t mail_servers = 0;  ///< in ten minutes
    SamplingRate rate;
  };
  [[nodiscard]] Habits habits(inventory::ServerIndex server) const;

  void reorder(const std::vector<std::uint32_t>& old_index, Rows fresh);

  [[nodiscard]] std::size_t recent_slots() const;                         ///< of the tables of recent contacts
  [[nodiscard]] std::size_t used_bytes() const { return x_pool.used(); }  ///< of all tables
  [[nodiscard]] std::uint64_t refused() const { return x_refused; }       ///< attempts that no table could be made for

private:
  struct Kinds {
    TableKind recent;
    TableKind slow;
    TableKind sessions;
  };
  /// Of a server that is worth a look.
  struct Busy {
    net::IpAddress source;  ///< the address that it used last
    WallTime received;      ///< when its last record came
    WallTime evaluated;
  };
  [[nodiscard]] ContactTable recent(Tables& tables) const { return {x_kinds.recent, tables.recent}; }
  [[nodiscard]] ContactTable slow(Tables& tables) const { return {x_kinds.slow, tables.slow}; }
  [[nodiscard]] SessionTable sessions(Tables& tables) const { return {x_kinds.sessions, tables.sessions}; }
  /// The slow table knows all that this record says: the peer has answered, and that was told there within kRetell.
  [[nodiscard]] static bool is_known_to_slow(const Contact& recent, const ContactEvent& seen, WallTime event) {
    return seen.sign == ContactSign::Established && !seen.answer && recent.has(ContactSign::Established) &&
           second_of(event) - recent.told_slow < static_cast<std::uint32_t>(kRetell / Seconds{1});
  }
  [[nodiscard]] static std::uint32_t second_of(WallTime event) { return static_cast<std::uint32_t>(event.since_epoch / Seconds{1}); }
  void advance(Tables& tables, WallTime event);
  [[nodiscard]] static bool is_too_late(const Tables& tables, WallTime event) { return slot_of(event) + kSlots <= tables.newest_slot; }
  [[nodiscard]] static std::uint32_t slot_of(WallTime event) {
    return static_cast<std::uint32_t>(std::max<std::int64_t>(event.since_epoch / kSlot, 0));
  }
  [[nodiscard]] std::size_t contact_limit() const { return 2 * x_pool.used() >= x_pool.limit() ? kMaxContactsWhenShort : kMaxContacts; }
  [[nodiscard]] Contact* touch(ContactTable table, const ContactKey& key, std::uint64_t hash);
  [[nodiscard]] Session* touch(Tables& tables, const SessionKey& key, std::uint64_t hash, WallTime newest);
  void make_room_for_sessions(Tables& tables, WallTime newest);
  void drop(Tables& tables);
  [[nodiscard]] bool is_worth_a_look(Tables& tables) const;
  void sweep(WallTime now);

  Micros x_settle;
  BlockPool x_pool;
  Kinds x_kinds;
  Rows x_rows;
  std::vector<Busy> x_busy;  ///< by server
  std::vector<inventory::ServerIndex> x_queue;
  std::uint64_t x_refused = 0;
  WallTime x_swept;
};

}  // namespace pinfold::detect
