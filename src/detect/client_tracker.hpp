/// What each server does as a client: whom it tries to reach, whether it is answered, what sessions it opens. The state that the rules for
/// scans, brute force, spam and file sharing read; it judges nothing itself.
///
/// What skips the tables, and why nothing is missed:
///   - what read_outbound calls nothing: answers, backscatter, streams; none of them opens a contact;
///   - inbound packets from a port that the server has not tried (a bit set says so): they answer nothing;
///   - UDP and ICMP contacts in the slow table: patient scans of those are not judged, DNS and peer-to-peer clients fail all day;
///   - the opening SYN and sessions to ordinary ports in the session table (detect/session_table.hpp).
/// A server that has opened nothing has no state: a web server that only answers costs eight bytes.
///
/// Clock:   windows in event time, tolerant of records up to kMemory late; `received` only for `settle` and the pace of evaluation.
/// Bounds:  kMaxContacts + kMaxSlowContacts + kMaxSessions a server; kMaxSlots over all servers, beyond which tables stay small; twice that
///          refuses new ones (counted). A full session table shortens its memory first (an hour, ten minutes, two) and samples only then.
/// Threads: none.
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/units.hpp"
#include "detect/contact_table.hpp"
#include "detect/session_table.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::detect {

inline constexpr Micros kSlot = std::chrono::seconds{10};

/// One server as the rules see it, at one moment.
struct ClientView {
  const ContactTable& recent;  ///< the last kMemory
  const ContactTable& slow;    ///< TCP, the last kSlowMemory
  const SessionTable& sessions;
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
  static constexpr std::size_t kMaxSlots = std::size_t{1} << 20U;  ///< 64 MiB of contacts
  static constexpr std::int64_t kSlots = 18;                       ///< of kSlot, in `recent`
  static constexpr Micros kMemory = kSlots * kSlot;
  static constexpr Micros kSpell = std::chrono::minutes{1};
  static constexpr Micros kSlowMemory = std::chrono::minutes{100};
  static constexpr Micros kSessionMemory = std::chrono::hours{1};

  ClientTracker(std::size_t servers, std::uint64_t hash_seed, Micros settle);

  void outbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event, WallTime received);
  void inbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event);

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

  /// Ask for the cache lines that a record will touch: the server's row, and, when that is there, what the row points to (for what comes in, mostly
  /// one line). Always inline: a function of prefetches alone has no effect that the compiler would keep a call for.
  [[gnu::always_inline]] void prefetch_row(inventory::ServerIndex server) const { __builtin_prefetch(&x_servers[server.value]); }
  [[gnu::always_inline]] void prefetch_sender(inventory::ServerIndex server) const {
    if (const auto* lines = reinterpret_cast<const char*>(x_servers[server.value].get())) {
      __builtin_prefetch(lines, 1);  // every other line: the processor brings its neighbour along
      __builtin_prefetch(lines + 2 * alignof(State), 1);
      __builtin_prefetch(lines + 4 * alignof(State), 1);
    }
  }
  [[gnu::always_inline]] void prefetch_receiver(inventory::ServerIndex server) const { __builtin_prefetch(x_servers[server.value].get()); }

  void reorder(const std::vector<std::uint32_t>& old_index);

  [[nodiscard]] std::size_t recent_slots() const;                    ///< of the tables of recent contacts
  [[nodiscard]] std::size_t slots() const { return x_slots; }        ///< of all contact tables
  [[nodiscard]] std::uint64_t refused() const { return x_refused; }  ///< attempts that no table could be made for

private:
  struct alignas(64) State {
    explicit State(std::uint64_t seed) : recent(seed, kMaxContacts), slow(seed, kMaxSlowContacts), sessions(seed, kMaxSessions) {}
    std::bitset<256> tried_ports;  ///< of (protocol, port), hashed; first, because most records look at nothing else
    std::int64_t newest_slot = 0;
    Micros session_memory = kSessionMemory;
    ContactTable recent;
    ContactTable slow;
    SessionTable sessions;
    std::int64_t swept_slot = 0;  ///< when the slow tables were last cleared of what is old
    WallTime newest;
    net::IpAddress source;
    SamplingRate rate;
    WallTime newest_received;
    WallTime evaluated;
    bool is_queued = false;
  };
  [[nodiscard]] State* state_of(inventory::ServerIndex server) { return x_servers[server.value].get(); }
  [[nodiscard]] State* state_for(inventory::ServerIndex server);
  void advance(State& state, WallTime event);
  [[nodiscard]] bool is_too_late(const State& state, WallTime event) const { return event.since_epoch / kSlot <= state.newest_slot - kSlots; }
  [[nodiscard]] std::size_t contact_limit() const { return x_slots >= kMaxSlots ? kMaxContactsWhenShort : kMaxContacts; }
  [[nodiscard]] Contact* touch(ContactTable& table, const ContactKey& key);
  [[nodiscard]] Session* touch(State& state, const SessionKey& key);
  void make_room_for_sessions(State& state);
  void note_session(State& state, const SessionKey& key, const flow::FlowRecord& record, WallTime event, bool is_outbound);
  void queue(inventory::ServerIndex server, State& state);
  void sweep(WallTime now);

  Micros x_settle;
  std::uint64_t x_seed;
  std::vector<std::unique_ptr<State>> x_servers;
  std::vector<inventory::ServerIndex> x_queue;
  std::size_t x_slots = 0;
  std::uint64_t x_refused = 0;
  WallTime x_swept;
};

}  // namespace pinfold::detect
