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
/// Packets of a record: fewer cannot be the answers of a flood's worth (2 % of 5,000 a second for five seconds).
constexpr std::uint64_t kLargeAnswer = 500;
/// Questions of a record that are worth remembering for a reflector.
constexpr std::uint64_t kManyQuestions = 50;

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

std::uint32_t add(std::uint32_t a, std::uint64_t b) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(a + b, std::numeric_limits<std::uint32_t>::max()));
}

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

/// SYNs of a packet or of a flow of nothing else; a flow record that has seen one is one connection.
std::uint64_t opened_by(const flow::FlowRecord& record, VolumeClass kind, std::uint64_t packets) {
  if (kind == VolumeClass::Syn) {
    return packets;
  }
  const bool has_syn = record.protocol == flow::kTcp && (record.tcp_flags.value_or(0) & flow::kSyn) != 0;
  const bool is_answer = record.src_port < record.dst_port;
  return has_syn && !is_answer ? record.sampling_rate.one_in() : 0;
}

/// To a service of ours that could answer somebody else.
bool is_question(const flow::FlowRecord& record) { return record.protocol == flow::kUdp && amplifier_on(record.dst_port).has_value(); }

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

std::optional<VolumeClass> volume_class_of(const flow::FlowRecord& record) { return class_of(record); }

std::uint64_t connections_opened_by(const flow::FlowRecord& record) {
  const auto kind = class_of(record);
  return kind ? opened_by(record, *kind, saturating_multiply(record.packets.value, record.sampling_rate.one_in())) : 0;
}

bool is_large_answer(const flow::FlowRecord& record) {
  const std::uint64_t packets = saturating_multiply(record.packets.value, record.sampling_rate.one_in());
  return packets >= kManyQuestions && (packets >= kLargeAnswer || is_question(record));
}

