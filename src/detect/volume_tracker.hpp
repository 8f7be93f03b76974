/// How much each server sends, of what, and for the busy ones to whom: what the rules for floods and reflectors read.
/// Every outbound packet is counted by class in its ten-second slot; only when a class comes near the threshold of its rule does the server get a
/// table of its top destinations, from then on. A flood passes that mark in its first second.
/// Classes: Syn (TCP, SYN without ACK), Udp, Echo (ICMP requests), Answer (UDP from the port of a service that is abused for reflection), Other.
///          ICMP errors are backscatter and count nowhere, in either direction; RSTs that come in are no answers either.
/// Late records: exporters give up connections at once and silence after a time-out, so records of the same moment come in up to two slots apart.
///          Every destination keeps three slots of its own and is judged whenever something new came, however new other destinations are.
/// Early answers: a flow exporter may tell the answers of a minute before what they answer, and before the server is busy. The last two large
///          ones (and questions to a reflector) are kept for every server until then; without them a tunnel's first minute looks one-sided.
/// Top destinations: space-saving with kTop entries; a newcomer replaces the smallest but starts from zero, so no count is too high.
/// Bounds:  when kManyBusy servers are busy, it takes twice the mark to become so; when twice as many are, four times, which is half of what the
/// rules
///          ask for: then a flood is found with its second slot at the latest, and servers above that mark cannot be many.
/// Units:   packets and bytes scaled by the sampling rate; `seen` as exported. A record that lasted longer than a slot counts its average, in
///          the slot that it ended in.
/// Clock:   event times. Memory: 112 bytes a server, 8 KiB more for a busy one; forgotten after kIdle.
/// Source:  Metwally et al., Efficient Computation of Frequent and Top-k Elements in Data Streams, ICDT 2005.
/// Threads: none.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/huge_vector.hpp"
#include "detect/client_tracker.hpp"
#include "detect/thresholds.hpp"
#include "flow/record.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::detect {

enum class VolumeClass : std::uint8_t { Syn, Udp, Echo, Answer, Other };
inline constexpr std::size_t kVolumeClasses = 5;
/// nullopt: counts nowhere.
[[nodiscard]] std::optional<VolumeClass> volume_class_of(const flow::FlowRecord& record);
/// TCP connections that an outbound record opened, scaled.
[[nodiscard]] std::uint64_t connections_opened_by(const flow::FlowRecord& record);
/// An inbound record that is remembered even of a server that is not busy yet.
[[nodiscard]] bool is_large_answer(const flow::FlowRecord& record);

/// What in one slot makes a server worth a table of destinations: an eighth of what the rules ask for.
struct BusyMarks {
  std::array<std::uint32_t, kVolumeClasses> packets{};
  std::uint32_t opened = 0;
  std::array<std::uint32_t, kVolumeClasses> seen{};  ///< under sampling, so many packets must really have been seen
  std::uint32_t opened_seen = 0;
};
[[nodiscard]] BusyMarks busy_marks(const FloodThresholds& flood, const ReflectorThresholds& reflector);

struct VolumeCount {
  std::uint32_t packets = 0;  ///< saturating
  std::uint32_t seen = 0;
  std::uint64_t bytes = 0;
  void add(std::uint64_t more_packets, std::uint64_t more_bytes, std::uint64_t more_seen);
};

/// What one destination got in one slot, and what it sent back.
struct DestinationSlot {
  std::int64_t number = -1;  ///< of kSlot
  std::array<VolumeCount, kVolumeClasses> out;
  VolumeCount in;
  std::uint32_t spoofed = 0;      ///< packets whose source address is not the server's
  std::uint32_t tcp_packets = 0;  ///< all TCP, for the share of SYNs
  std::uint32_t opened = 0;       ///< TCP connections: SYNs, or flow records that have seen one
  WallTime begin;                 ///< of what counts here: never more than a slot before `end`
  WallTime end;
  std::bitset<256> ports;  ///< destination ports of SYNs, hashed: a scan has many

  [[nodiscard]] Micros span() const { return end - begin; }
};

struct Destination {
  static constexpr std::size_t kSlots = 3;

