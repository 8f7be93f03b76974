/// How much each server sends, of what, and for the busy ones to whom: what the rules for floods and reflectors read.
/// Every outbound packet is counted by class in its ten-second slot; only when a class comes near the threshold of its rule does the server get a
/// table of its top destinations, from then on. A flood passes that mark in its first second.
/// Classes: Syn (TCP, SYN without ACK), Udp, Echo (ICMP requests), Answer (UDP from the port of a service that is abused for reflection), Other.
///          ICMP errors are backscatter and count nowhere, in either direction; RSTs that come in are no answers either.
/// Late records: exporters give up connections at once and silence after a time-out, so records of the same moment come in up to two slots apart.
///          Every destination keeps three slots of its own and is judged whenever something new came, however new other destinations are.
/// Early answers: a flow exporter may tell the answers of a minute before what they answer, and before the server is busy. The last two large
///          ones (and questions to a reflector) are kept for every server until then; without them a tunnel's first minute looks one-sided.
///          A single sampled packet is no such record: packet exports come in order, and of a flood's answers more than one is sampled.
/// Networks: of a server with more destinations than kTop, what goes to its kNetworks busiest networks (/24, IPv6 /64) is counted together as well,
///          and to how many of their hosts: a flood that is spread over a prefix is seen there.
/// Held:    connections to plain web ports, by destination: what the rule for slow attacks reads. A server becomes busy by them when, in one slot,
///          those to one destination that were not closed at once outnumber all such others by the mark (Boyer and Moore's vote): crawlers
///          and API clients seldom do.
/// Sampling: four packets of a class make a server busy at the earliest; a single one stands for a thousand and says nothing.
/// Top destinations: space-saving with kTop entries; a newcomer replaces the smallest but starts from zero, so no count is too high.
/// Bounds:  when kManyBusy servers are busy, it takes twice the mark to become so, with every doubling twice as much, up to half of what the rules
///          ask for: then a flood is found with its second slot at the latest, and servers above that mark cannot be many.
/// Units:   packets and bytes scaled by the sampling rate; `seen` as exported. A record that lasted longer than a slot counts its average, in
///          the slot that it ended in.
/// Clock:   event times. Memory: 88 bytes a server with its gate, 11 KiB more for a busy one (7 KiB more again with networks); forgotten after kIdle.
/// Source:  Metwally et al., Efficient Computation of Frequent and Top-k Elements in Data Streams, ICDT 2005.
/// Threads: none.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/fetch_line.hpp"
#include "base/huge_vector.hpp"
#include "detect/client_tracker.hpp"
#include "detect/thresholds.hpp"
#include "detect/volume_gate.hpp"
#include "flow/record.hpp"
#include "inventory/inventory.hpp"
#include "net/ip_address.hpp"

namespace pinfold::detect {

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
  std::uint32_t tcp_packets = 0;  ///< all TCP but refusals, for the share of SYNs
  std::uint32_t opened = 0;       ///< TCP connections: SYNs, or flow records that have seen one
  WallTime begin;                 ///< of what counts here: never more than a slot before `end`
  WallTime end;
  std::bitset<256> ports;  ///< destination ports of SYNs, hashed: a scan has many
  std::uint32_t bare_acks = 0;
  std::uint32_t bare_acks_seen = 0;
  std::bitset<256> ack_ports;  ///< source ports of bare acknowledgements, hashed: a download has one

  [[nodiscard]] Micros span() const { return end - begin; }
};

/// TCP to a plain web port of one destination, within kWindow. Packets and bytes as exported.
struct HeldConnections {
  static constexpr Micros kWindow = std::chrono::minutes{2};
  WallTime begin;
  WallTime end;
  std::uint32_t opened = 0;
  std::uint32_t closed = 0;  ///< by us
  std::uint32_t out_packets = 0;
  std::uint32_t in_packets = 0;
  std::uint32_t answers = 0;  ///< records of what came back that carry more than acknowledgements
  std::uint64_t out_bytes = 0;
  void add_outbound(const flow::FlowRecord& record, WallTime event, std::uint64_t more_opened);
  void add_inbound(const flow::FlowRecord& record);
};

struct Destination {
  static constexpr std::size_t kSlots = 3;

  net::IpAddress peer;
  bool used = false;
  bool is_new = false;      ///< something came that was not judged with its answers
  bool is_settled = false;  ///< the answers to all that came could have come too
  bool was_settled = false;
  bool is_long = false;  ///< one record that is new lasted a slot or more
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
  WallTime waits_since;  ///< when the first record of what is new was received

