#include "detect/summary/maker.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "detect/contact.hpp"
#include "detect/distinct_table.hpp"
#include "detect/services.hpp"
#include "detect/session_table.hpp"

namespace pinfold::detect {
namespace {

/// Longer than any rule looks back for floods (VolumeTracker::kIdle).
constexpr std::int64_t kBusySlots = VolumeTracker::kIdle / kSlot + 1;

/// What comes in large may be the answer to something that is only told later.
constexpr unsigned kMaxLargeAnswers = 4;

std::int64_t slot_of(WallTime time) { return time.since_epoch / kSlot; }

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::uint64_t>::max() : sum;
}

std::size_t port_bit(const ContactEvent& seen, std::uint8_t protocol) { return (seen.port * 31U + protocol) % 256U; }

/// What detectors read of a record.
flow::FlowRecord pared(const flow::FlowRecord& record) {
  flow::FlowRecord kept;
  kept.version = record.version;
  kept.exported = record.exported;
  kept.sampling_rate = record.sampling_rate;
  kept.first = record.first;
  kept.last = record.last;
  kept.src = record.src;
  kept.dst = record.dst;
  kept.src_port = record.src_port;
  kept.dst_port = record.dst_port;
  kept.protocol = record.protocol;
  kept.tcp_flags = record.tcp_flags;
  kept.packets = record.packets;
  kept.bytes = record.bytes;
  kept.reverse_packets = record.reverse_packets;
  kept.reverse_bytes = record.reverse_bytes;
  return kept;
}

template <typename T>
void add_up(std::optional<T>& sum, const std::optional<T>& more) {
  if (more) {
    sum = T{saturating_add(sum.value_or(T{}).value, more->value)};
  }
}

flow::FlowRecord sum_of(flow::FlowRecord sum, const flow::FlowRecord& more) {
  sum.packets = Packets{saturating_add(sum.packets.value, more.packets.value)};
  sum.bytes = Bytes{saturating_add(sum.bytes.value, more.bytes.value)};
  add_up(sum.reverse_packets, more.reverse_packets);
  add_up(sum.reverse_bytes, more.reverse_bytes);
  if (sum.first && more.first) {
    sum.first = std::min(*sum.first, *more.first);
  }
  if (sum.last && more.last) {
    sum.last = std::max(*sum.last, *more.last);
  }
  return sum;
}

std::optional<ContactSign> sign_of(Direction direction, const flow::FlowRecord& record) {
  const auto seen = direction == Direction::Outbound ? read_outbound(record) : read_inbound(record);
  return seen ? std::optional{seen->sign} : std::nullopt;
}

/// What comes in, in so few packets, opens no session; more in one record are a whole one.
bool opens_session(Direction direction, const flow::FlowRecord& record) { return direction == Direction::Inbound && record.packets.value > 2; }

bool is_short(const flow::FlowRecord& record) { return !record.first || !record.last || record.last->claimed() - record.first->claimed() < kSlot; }
/// Nobody who reads the sum would read anything else than from the parts.
bool may_fold(const RecordSighting& mine, const RecordSighting& more, const flow::FlowRecord& sum) {
  return slot_of(mine.event) == slot_of(more.event) && mine.is_spoofed == more.is_spoofed && mine.by_address_only == more.by_address_only &&
         mine.record.sampling_rate == more.record.sampling_rate && mine.record.tcp_flags == more.record.tcp_flags &&
         mine.record.first.has_value() == more.record.first.has_value() && mine.record.last.has_value() == more.record.last.has_value() &&
         is_short(sum) && opens_session(mine.direction, mine.record) == opens_session(mine.direction, sum) &&
         sign_of(mine.direction, mine.record) == sign_of(mine.direction, sum) && sign_of(mine.direction, more.record) == sign_of(mine.direction, sum);
}

/// Spans of the same slots are one; when there are too many, the first of that direction takes the rest.
void add_span(std::vector<TrafficSpan>& spans, const TrafficSpan& more) {
  const auto same_slots = [&more](const TrafficSpan& span) {
    return span.direction == more.direction && slot_of(span.begin) == slot_of(more.begin) && slot_of(span.end) == slot_of(more.end);
  };
  auto at = std::find_if(spans.begin(), spans.end(), same_slots);
  if (at == spans.end() && spans.size() >= kMaxSpans) {
    at = std::find_if(spans.begin(), spans.end(), [&more](const TrafficSpan& span) { return span.direction == more.direction; });
  }
  if (at == spans.end()) {
    spans.push_back(more);
    return;
  }
  at->begin = std::min(at->begin, more.begin);
  at->end = std::max(at->end, more.end);
  at->bytes = saturating_add(at->bytes, more.bytes);
  at->packets = saturating_add(at->packets, more.packets);
  at->flows = saturating_add(at->flows, more.flows);
  at->variance = saturating_add(at->variance, more.variance);
}

}  // namespace

