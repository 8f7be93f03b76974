/// How much each server sends, of what, and for the busy ones to whom: what the rules for floods and reflectors read.
/// Every outbound packet is counted by class in its ten-second slot; only when a class comes near the threshold of its rule does the server get a
/// table of its top destinations, from then on. A flood passes that mark in its first second.
/// Classes: Syn (TCP, SYN without ACK), Udp, Echo (ICMP requests), Answer (UDP from the port of a service that is abused for reflection), Other.
///          ICMP errors are backscatter and count nowhere.
/// Top destinations: space-saving with kTop entries; a newcomer replaces the smallest but starts from zero, so no count is too high.
/// Units:   packets and bytes scaled by the sampling rate; `seen` as exported. A record that lasted longer than a slot counts its average.
/// Clock:   event times. Memory: 56 bytes a server, 3 KiB more for a busy one; forgotten after kIdle.
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

struct VolumeCount {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t seen = 0;
  void add(std::uint64_t more_packets, std::uint64_t more_bytes, std::uint64_t more_seen) {
    packets += more_packets;
    bytes += more_bytes;
    seen += more_seen;
  }
};

/// What one destination got in one slot, and what it sent back.
struct DestinationSlot {
  std::array<VolumeCount, kVolumeClasses> out;
  VolumeCount in;
  std::uint64_t spoofed = 0;      ///< packets whose source address is not the server's
  std::uint64_t tcp_packets = 0;  ///< all TCP, for the share of SYNs
  std::bitset<256> ports;         ///< destination ports of SYNs, hashed: a scan has many
};

struct Destination {
  net::IpAddress peer;
  bool used = false;
  std::uint64_t weight = 0;  ///< bound for the replacement, not a count
  std::int64_t slot = 0;
  DestinationSlot running;
  DestinationSlot last;
  std::uint16_t src_port = 0;  ///< of the last packet
  std::uint16_t dst_port = 0;
  std::uint8_t protocol = 0;
  net::IpAddress source;  ///< of the last packet: forged if `spoofed`
  WallTime first;
  WallTime newest;
};

class VolumeTracker {
public:
  static constexpr std::size_t kTop = 16;
  static constexpr Micros kIdle = std::chrono::minutes{2};

  VolumeTracker(std::size_t servers, const FloodThresholds& flood, const ReflectorThresholds& reflector);

  void outbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event, bool is_spoofed);
  void inbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event);

  struct View {
    const std::array<Destination, kTop>& top;
    std::int64_t slot = 0;  ///< the running one; a Destination's slot may be older
    SamplingRate rate;
    bool answers_visible = false;
  };
  using Look = std::function<void(inventory::ServerIndex, const View&)>;
  using AnswersVisible = std::function<bool(inventory::ServerIndex)>;
  /// Busy servers, each at most once a second.
  void each_busy(WallTime now, const AnswersVisible& answers_visible, const Look& look);

  /// Asks for the cache lines that `outbound` and `inbound` begin with.
  [[gnu::always_inline]] void prefetch(inventory::ServerIndex server) const {
    const auto* row = reinterpret_cast<const char*>(&x_servers[server.value]);
    __builtin_prefetch(row, 1);
    __builtin_prefetch(row + sizeof(Server) - 1, 1);
  }

  void reorder(const std::vector<std::uint32_t>& old_index);
  [[nodiscard]] std::size_t busy() const { return x_queue.size(); }

private:
  struct Busy {
    std::array<Destination, kTop> top;
    SamplingRate rate;
    std::int64_t slot = 0;
    WallTime newest;
    WallTime touched_at;  ///< receive clock of the last look that found something new
    std::int64_t seen_slot = 0;
    WallTime evaluated;
  };
  struct Server {
    std::int64_t slot = 0;
    std::array<std::uint32_t, kVolumeClasses> packets{};  ///< in that slot, saturating
    std::unique_ptr<Busy> busy;
  };
  [[nodiscard]] Destination& destination(Busy& busy, const net::IpAddress& peer, std::int64_t slot);

  std::array<std::uint32_t, kVolumeClasses> x_marks;  ///< packets in a slot that make a server busy
  HugeVector<Server> x_servers;
  std::vector<inventory::ServerIndex> x_queue;
};

}  // namespace pinfold::detect