  net::IpAddress peer;
  bool used = false;
  bool is_new = false;   ///< something came since it was last judged
  bool is_long = false;  ///< and one record of it lasted a slot or more: its answers' record may still be on its way
  bool is_due = false;   ///< to be judged now
  std::uint8_t protocol = 0;
  std::uint16_t src_port = 0;  ///< of the last packet
  std::uint16_t dst_port = 0;
  std::uint64_t weight = 0;  ///< bound for the replacement, not a count
  std::int64_t newest_slot = 0;
  std::array<DestinationSlot, kSlots> slots;
  std::uint64_t packets_out = 0;  ///< since the entry was made
  std::uint64_t packets_in = 0;
  net::IpAddress source;  ///< of the last packet: forged if `spoofed`
  WallTime first;
  WallTime newest;
  WallTime waits_since;  ///< receive clock

  /// What came back in that slot and the two beside it: the answers' records may end in another slot than what they answer.
  [[nodiscard]] std::uint64_t answers_about(std::int64_t slot) const;
};

class VolumeTracker {
public:
  static constexpr std::size_t kTop = 16;
  static constexpr Micros kIdle = std::chrono::minutes{2};
  static constexpr std::size_t kManyBusy = 1024;
  /// An exporter gives up the two directions of a long flow seconds apart.
  static constexpr Micros kLongSettle = std::chrono::seconds{3};

  VolumeTracker(std::size_t servers, const FloodThresholds& flood, const ReflectorThresholds& reflector);

  void outbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event, bool is_spoofed);
  void inbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event);

  /// Only destinations that are `is_due`; the others were judged before, or wait for their answers.
  struct View {
    const std::array<Destination, kTop>& top;
    WallTime newest;  ///< event time of the last record
    SamplingRate rate;
    bool answers_visible = false;
  };
  using Look = std::function<void(inventory::ServerIndex, const View&)>;
  using AnswersVisible = std::function<bool(inventory::ServerIndex)>;
  /// Busy servers, each at most once a second.
  void each_busy(WallTime now, const AnswersVisible& answers_visible, const Look& look);

  /// Asks for the cache line that `outbound` begins with.
  [[gnu::always_inline]] void prefetch(inventory::ServerIndex server) const { __builtin_prefetch(&x_servers[server.value], 1); }

  void reorder(const std::vector<std::uint32_t>& old_index);
  [[nodiscard]] std::size_t busy() const { return x_queue.size(); }

private:
  struct Busy {
    std::array<Destination, kTop> top;
    SamplingRate rate;
    WallTime newest;
    WallTime touched_at;  ///< receive clock of the last look that found something new
    WallTime evaluated;
    bool is_new = false;
  };
  /// An answer, or a question to a reflector, that came before the server was busy.
  struct Early {
    std::uint64_t peer = 0;  ///< hashed
    std::uint32_t packets = 0;
    std::uint32_t seen = 0;
    std::uint32_t bytes = 0;  ///< saturating
    std::uint32_t slot = 0;   ///< 0: none
  };
  using EarlyOnes = std::array<Early, 2>;
  struct alignas(64) Server {  // one cache line
    std::int64_t slot = 0;
    std::array<std::uint32_t, kVolumeClasses> packets{};  ///< since that slot began, saturating
    std::uint32_t opened = 0;
    std::unique_ptr<Busy> busy;
  };
  struct Share;
  [[nodiscard]] static Share share_of(const flow::FlowRecord& record);
  [[nodiscard]] bool becomes_busy(Server& state, std::size_t kind, std::int64_t slot, const Share& share, std::uint32_t opened,
                                  SamplingRate rate) const;
  [[nodiscard]] static Destination* find(Busy& busy, const net::IpAddress& peer);
  [[nodiscard]] Destination& destination(inventory::ServerIndex server, const net::IpAddress& peer);
  static bool make_due(Busy& busy, WallTime now);

  BusyMarks x_marks;
  HugeVector<Server> x_servers;
  std::vector<bool> x_is_busy;    ///< by server; so small that it stays in the cache
  HugeVector<EarlyOnes> x_early;  ///< by server; apart, because most records do not look at it
  std::vector<inventory::ServerIndex> x_queue;
};

}  // namespace pinfold::detect