std::size_t SummaryMaker::KeyHash::operator()(const Key& key) const noexcept {
  const std::uint64_t ends = std::hash<net::IpAddress>{}(key.own) * 31 + std::hash<net::IpAddress>{}(key.peer);
  const std::uint64_t rest = std::uint64_t{key.own_port} << 48U | std::uint64_t{key.peer_port} << 32U | std::uint64_t{key.protocol} << 16U |
                             std::uint64_t{key.flags} << 8U | static_cast<std::uint64_t>(key.version) << 1U |
                             static_cast<std::uint64_t>(key.direction);
  return mix_bits(ends ^ mix_bits(rest));
}

SummaryMaker::SummaryMaker(SummaryOrigin origin, std::size_t servers, const Thresholds& thresholds)
    : x_origin(std::move(origin)), x_marks(busy_marks(thresholds.flood, thresholds.reflector)), x_servers(servers) {
  // The detectors look at half the thresholds too, and must not have missed the beginning.
  for (std::uint32_t& mark : x_marks.packets) {
    mark = std::max(mark / 4, 1U);
  }
  x_marks.opened = std::max(x_marks.opened / 4, 1U);
  x_marks.opened_plain = std::max(x_marks.opened_plain / 4, 1U);
}

SummaryMaker::Pending& SummaryMaker::pending_of(inventory::ServerIndex server, PointIndex point) {
  auto& pending = x_servers[server.value].pending;
  if (!pending) {
    pending = std::make_unique<Pending>();
    x_dirty.push_back(server);
  }
  pending->point = point;
  return *pending;
}

void SummaryMaker::traffic(inventory::ServerIndex server, PointIndex point, const Counted& counted) {
  const std::uint64_t n = counted.rate.one_in();
  TrafficSpan span;
  span.direction = counted.direction;
  span.begin = counted.event - counted.lasted;
  span.end = counted.event;
  span.bytes = saturating_multiply(counted.bytes.value, n);
  span.packets = saturating_multiply(counted.packets.value, n);
  span.flows = 1;
  span.variance = saturating_multiply(n * (n - 1), counted.packets.value);
  add_span(pending_of(server, point).summary.traffic, span);
}

void SummaryMaker::sent(inventory::ServerIndex server, PointIndex point, WallTime event, bool disagrees) {
  Summary& summary = pending_of(server, point).summary;
  summary.outbound = std::max(summary.outbound, event);
  summary.disagreed += disagrees ? 1U : 0U;
}

bool SummaryMaker::is_busy(Server& server, const flow::FlowRecord& record, WallTime event) const {
  const auto kind = volume_class_of(record);
  const std::int64_t slot = slot_of(event);
  if (!kind) {
    return server.busy != nullptr;
  }
  if (slot > server.slot) {
    server.slot = slot;
    server.packets = {};
    server.opened = 0;
    server.opened_plain = 0;
    if (server.busy && slot > server.busy->until) {
      server.busy.reset();
    }
  }
  const auto c = static_cast<std::size_t>(*kind);
  const std::uint64_t more = saturating_multiply(record.packets.value, record.sampling_rate.one_in());
  server.packets[c] = static_cast<std::uint32_t>(std::min<std::uint64_t>(saturating_add(server.packets[c], more), UINT32_MAX));
  server.opened = static_cast<std::uint32_t>(std::min<std::uint64_t>(saturating_add(server.opened, connections_opened_by(record)), UINT32_MAX));
  if (record.sampling_rate.one_in() == 1 && record.protocol == flow::kTcp && is_plain_web(record.dst_port)) {
    server.opened_plain =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(saturating_add(server.opened_plain, connections_opened_by(record)), UINT32_MAX));
  }
  if (server.packets[c] >= x_marks.packets[c] || server.opened >= x_marks.opened || server.opened_plain >= x_marks.opened_plain) {
    if (!server.busy) {
      server.busy = std::make_unique<Busy>();
    }
    server.busy->until = std::max(server.busy->until, slot + kBusySlots);
  }
  return server.busy != nullptr;
}

void SummaryMaker::outbound(const Detectors::Attributed& who, PointIndex point, const flow::FlowRecord& record) {
  Server& server = x_servers[who.server.value];
  const bool busy = is_busy(server, record, who.event);
  const auto seen = read_outbound(record);
  const bool is_client = seen && (server.tried || seen->sign == ContactSign::Attempt || is_session_outbound(record, *seen));
  if (is_client) {
    if (!server.tried) {
      server.tried = std::make_unique<std::bitset<256>>();
    }
    server.tried->set(port_bit(*seen, record.protocol));
  }
  if (busy && server.busy->peers.size() < kMaxSightings) {
    server.busy->peers.insert(record.dst);
  }
  if (busy || is_client || who.by_address_only) {
    tell(who.server, point, {Direction::Outbound, who.event, who.is_spoofed, who.by_address_only, pared(record)});
  }
}