  /// What came back in that slot and the two beside it: the answers' records may end in another slot than what they answer.
  [[nodiscard]] std::uint64_t answers_about(std::int64_t slot) const;
  HeldConnections held;
};

/// What went to all hosts of one network; `sum.peer` is its address.
struct Network {
  struct Hosts {
    std::int64_t slot = -1;
    std::bitset<256> seen;  ///< hashed
  };
  Destination sum;
  std::array<Hosts, Destination::kSlots> hosts;

  [[nodiscard]] std::size_t hosts_in(std::int64_t slot) const;
};
[[nodiscard]] net::Prefix network_of(const net::IpAddress& address);

class VolumeTracker {
public:
  static constexpr std::size_t kTop = 16;
  static constexpr std::size_t kNetworks = 8;
  static constexpr Micros kIdle = std::chrono::minutes{2};
  static constexpr std::size_t kManyBusy = 1024;
  static constexpr std::uint64_t kHighestMark = 8;  ///< times the mark: half of what the rules ask for
  /// Exporters hand on what they have seen within a second, each direction for itself: of a new destination the answers may be so much behind.
  static constexpr Micros kFirstSettle = std::chrono::seconds{2};
  /// A flow exporter gives up the two directions of a long flow seconds apart.
  static constexpr Micros kLongSettle = kSlot;

  VolumeTracker(std::size_t servers, const FloodThresholds& flood, const ReflectorThresholds& reflector);

  void outbound(inventory::ServerIndex server, VolumeGate& gate, const flow::FlowRecord& record, WallTime event, WallTime received, bool is_spoofed);
  void inbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event);

  struct View {
    const std::array<Destination, kTop>& top;
    std::span<const Destination* const> due;       ///< to be judged; what asks for answers only if they are settled
    std::span<const Network* const> due_networks;  ///< none: it has few destinations
    WallTime newest;                               ///< event time of the last record
    SamplingRate rate;
    bool answers_visible = false;
  };
  using Look = std::function<void(inventory::ServerIndex, const View&)>;
  using AnswersVisible = std::function<bool(inventory::ServerIndex)>;
  /// Busy servers, each at most once a second.
  void each_busy(WallTime now, const AnswersVisible& answers_visible, const Look& look);

  /// Of a busy server: asks for the cache line that says where a destination stands, and some records later for the destination.
  void prefetch(inventory::ServerIndex server) const {
    if (x_is_busy[server.value]) {
      fetch_line(&x_busy[server.value]->peers);
      fetch_line(&x_busy[server.value]->networks);
    }
  }
  void prefetch(inventory::ServerIndex server, const net::IpAddress& peer) const;

  void reorder(const std::vector<std::uint32_t>& old_index);
  [[nodiscard]] std::size_t busy() const { return x_queue.size(); }

private:
  struct alignas(64) Busy {
    std::array<std::uint32_t, kTop> peers{};  ///< hashed, of `top`: one cache line says where to look
    std::unique_ptr<std::array<Network, kNetworks>> networks;
    SamplingRate rate;
    WallTime newest;
    WallTime touched_at;  ///< receive clock of the last look that found something new
    WallTime evaluated;
    std::uint32_t new_ones = 0;  ///< a bit for each of `top` that is new
    bool is_new = false;
    std::array<Destination, kTop> top;
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
  struct Passing;
  static void add_outbound(Destination& to, const Passing& passing);
  static void add_to_network(std::array<Network, kNetworks>& networks, const Passing& passing);
  [[nodiscard]] static Destination* find(Busy& busy, const net::IpAddress& peer);
  [[nodiscard]] Destination& destination(inventory::ServerIndex server, const net::IpAddress& peer);
  /// What is to be judged now, and whether something is to be judged once more.
  struct Due {
    std::array<const Destination*, kTop> destinations{};
    std::array<const Network*, kNetworks> networks{};
    std::size_t destination_count = 0;
    std::size_t network_count = 0;
    bool has_waiting = false;
  };
  [[nodiscard]] static Due take_due(Busy& busy, WallTime now);

  BusyMarks x_marks;
  std::vector<std::unique_ptr<Busy>> x_busy;  ///< by server; null: it is not
  std::vector<bool> x_is_busy;                ///< the same, so small that it stays in the cache
  HugeVector<EarlyOnes> x_early;              ///< by server; apart, because most records do not look at it
  std::vector<inventory::ServerIndex> x_queue;
};

}  // namespace pinfold::detect
