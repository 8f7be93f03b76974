/// Finds servers that try many destinations on one port (horizontal) or many ports of one destination (vertical) and are not answered.
///
/// Rule: in some 60 s of event time, at least `min_targets_per_minute` distinct targets of one group, of which at least
/// `min_unanswered_percent` never accepted (silence or refusal). A fan-out alone is no scan: crawlers, resolvers and monitors are answered.
///   answers visible, unsampled   each target is matched with its own answer (reverse records, or ACK in the server's own later packets)
///   sampled                      an answer is rarely sampled with its question, so answers and questions of a group are compared as wholes:
///                                a crawler's sampled packets are mostly ACKs, a scanner's are all SYNs
///   answers not visible at all   TCP is judged by its SYN-only share; UDP and ICMP are not judged
/// One incident a server: it grows while windows keep passing, and is over after `quiet`. A straggler (fewer probes in ten seconds than a
/// scan at half the threshold makes) prolongs nothing, because "again" hangs on last_seen.
///
/// What skips the tables, and why nothing is missed:
///   - what read_outbound calls nothing: answers, backscatter, streams; none of them opens a contact;
///   - everything of a server that has made no attempt yet: a scan consists of attempts, and the first one makes the table;
///   - inbound packets from a port that the server has not tried (a bit set says so): they answer nothing.
/// Not found yet: block scans that spread over hosts *and* ports so thinly that no group passes; scans by ACK; see contact.hpp.
///
/// Clock:   windows in event time, tolerant of records up to kMemory late; `received` only for `settle` and the pace of evaluation.
/// Bounds:  ContactTable::kMaxContacts a server; kMaxSlots over all servers, beyond which tables stay small; twice that refuses new ones
///          (counted). Evaluation at most once a second a server, O(contacts).
/// Threads: none.
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "detect/contact_table.hpp"
#include "detect/thresholds.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::detect {

enum class ScanKind : std::uint8_t { Horizontal, Vertical };

/// What is known of one scan at its fiercest minute, and when it ran.
struct ScanIncident {
  ScanKind kind = ScanKind::Horizontal;
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;  ///< horizontal; ICMP: type * 256
  net::IpAddress peer;     ///< vertical
  net::IpAddress source;   ///< the server's address
  WallTime first_seen;
  WallTime last_seen;
  std::uint64_t targets = 0;  ///< estimated; equals `seen` when nothing was sampled
  std::uint64_t seen = 0;     ///< distinct targets really in the records
  std::uint32_t unanswered_percent = 0;
  std::uint32_t refused_percent = 0;
  Micros span{};  ///< from first to last probe of that minute
  SamplingRate rate;
  bool answers_visible = false;
  std::vector<Contact> samples;  ///< at most kMaxSamples, the busiest first
};

class PortScanDetector {
public:
  static constexpr std::size_t kMaxSlots = std::size_t{1} << 20U;  ///< 64 MiB of contacts
  static constexpr std::size_t kMaxSamples = 8;
  static constexpr std::int64_t kSlots = 18;  ///< of ten seconds each
  static constexpr Micros kSlot = std::chrono::seconds{10};
  static constexpr Micros kMemory = kSlots * kSlot;
  static constexpr std::int64_t kSlotsPerWindow = 6;

  PortScanDetector(PortScanThresholds thresholds, std::size_t servers, std::uint64_t hash_seed);

  /// Fetches what the next two will look at first.
  void prefetch(inventory::ServerIndex server) const { __builtin_prefetch(&x_servers[server.value]); }
  void outbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event, WallTime received);
  void inbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event);

  /// Incidents that are new, or have gone on since they were last given out and `update_interval` has passed.
  using AnswersVisible = std::function<bool(inventory::ServerIndex)>;
  using Emit = std::function<void(inventory::ServerIndex, const ScanIncident&)>;
  void evaluate(WallTime now, const AnswersVisible& answers_visible, const Emit& emit);

  /// New order of servers: `old_index[i]` is where server i stood, or Accountant::kUnknown.
  void reorder(const std::vector<std::uint32_t>& old_index);

  [[nodiscard]] std::size_t slots() const { return x_slots; }        ///< of all contact tables
  [[nodiscard]] std::uint64_t refused() const { return x_refused; }  ///< attempts that no table could be made for

private:
  struct ServerState {
    explicit ServerState(std::uint64_t seed) : table(seed) {}
    ContactTable table;
    std::bitset<256> tried_ports;  ///< of (protocol, port), hashed
    std::int64_t newest_slot = 0;
    net::IpAddress source;
    SamplingRate rate;
    WallTime newest_received;
    WallTime evaluated;
    bool is_queued = false;
    std::optional<ScanIncident> incident;
    WallTime given_out;            ///< when the incident was
    WallTime given_out_last_seen;  ///< its last_seen then
  };
  [[nodiscard]] ServerState* state_of(inventory::ServerIndex server);
  [[nodiscard]] Contact* touch(ServerState& state, const ContactKey& key, WallTime event);
  [[nodiscard]] std::uint64_t entries_needed(const ServerState& state) const;
  void look(ServerState& state, bool answers_visible, WallTime now) const;
  void sweep(WallTime now);

  PortScanThresholds x_thresholds;
  std::uint64_t x_seed;
  std::vector<std::unique_ptr<ServerState>> x_servers;
  std::vector<inventory::ServerIndex> x_queue;  ///< worth evaluating
  std::size_t x_slots = 0;
  std::uint64_t x_refused = 0;
  WallTime x_swept;
};

}  // namespace pinfold::detect