void SummaryMaker::inbound(inventory::ServerIndex index, PointIndex point, const flow::FlowRecord& record, WallTime event) {
  Server& server = x_servers[index.value];
  const auto seen = read_inbound(record);
  bool is_wanted =
      (seen && server.tried && server.tried->test(port_bit(*seen, record.protocol))) || (server.busy && server.busy->peers.contains(record.src));
  if (!is_wanted && is_large_answer(record)) {
    is_wanted = pending_of(index, point).large_answers++ < kMaxLargeAnswers;
  }
  // Questions to a reflector are small.
  is_wanted = is_wanted || (server.busy && record.protocol == flow::kUdp && is_amplifier(record.dst_port));
  const PortKind kind = record.protocol == flow::kTcp ? kind_of_port(record.dst_port) : PortKind::Ordinary;
  if (!is_wanted && (kind == PortKind::Mail || kind == PortKind::MailLogin) && (record.tcp_flags.value_or(flow::kAck) & flow::kAck) != 0) {
    is_wanted = !std::exchange(pending_of(index, point).mail_was_told, true);
  }
  if (is_wanted) {
    tell(index, point, {Direction::Inbound, event, false, false, pared(record)});
  }
}

void SummaryMaker::tell(inventory::ServerIndex server, PointIndex point, RecordSighting sighting) {
  Pending& pending = pending_of(server, point);
  std::vector<RecordSighting>& all = pending.summary.sightings;
  const flow::FlowRecord& record = sighting.record;
  const bool is_out = sighting.direction == Direction::Outbound;
  Key key{sighting.direction,
          record.version,
          record.protocol,
          record.tcp_flags.value_or(0),
          0,
          is_out ? record.dst_port : record.src_port,
          is_out ? record.src : record.dst,
          is_out ? record.dst : record.src};
  const bool is_crowded = all.size() >= kMaxSightings;
  key.own_port = is_crowded ? 0 : is_out ? record.src_port : record.dst_port;
  if (const auto known = pending.places.find(key); known != pending.places.end()) {
    RecordSighting& mine = all[known->second];
    const flow::FlowRecord sum = sum_of(mine.record, record);
    if (is_crowded || may_fold(mine, sighting, sum)) {
      mine.record = sum;
      mine.event = std::max(mine.event, sighting.event);
      return;
    }
  }
  if (all.size() >= 2 * kMaxSightings) {
    ++pending.summary.left_out;
    return;
  }
  pending.places[key] = all.size();
  all.push_back(std::move(sighting));
  if (all.size() >= kSuspectSightings && !std::exchange(pending.is_suspect, true)) {
    x_suspects.push_back(server);
  }
}

bool SummaryMaker::is_due(WallTime now) const { return now.since_epoch / kSuspectInterval != x_published.since_epoch / kSuspectInterval; }

std::optional<SummaryBatch> SummaryMaker::take(WallTime now, const Names& names, const std::function<std::vector<PointReport>()>& points) {
  if (!is_due(now)) {
    return std::nullopt;
  }
  const bool is_regular = now.since_epoch / kSummaryInterval != x_published.since_epoch / kSummaryInterval;
  x_published = WallTime{now.since_epoch / kSuspectInterval * kSuspectInterval};
  if (!is_regular && x_suspects.empty()) {
    return std::nullopt;
  }
  SummaryBatch batch;
  batch.key = {x_origin.collector, x_origin.epoch, ++x_sequence};
  batch.published = x_published;
  batch.points = points();
  take_from(is_regular ? x_dirty : x_suspects, names, batch.summaries);
  x_suspects.clear();
  return batch;
}

void SummaryMaker::take_from(std::vector<inventory::ServerIndex>& servers, const Names& names, std::vector<Summary>& out) {
  for (const inventory::ServerIndex server : std::exchange(servers, {})) {
    const auto pending = std::exchange(x_servers[server.value].pending, nullptr);
    if (!pending) {
      continue;  // told as a suspect
    }
    Summary& summary = out.emplace_back();
    summary.server = names.inventory.server(server).id;
    summary.point = names.sources.name(pending->point);
    merge(summary, pending->summary);
  }
  std::erase_if(x_dirty, [this](inventory::ServerIndex server) { return x_servers[server.value].pending == nullptr; });
}

void SummaryMaker::reorder(const std::vector<std::uint32_t>& old_index) {
  std::vector<Server> fresh(old_index.size());
  x_dirty.clear();
  x_suspects.clear();
  for (std::uint32_t i = 0; i < fresh.size(); ++i) {
    if (old_index[i] == Accountant::kUnknown) {
      continue;
    }
    fresh[i] = std::move(x_servers[old_index[i]]);
    if (fresh[i].pending) {
      x_dirty.push_back({i});
      if (fresh[i].pending->is_suspect) {
        x_suspects.push_back({i});
      }
    }
  }
  x_servers = std::move(fresh);
}

}  // namespace pinfold::detect
