#include "detect/volume_tracker.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "base/fetch_line.hpp"
#include "detect/accountant.hpp"
#include "detect/services.hpp"
#include "detect/small_count.hpp"

namespace pinfold::detect {
namespace {

constexpr Micros kEvaluationInterval = std::chrono::seconds{1};
bool is_bare_ack(const flow::FlowRecord& record) {
  constexpr std::uint64_t kMostBytes = 80;
  return record.protocol == flow::kTcp && record.tcp_flags == flow::kAck && record.bytes.value <= record.packets.value * kMostBytes;
}
/// What the system says to an answer that it did not ask for: beside forged SYNs there is one for each.
bool is_refusal(const flow::FlowRecord& record) { return (record.tcp_flags.value_or(0) & ~flow::kAck) == flow::kRst; }
DestinationSlot* slot_in(Destination& destination, std::int64_t number) {
  if (number + static_cast<std::int64_t>(Destination::kSlots) <= destination.newest_slot || number < 0) {
    return nullptr;
  }
  destination.newest_slot = std::max(destination.newest_slot, number);
  DestinationSlot& slot = destination.slots.at(static_cast<std::size_t>(number) % Destination::kSlots);
  if (slot.number != number) {
    slot = DestinationSlot{};
    slot.number = number;
  }
  return &slot;
}

/// RSTs and ICMP errors come back from a host that wants no more of it.
bool is_answer(const flow::FlowRecord& record) {
  if (record.protocol == flow::kTcp) {
    const std::uint8_t flags = record.tcp_flags.value_or(0);
    return (flags & flow::kRst) == 0 || (flags & (flow::kSyn | flow::kPsh)) != 0;
  }
  if (record.protocol == flow::kIcmp || record.protocol == flow::kIcmpV6) {
    const unsigned type = record.dst_port >> 8U;
    return record.protocol == flow::kIcmp ? type == 0 || type == 8 || type == 13 || type == 14 : type >= 128;
  }
  return true;
}

}  // namespace

/// One outbound record on its way through the tracker.
struct VolumeTracker::Passing {
  const flow::FlowRecord& record;
  VolumeShare share;
  std::size_t kind = 0;
  std::int64_t slot = 0;
  WallTime event;
  WallTime received;
  std::uint32_t opened = 0;
  bool is_spoofed = false;
};

VolumeTracker::VolumeTracker(std::size_t servers, const FloodThresholds& flood, const ReflectorThresholds& reflector)
    : x_marks(busy_marks(flood, reflector)), x_busy(servers), x_is_busy(servers), x_early(servers) {}

Destination* VolumeTracker::find(Busy& busy, const net::IpAddress& peer) {
  const std::uint32_t hashed = hash_of_peer(peer);
  for (std::size_t i = 0; i < kTop; ++i) {
    if (busy.peers[i] == hashed && busy.top[i].used && busy.top[i].peer == peer) {
      return &busy.top[i];
    }
  }
  return nullptr;
}

void VolumeTracker::prefetch(inventory::ServerIndex server, const net::IpAddress& peer) const {
  if (!x_is_busy[server.value]) {
    return;
  }
  const Busy& busy = *x_busy[server.value];
  const std::uint32_t hashed = hash_of_peer(peer);
  for (std::size_t i = 0; i < kTop; ++i) {
    if (busy.peers[i] == hashed) {
      const auto* at = reinterpret_cast<const char*>(&busy.top[i]);
      for (std::size_t line = 0; line < sizeof(Destination); line += kCacheLine) {
        fetch_line(at + line);
      }
    }
  }
}

Destination& VolumeTracker::destination(inventory::ServerIndex server, const net::IpAddress& peer) {
  Busy& busy = *x_busy[server.value];
  if (Destination* known = find(busy, peer)) {
    return *known;
  }
  Destination* smallest = &busy.top.front();
  for (Destination& known : busy.top) {
    if (!known.used || known.weight < smallest->weight) {
      smallest = &known;
    }
  }
  const std::uint64_t weight = smallest->weight;
  *smallest = Destination{};
  smallest->used = true;
  smallest->peer = peer;
  smallest->weight = weight;
  const auto place = static_cast<std::size_t>(smallest - busy.top.data());
  busy.peers.at(place) = hash_of_peer(peer);
  busy.new_ones &= ~(1U << place);
  for (Early& early : x_early[server.value]) {
    if (early.slot != 0 && early.peer == std::hash<net::IpAddress>{}(peer)) {
      if (DestinationSlot* at = slot_in(*smallest, early.slot)) {
        at->in.add(early.packets, early.bytes, early.seen);
        smallest->packets_in += early.packets;
      }
      early = {};
    }
  }
  return *smallest;
}

void VolumeTracker::add_outbound(Destination& to, const Passing& passing) {
  const auto& [record, share, kind, slot, event, received, opened, is_spoofed] = passing;
  DestinationSlot* at = slot_in(to, slot);
  if (at == nullptr) {
    return;
  }
  const WallTime begin = event - share.lasted;
  at->begin = at->end == WallTime{} ? begin : std::min(at->begin, begin);
  at->end = std::max(at->end, event);
  at->begin = std::max(at->begin, at->end - kSlot);
  at->out[kind].add(share.packets, share.bytes, share.seen);
  at->spoofed = add_small(at->spoofed, is_spoofed ? share.packets : 0);
  at->opened = add_small(at->opened, opened);
  if (record.protocol == flow::kTcp && !is_refusal(record)) {
    at->tcp_packets = add_small(at->tcp_packets, share.packets);
  }
  if (static_cast<VolumeClass>(kind) == VolumeClass::Syn) {
    at->ports.set((record.dst_port * 167U) % 256U);
  }
  if (is_bare_ack(record)) {
    at->bare_acks = add_small(at->bare_acks, share.packets);
    at->bare_acks_seen = add_small(at->bare_acks_seen, share.seen);
    at->ack_ports.set((record.src_port * 167U) % 256U);
  }
  if (is_to_plain_web(record)) {
    to.held.add_outbound(record, event, opened);
  }
  to.waits_since = to.is_new ? to.waits_since : received;
  to.is_new = true;
  to.is_long |= share.lasted >= kSlot;
  to.packets_out += share.packets;
  to.first = to.first == WallTime{} ? begin : std::min(to.first, begin);
  to.newest = std::max(to.newest, event);
  to.src_port = record.src_port;
  to.dst_port = record.dst_port;
  to.protocol = record.protocol;
  to.source = record.src;
}

void VolumeTracker::add_to_network(std::array<Network, kNetworks>& networks, const Passing& passing) {
  const net::IpAddress address = network_of(passing.record.dst).address();
  Network* at = nullptr;
  Network* smallest = &networks.front();
  for (Network& known : networks) {
    if (known.sum.used && known.sum.peer == address) {
      at = &known;
      break;
    }
    if (!known.sum.used || known.sum.weight < smallest->sum.weight) {
      smallest = &known;
    }
  }
  if (at == nullptr) {
    at = smallest;
    const std::uint64_t weight = at->sum.weight;
    *at = Network{};
    at->sum.used = true;
    at->sum.peer = address;
    at->sum.weight = weight;
  }
  at->sum.weight += passing.share.packets;
  const auto place = static_cast<std::size_t>(std::max<std::int64_t>(passing.slot, 0)) % Destination::kSlots;
  add_outbound(at->sum, passing);
  Network::Hosts& hosts = at->hosts.at(place);
  if (hosts.slot < passing.slot) {
    hosts = {passing.slot, {}};
  }
  if (hosts.slot == passing.slot) {
    hosts.seen.set(std::hash<net::IpAddress>{}(passing.record.dst) % 256U);
  }
}

void VolumeTracker::outbound(inventory::ServerIndex server, VolumeGate& gate, const flow::FlowRecord& record, WallTime event, WallTime received,
                             bool is_spoofed) {
  const auto kind = volume_class_of(record);
  if (!kind) {
    return;
  }
  const VolumeShare share = volume_share_of(record);
  const Passing passing{record, share,    static_cast<std::size_t>(*kind),         event.since_epoch / kSlot,
                        event,  received, opened_by(record, *kind, share.packets), is_spoofed};
  if (!x_is_busy[server.value]) {
    const std::uint64_t times = std::clamp<std::uint64_t>(2 * std::bit_floor(x_queue.size() / kManyBusy), 1, kHighestMark);
    if (!gate.passes(record, *kind, share, passing.slot, x_marks, times)) {
      return;
    }
    x_busy[server.value] = std::make_unique<Busy>();
    x_is_busy[server.value] = true;
    x_queue.push_back(server);
  }
  Busy& busy = *x_busy[server.value];
  busy.is_new = true;
  busy.rate = record.sampling_rate;
  busy.newest = std::max(busy.newest, event);
  Destination& to = destination(server, record.dst);
  to.weight += share.packets;
  if (!busy.networks && to.packets_out == 0 && to.weight > share.packets) {  // it has pushed another one out
    busy.networks = std::make_unique<std::array<Network, kNetworks>>();
  }
  add_outbound(to, passing);
  busy.new_ones |= 1U << static_cast<unsigned>(&to - busy.top.data());
  if (busy.networks) {
    add_to_network(*busy.networks, passing);
  }
}

void VolumeTracker::inbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event) {
  const bool is_large = is_large_answer(record);
  if ((!x_is_busy[server.value] && !is_large) || !is_answer(record)) {
    return;
  }
  const std::int64_t slot = event.since_epoch / kSlot;
  const VolumeShare share = volume_share_of(record);
  if (!x_is_busy[server.value]) {
    EarlyOnes& early = x_early[server.value];
    Early& oldest = early[0].slot <= early[1].slot ? early[0] : early[1];
    oldest = {std::hash<net::IpAddress>{}(record.src), add_small(0, share.packets), add_small(0, share.seen), add_small(0, share.bytes),
              add_small(0, static_cast<std::uint64_t>(std::max<std::int64_t>(slot, 0)))};
    return;
  }
  Busy& busy = *x_busy[server.value];
  if (busy.networks) {
    const net::IpAddress network = network_of(record.src).address();
    for (Network& known : *busy.networks) {
      if (known.sum.used && known.sum.peer == network) {
        if (DestinationSlot* at = slot_in(known.sum, slot)) {
          at->in.add(share.packets, share.bytes, share.seen);
          known.sum.packets_in += share.packets;
        }
      }
    }
  }
  Destination* from = find(busy, record.src);
  if (from == nullptr) {
    if (!is_large && !is_question(record)) {
      return;
    }
    from = &destination(server, record.src);
    from->weight += share.packets;
  }
  if (DestinationSlot* at = slot_in(*from, slot)) {
    at->in.add(share.packets, share.bytes, share.seen);
    from->packets_in += share.packets;
    if (record.protocol == flow::kTcp && is_plain_web(record.src_port)) {
      from->held.add_inbound(record);
    }
  }
}

