#include "detect/volume_tracker.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "detect/accountant.hpp"
#include "detect/services.hpp"

namespace pinfold::detect {
namespace {

constexpr Micros kEvaluationInterval = std::chrono::seconds{1};

std::optional<VolumeClass> class_of(const flow::FlowRecord& record) {
  switch (record.protocol) {
    case flow::kTcp: {
      const std::uint8_t flags = record.tcp_flags.value_or(0);
      return (flags & (flow::kSyn | flow::kAck)) == flow::kSyn ? VolumeClass::Syn : VolumeClass::Other;
    }
    case flow::kUdp: return amplifier_on(record.src_port) ? VolumeClass::Answer : VolumeClass::Udp;
    case flow::kIcmp:
    case flow::kIcmpV6: {
      const unsigned type = record.dst_port >> 8U;
      if (type == 8 || type == 13 || type == 128) {
        return VolumeClass::Echo;
      }
      const bool is_reply = type == 0 || type == 14 || type == 129;
      return is_reply ? std::optional{VolumeClass::Other} : std::nullopt;
    }
    default: return VolumeClass::Other;
  }
}

/// What of the record fell into one slot, on average.
struct Share {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t seen = 0;
};
Share share_of(const flow::FlowRecord& record, std::uint64_t packets, std::uint64_t bytes) {
  const Micros duration = record.first && record.last ? record.last->claimed() - record.first->claimed() : Micros{0};
  const auto parts = static_cast<std::uint64_t>(std::max<std::int64_t>((duration + kSlot - Micros{1}) / kSlot, 1));
  const std::uint64_t seen = (packets + parts - 1) / parts;
  return {saturating_multiply(seen, record.sampling_rate.one_in()), saturating_multiply((bytes + parts - 1) / parts, record.sampling_rate.one_in()),
          seen};
}

void roll(Destination& destination, std::int64_t slot) {
  if (slot <= destination.slot) {
    return;
  }
  destination.last = slot == destination.slot + 1 ? destination.running : DestinationSlot{};
  destination.running = {};
  destination.slot = slot;
}

DestinationSlot* slot_in(Destination& destination, std::int64_t slot) {
  return slot == destination.slot ? &destination.running : slot == destination.slot - 1 ? &destination.last : nullptr;
}

}  // namespace

VolumeTracker::VolumeTracker(std::size_t servers, const FloodThresholds& flood, const ReflectorThresholds& reflector)
    : x_marks{}, x_servers(servers) {
  // An eighth of what the rule asks for in a slot.
  const auto mark = [](std::uint64_t pps) { return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(pps * 10 / 8, 1, 1'000'000'000)); };
  x_marks = {mark(flood.min_syn_pps), mark(flood.min_udp_pps), mark(flood.min_icmp_pps), mark(reflector.min_pps), mark(flood.min_other_pps)};
}

Destination& VolumeTracker::destination(Busy& busy, const net::IpAddress& peer, std::int64_t slot) {
  Destination* smallest = &busy.top.front();
  for (Destination& known : busy.top) {
    if (known.used && known.peer == peer) {
      roll(known, slot);
      return known;
    }
    if (!known.used || known.weight < smallest->weight) {
      smallest = &known;
    }
  }
  const std::uint64_t weight = smallest->weight;
  *smallest = Destination{};
  smallest->used = true;
  smallest->peer = peer;
  smallest->weight = weight;
  smallest->slot = slot;
  return *smallest;
}

void VolumeTracker::outbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event, bool is_spoofed) {
  const auto kind = class_of(record);
  if (!kind) {
    return;
  }
  Server& state = x_servers[server.value];
  const std::int64_t slot = event.since_epoch / kSlot;
  const Share share = share_of(record, record.packets.value, record.bytes.value);
  const auto c = static_cast<std::size_t>(*kind);
  if (slot > state.slot) {
    state.slot = slot;
    state.packets = {};
  }
  if (slot == state.slot) {
    state.packets[c] =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(state.packets[c] + share.packets, std::numeric_limits<std::uint32_t>::max()));
    if (!state.busy && state.packets[c] >= x_marks[c]) {
      state.busy = std::make_unique<Busy>();
      x_queue.push_back(server);
    }
  }
  if (!state.busy) {
    return;
  }
  Busy& busy = *state.busy;
  busy.slot = std::max(busy.slot, slot);
  busy.rate = record.sampling_rate;
  busy.newest = std::max(busy.newest, event);
  Destination& to = destination(busy, record.dst, slot);
  to.weight += share.packets;
  DestinationSlot* at = slot_in(to, slot);
  if (at == nullptr) {
    return;
  }
  at->out[c].add(share.packets, share.bytes, share.seen);
  at->spoofed += is_spoofed ? share.packets : 0;
  if (record.protocol == flow::kTcp) {
    at->tcp_packets += share.packets;
  }
  if (*kind == VolumeClass::Syn) {
    at->ports.set((record.dst_port * 167U) % 256U);
  }
  to.first = to.first == WallTime{} ? event : std::min(to.first, event);
  to.newest = std::max(to.newest, event);
  to.src_port = record.src_port;
  to.dst_port = record.dst_port;
  to.protocol = record.protocol;
  to.source = record.src;
}

void VolumeTracker::inbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event) {
  Server& state = x_servers[server.value];
  if (!state.busy) {
    return;
  }
  for (Destination& known : state.busy->top) {
    if (known.used && known.peer == record.src) {
      const std::int64_t slot = event.since_epoch / kSlot;
      roll(known, slot);
      if (DestinationSlot* at = slot_in(known, slot)) {
        const Share share = share_of(record, record.packets.value, record.bytes.value);
        at->in.add(share.packets, share.bytes, share.seen);
      }
      return;
    }
  }
}

void VolumeTracker::each_busy(WallTime now, const AnswersVisible& answers_visible, const Look& look) {
  std::vector<inventory::ServerIndex> kept;
  for (const inventory::ServerIndex server : std::exchange(x_queue, {})) {
    Busy& busy = *x_servers[server.value].busy;
    if (now - busy.evaluated >= kEvaluationInterval || now < busy.evaluated) {
      busy.evaluated = now;
      if (busy.slot != busy.seen_slot || now < busy.touched_at) {
        busy.seen_slot = busy.slot;
        busy.touched_at = now;
      }
      look(server, View{busy.top, busy.slot, busy.rate, answers_visible(server)});
    }
    // Slots go on while it sends; when they have stood still for so long, it has stopped.
    if (now - busy.touched_at > kIdle) {
      x_servers[server.value].busy.reset();
    } else {
      kept.push_back(server);
    }
  }
  x_queue = std::move(kept);
}

void VolumeTracker::reorder(const std::vector<std::uint32_t>& old_index) {
  HugeVector<Server> fresh(old_index.size());
  x_queue.clear();
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (old_index[i] == Accountant::kUnknown) {
      continue;
    }
    fresh[i] = std::move(x_servers[old_index[i]]);
    if (fresh[i].busy) {
      x_queue.push_back({static_cast<std::uint32_t>(i)});
    }
  }
  x_servers = std::move(fresh);
}

std::optional<VolumeClass> volume_class_of(const flow::FlowRecord& record) { return class_of(record); }

}  // namespace pinfold::detect