BusyMarks busy_marks(const FloodThresholds& flood, const ReflectorThresholds& reflector) {
  const auto mark = [](std::uint64_t pps) { return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(pps * 10 / 8, 1, 1'000'000'000)); };
  const auto seen = [](std::uint32_t least) { return std::max(least / 8, 1U); };
  const std::uint32_t few = seen(flood.min_sampled_packets);
  return {{mark(flood.min_syn_pps), mark(flood.min_udp_pps), mark(flood.min_icmp_pps), mark(reflector.min_pps), mark(flood.min_other_pps)},
          mark(flood.min_connections_per_second),
          {few, few, few, std::min(few, seen(reflector.min_sampled_packets)), few},
          few};
}

void VolumeCount::add(std::uint64_t more_packets, std::uint64_t more_bytes, std::uint64_t more_seen) {
  packets = detect::add(packets, more_packets);
  seen = detect::add(seen, more_seen);
  bytes += more_bytes;
}

std::uint64_t Destination::answers_about(std::int64_t number) const {
  std::uint64_t answers = 0;
  for (const DestinationSlot& slot : slots) {
    answers += slot.number >= 0 && slot.number + 1 >= number && slot.number <= number + 1 ? slot.in.packets : 0;
  }
  return answers;
}

/// What of the record fell into one slot, on average.
struct VolumeTracker::Share {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t seen = 0;
  Micros lasted{};  ///< in that slot
};

VolumeTracker::Share VolumeTracker::share_of(const flow::FlowRecord& record) {
  const Micros duration = record.first && record.last ? std::max(record.last->claimed() - record.first->claimed(), Micros{0}) : Micros{0};
  if (duration <= kSlot) {
    return {saturating_multiply(record.packets.value, record.sampling_rate.one_in()),
            saturating_multiply(record.bytes.value, record.sampling_rate.one_in()), record.packets.value, duration};
  }
  const auto parts = static_cast<std::uint64_t>((duration + kSlot - Micros{1}) / kSlot);
  const std::uint64_t seen = (record.packets.value + parts - 1) / parts;
  return {saturating_multiply(seen, record.sampling_rate.one_in()),
          saturating_multiply((record.bytes.value + parts - 1) / parts, record.sampling_rate.one_in()), seen, kSlot};
}

VolumeTracker::VolumeTracker(std::size_t servers, const FloodThresholds& flood, const ReflectorThresholds& reflector)
    : x_marks(busy_marks(flood, reflector)), x_servers(servers), x_is_busy(servers), x_early(servers) {}

Destination* VolumeTracker::find(Busy& busy, const net::IpAddress& peer) {
  for (Destination& known : busy.top) {
    if (known.used && known.peer == peer) {
      return &known;
    }
  }
  return nullptr;
}

Destination& VolumeTracker::destination(inventory::ServerIndex server, const net::IpAddress& peer) {
  Busy& busy = *x_servers[server.value].busy;
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

bool VolumeTracker::becomes_busy(Server& state, std::size_t kind, std::int64_t slot, const Share& share, std::uint32_t opened,
                                 SamplingRate rate) const {
  if (slot > state.slot) {
    state.slot = slot;
    state.packets = {};
    state.opened = 0;
  }
  // What is late counts as well: it can only make a server busy a little early.
  state.packets[kind] = add(state.packets[kind], share.packets);
  state.opened = add(state.opened, opened);
  const std::uint64_t one_in = rate.one_in() > 1 ? rate.one_in() : 0;
  const std::uint64_t times = x_queue.size() < kManyBusy ? 1 : x_queue.size() < 2 * kManyBusy ? 2 : 4;
  const auto mark = [&](std::uint64_t packets, std::uint64_t seen) {
    return std::min<std::uint64_t>(times * std::max(packets, seen * one_in), std::numeric_limits<std::uint32_t>::max());
  };
  return state.packets[kind] >= mark(x_marks.packets[kind], x_marks.seen[kind]) || state.opened >= mark(x_marks.opened, x_marks.opened_seen);
}

void VolumeTracker::outbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event, bool is_spoofed) {
  const auto kind = class_of(record);
  if (!kind) {
    return;
  }
  Server& state = x_servers[server.value];
  const std::int64_t slot = event.since_epoch / kSlot;
  const Share share = share_of(record);
  const auto c = static_cast<std::size_t>(*kind);
  const auto opened = add(0, opened_by(record, *kind, share.packets));
  if (!state.busy) {
    if (!becomes_busy(state, c, slot, share, opened, record.sampling_rate)) {
      return;
    }
    state.busy = std::make_unique<Busy>();
    x_is_busy[server.value] = true;
    x_queue.push_back(server);
  }
  Busy& busy = *state.busy;
  busy.is_new = true;
  busy.rate = record.sampling_rate;
  busy.newest = std::max(busy.newest, event);
  Destination& to = destination(server, record.dst);
  to.weight += share.packets;
  DestinationSlot* at = slot_in(to, slot);
  if (at == nullptr) {
    return;
  }
  const WallTime begin = event - share.lasted;
  at->begin = at->end == WallTime{} ? begin : std::min(at->begin, begin);
  at->end = std::max(at->end, event);
  at->begin = std::max(at->begin, at->end - kSlot);
  at->out[c].add(share.packets, share.bytes, share.seen);
  at->spoofed = add(at->spoofed, is_spoofed ? share.packets : 0);
  at->opened = add(at->opened, opened);
  if (record.protocol == flow::kTcp) {
    at->tcp_packets = add(at->tcp_packets, share.packets);
  }
  if (*kind == VolumeClass::Syn) {
    at->ports.set((record.dst_port * 167U) % 256U);
  }
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

void VolumeTracker::inbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event) {
  const bool is_large = is_large_answer(record);
  if ((!x_is_busy[server.value] && !is_large) || !is_answer(record)) {
    return;
  }
  Server& state = x_servers[server.value];
  const std::int64_t slot = event.since_epoch / kSlot;
  const Share share = share_of(record);
  if (!state.busy) {
    EarlyOnes& early = x_early[server.value];
    Early& oldest = early[0].slot <= early[1].slot ? early[0] : early[1];
    oldest = {std::hash<net::IpAddress>{}(record.src), add(0, share.packets), add(0, share.seen), add(0, share.bytes),
              add(0, static_cast<std::uint64_t>(std::max<std::int64_t>(slot, 0)))};
    return;
  }
  Destination* from = find(*state.busy, record.src);
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
  }
}

/// Whether some destination still has to wait.
bool VolumeTracker::make_due(Busy& busy, WallTime now) {
  bool has_waiting = false;
  for (Destination& known : busy.top) {
    known.is_due = false;
    if (!known.used || !known.is_new) {
      continue;
    }
    known.waits_since = known.waits_since == WallTime{} ? now : known.waits_since;
    known.is_due = !known.is_long || now - known.waits_since >= kLongSettle || now < known.waits_since;
    has_waiting |= !known.is_due;
    if (known.is_due) {
      known.is_new = false;
      known.is_long = false;
      known.waits_since = {};
    }
  }
  return has_waiting;
}

void VolumeTracker::each_busy(WallTime now, const AnswersVisible& answers_visible, const Look& look) {
  std::vector<inventory::ServerIndex> kept;
  for (const inventory::ServerIndex server : std::exchange(x_queue, {})) {
    Busy& busy = *x_servers[server.value].busy;
    if (now - busy.evaluated >= kEvaluationInterval || now < busy.evaluated) {
      busy.evaluated = now;
      if (busy.is_new || now < busy.touched_at) {
        busy.touched_at = now;
        busy.is_new = make_due(busy, now);
        look(server, View{busy.top, busy.newest, busy.rate, answers_visible(server)});
      }
    }
    // When nothing has come for so long, it has stopped.
    if (now - busy.touched_at > kIdle) {
      x_servers[server.value].busy.reset();
      x_is_busy[server.value] = false;
    } else {
      kept.push_back(server);
    }
  }
  x_queue = std::move(kept);
}

void VolumeTracker::reorder(const std::vector<std::uint32_t>& old_index) {
  HugeVector<Server> fresh(old_index.size());
  HugeVector<EarlyOnes> early(old_index.size());
  x_queue.clear();
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (old_index[i] == Accountant::kUnknown) {
      continue;
    }
    fresh[i] = std::move(x_servers[old_index[i]]);
    early[i] = x_early[old_index[i]];
    if (fresh[i].busy) {
      x_queue.push_back({static_cast<std::uint32_t>(i)});
    }
  }
  x_is_busy.assign(old_index.size(), false);
  for (const inventory::ServerIndex server : x_queue) {
    x_is_busy[server.value] = true;
  }
  x_servers = std::move(fresh);
  x_early = std::move(early);
}

}  // namespace pinfold::detect