VolumeTracker::Due VolumeTracker::take_due(Busy& busy, WallTime now) {
  Due due;
  const auto settle = [&](Destination& known) {
    const Micros wait = known.is_long ? kLongSettle : known.was_settled ? Micros{0} : kFirstSettle;
    known.is_settled = now - known.waits_since >= wait || now < known.waits_since;
    known.was_settled |= known.is_settled;
    known.is_new = !known.is_settled;
    known.is_long = known.is_long && known.is_new;
    due.has_waiting |= known.is_new;
  };
  std::uint32_t kept = 0;
  for (std::uint32_t rest = busy.new_ones; rest != 0; rest &= rest - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(rest));
    settle(busy.top.at(i));
    due.destinations.at(due.destination_count++) = &busy.top[i];
    kept |= busy.top[i].is_new ? 1U << i : 0;
  }
  busy.new_ones = kept;
  if (busy.networks) {
    for (Network& known : *busy.networks) {
      if (known.sum.used && known.sum.is_new) {
        settle(known.sum);
        due.networks.at(due.network_count++) = &known;
      }
    }
  }
  return due;
}

void VolumeTracker::each_busy(WallTime now, const AnswersVisible& answers_visible, const Look& look) {
  std::vector<inventory::ServerIndex> kept;
  for (const inventory::ServerIndex server : std::exchange(x_queue, {})) {
    Busy& busy = *x_busy[server.value];
    if (now - busy.evaluated >= kEvaluationInterval || now < busy.evaluated) {
      busy.evaluated = now;
      if (busy.is_new || now < busy.touched_at) {
        busy.touched_at = now;
        const Due due = take_due(busy, now);
        busy.is_new = due.has_waiting;
        look(server, View{busy.top, std::span{due.destinations}.first(due.destination_count), std::span{due.networks}.first(due.network_count),
                          busy.newest, busy.rate, answers_visible(server)});
      }
    }
    // When nothing has come for so long, it has stopped.
    if (now - busy.touched_at > kIdle) {
      x_busy[server.value].reset();
      x_is_busy[server.value] = false;
    } else {
      kept.push_back(server);
    }
  }
  x_queue = std::move(kept);
}

void VolumeTracker::reorder(const std::vector<std::uint32_t>& old_index) {
  std::vector<std::unique_ptr<Busy>> fresh(old_index.size());
  HugeVector<EarlyOnes> early(old_index.size());
  x_queue.clear();
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (old_index[i] == Accountant::kUnknown) {
      continue;
    }
    fresh[i] = std::move(x_busy[old_index[i]]);
    early[i] = x_early[old_index[i]];
    if (fresh[i]) {
      x_queue.push_back({static_cast<std::uint32_t>(i)});
    }
  }
  x_is_busy.assign(old_index.size(), false);
  for (const inventory::ServerIndex server : x_queue) {
    x_is_busy[server.value] = true;
  }
  x_busy = std::move(fresh);
  x_early = std::move(early);
}

}  // namespace pinfold::detect
