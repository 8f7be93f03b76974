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
/// Of a class, really seen, before a sampled server is busy.
constexpr std::uint64_t kLeastSamples = 4;

bool is_bare_ack(const flow::FlowRecord& record) {
  constexpr std::uint64_t kMostBytes = 80;
  return record.protocol == flow::kTcp && record.tcp_flags == flow::kAck && record.bytes.value <= record.packets.value * kMostBytes;
}
/// What the system says to an answer that it did not ask for: beside forged SYNs there is one for each.
bool is_refusal(const flow::FlowRecord& record) { return (record.tcp_flags.value_or(0) & ~flow::kAck) == flow::kRst; }
bool is_to_plain_web(const flow::FlowRecord& record) { return record.protocol == flow::kTcp && is_plain_web(record.dst_port); }

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
  return {{mark(flood.min_syn_pps), mark(flood.min_udp_pps), mark(flood.min_icmp_pps), mark(reflector.min_pps), mark(flood.min_other_pps)},
          mark(flood.min_connections_per_second),
          std::max(flood.min_slow_connections / 2, 1U)};
}

/// What of the record fell into one slot, on average.
struct VolumeTracker::Share {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t seen = 0;
  Micros lasted{};  ///< in that slot
};

/// One outbound record on its way through the tracker.
struct VolumeTracker::Passing {
  const flow::FlowRecord& record;
  Share share;
  std::size_t kind = 0;
  std::int64_t slot = 0;
  WallTime event;
  std::uint32_t opened = 0;
  bool is_spoofed = false;
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

bool VolumeTracker::becomes_busy(Server& state, const Passing& passing) const {
  if (passing.slot > state.slot) {
    state.slot = passing.slot;
    state.packets = {};
    state.opened = 0;
    state.opened_plain = 0;
  }
  // What is late counts as well: it can only make a server busy a little early.
  std::uint32_t& packets = state.packets[passing.kind];
  packets = add(packets, passing.share.packets);
  state.opened = add(state.opened, passing.opened);
  const std::uint64_t one_in = passing.record.sampling_rate.one_in();
  const std::uint64_t least = one_in == 1 ? 0 : saturating_multiply(one_in, kLeastSamples);
  const std::uint64_t times = x_queue.size() < kManyBusy ? 1 : x_queue.size() < 2 * kManyBusy ? 2 : 4;
  const auto mark = [&](std::uint64_t asked) {
    return std::min<std::uint64_t>(times * std::max(asked, least), std::numeric_limits<std::uint32_t>::max());
  };
  if (one_in == 1 && passing.opened > 0 && is_to_plain_web(passing.record)) {
    state.opened_plain = add(state.opened_plain, passing.opened);
  }
  return packets >= mark(x_marks.packets[passing.kind]) || state.opened >= mark(x_marks.opened) || state.opened_plain >= x_marks.opened_plain;
}

void VolumeTracker::add_outbound(Destination& to, const Passing& passing) {
  const auto& [record, share, kind, slot, event, opened, is_spoofed] = passing;
  DestinationSlot* at = slot_in(to, slot);
  if (at == nullptr) {
    return;
  }
  const WallTime begin = event - share.lasted;
  at->begin = at->end == WallTime{} ? begin : std::min(at->begin, begin);
  at->end = std::max(at->end, event);
  at->begin = std::max(at->begin, at->end - kSlot);
  at->out[kind].add(share.packets, share.bytes, share.seen);
  at->spoofed = add(at->spoofed, is_spoofed ? share.packets : 0);
  at->opened = add(at->opened, opened);
  if (record.protocol == flow::kTcp && !is_refusal(record)) {
    at->tcp_packets = add(at->tcp_packets, share.packets);
  }
  if (static_cast<VolumeClass>(kind) == VolumeClass::Syn) {
    at->ports.set((record.dst_port * 167U) % 256U);
  }
  if (is_bare_ack(record)) {
    at->bare_acks = add(at->bare_acks, share.packets);
    at->bare_acks_seen = add(at->bare_acks_seen, share.seen);
    at->ack_ports.set((record.src_port * 167U) % 256U);
  }
  if (is_to_plain_web(record)) {
    to.held.add_outbound(record, event, opened);
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

void VolumeTracker::outbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event, bool is_spoofed) {
  const auto kind = class_of(record);
  if (!kind) {
    return;
  }
  Server& state = x_servers[server.value];
  const Share share = share_of(record);
  const Passing passing{
      record, share, static_cast<std::size_t>(*kind), event.since_epoch / kSlot, event, add(0, opened_by(record, *kind, share.packets)), is_spoofed};
  if (!state.busy) {
    if (!becomes_busy(state, passing)) {
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
  if (!busy.networks && to.packets_out == 0 && to.weight > share.packets) {  // it has pushed another one out
    busy.networks = std::make_unique<std::array<Network, kNetworks>>();
  }
  add_outbound(to, passing);
  if (busy.networks) {
    add_to_network(*busy.networks, passing);
  }
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
  if (state.busy->networks) {
    const net::IpAddress network = network_of(record.src).address();
    for (Network& known : *state.busy->networks) {
      if (known.sum.used && known.sum.peer == network) {
        if (DestinationSlot* at = slot_in(known.sum, slot)) {
          at->in.add(share.packets, share.bytes, share.seen);
          known.sum.packets_in += share.packets;
        }
      }
    }
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
    if (record.protocol == flow::kTcp && is_plain_web(record.src_port)) {
      from->held.add_inbound(record);
    }
  }
}

/// Whether some destination still has to wait.
bool VolumeTracker::make_due(Busy& busy, WallTime now) {
  bool has_waiting = false;
  const auto make = [&](Destination& known) {
    known.is_due = false;
    if (!known.used || !known.is_new) {
      return;
    }
    known.waits_since = known.waits_since == WallTime{} ? now : known.waits_since;
    known.is_due = !known.is_long || now - known.waits_since >= kLongSettle || now < known.waits_since;
    has_waiting |= !known.is_due;
    if (known.is_due) {
      known.is_new = false;
      known.is_long = false;
      known.waits_since = {};
    }
  };
  std::for_each(busy.top.begin(), busy.top.end(), make);
  if (busy.networks) {
    std::for_each(busy.networks->begin(), busy.networks->end(), [&](Network& known) { make(known.sum); });
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
        look(server, View{busy.top, busy.networks.get(), busy.newest, busy.rate, answers_visible(server)});
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
