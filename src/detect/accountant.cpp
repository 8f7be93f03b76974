#include "detect/accountant.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/share.hpp"

namespace pinfold::detect {
namespace {

constexpr Micros kSlot = std::chrono::seconds{10};
constexpr Micros kMinute = std::chrono::minutes{1};
// Slots in a bucket of each level.
constexpr std::int64_t kInMinute = 6;
constexpr std::int64_t kInTenMinutes = 60;
constexpr std::int64_t kInHour = 360;
constexpr auto kRing = static_cast<std::int64_t>(4);
static_assert(kRing == static_cast<std::int64_t>(Accountant::kMinutes));
/// A bucket that lies further ahead than this was made before the clock was set back.
constexpr std::int64_t kAhead = kInMinute;
/// Minutes of observed silence that are handed out after a pause of the caller.
constexpr std::int64_t kMostMinutes = 60;
/// Two-sided 95 % of the normal distribution.
constexpr double kSigmas = 1.96;

std::int64_t slot_of(WallTime time) { return std::max<std::int64_t>(time.since_epoch / kSlot, 0); }
std::int64_t minute_of_time(WallTime time) { return time.since_epoch / kMinute; }
WallTime start_of_minute(std::int64_t minute) { return WallTime{kMinute * minute}; }

std::size_t at(std::int64_t number, std::int64_t ring) { return static_cast<std::size_t>(number & (ring - 1)); }

/// Leaves in `rest` what comes after `part` of `whole`, and returns what comes before.
template <typename Counts>
Counts take_share(Counts& rest, Micros part, Micros whole) {
  Counts taken;
  taken.bytes = share(rest.bytes, part, whole);
  taken.packets = share(rest.packets, part, whole);
  const double ratio = static_cast<double>(part.count()) / static_cast<double>(whole.count());
  taken.variance = static_cast<float>(ratio * static_cast<double>(rest.variance));
  rest.bytes -= taken.bytes;
  rest.packets -= taken.packets;
  rest.variance = std::max(rest.variance - taken.variance, 0.0F);
  return taken;
}

template <typename Counts>
Traffic traffic_of(const Counts& counts) {
  return {{Packets{counts.packets}}, {Bytes{counts.bytes}}, Flows{counts.flows}, static_cast<double>(counts.variance)};
}

}  // namespace

double Traffic::relative_error() const {
  return packets.count.value == 0 ? 0 : kSigmas * std::sqrt(variance) / static_cast<double>(packets.count.value);
}

double Traffic::samples() const {
  const auto all = static_cast<double>(packets.count.value);
  return variance > 0 ? all * all / variance : 0;
}

void Accountant::move(Bucket& from, Bucket& to) {
  to[0] += from[0];
  to[1] += from[1];
  from = {};
}

Accountant::Level Accountant::level_of(const Row& server, std::int64_t slot) {
  const std::int64_t head = server.head();
  if (slot >= head - 1) {
    return Level::Ten;
  }
  if (slot / kInMinute > head / kInMinute - kRing) {
    return Level::Minute;
  }
  if (slot / kInTenMinutes >= head / kInTenMinutes - 1) {
    return Level::TenMinutes;
  }
  return slot / kInHour >= head / kInHour - 1 ? Level::Hour : Level::None;
}

std::int64_t Accountant::end_of_bucket(const Row& server, std::int64_t slot, Level level) {
  const std::int64_t head = server.head();
  const auto next = [slot](std::int64_t length) { return (slot / length + 1) * length; };
  switch (level) {
    case Level::Ten: return slot + 1;
    case Level::Minute: return std::min(next(kInMinute), head - 1);
    case Level::TenMinutes: return std::min(next(kInTenMinutes), (head / kInMinute - kRing + 1) * kInMinute);
    case Level::Hour: return std::min(next(kInHour), (head / kInTenMinutes - 1) * kInTenMinutes);
    case Level::None: break;
  }
  return (head / kInHour - 1) * kInHour;
}

bool Accountant::add(inventory::ServerIndex server, Direction direction, SamplingRate rate, Packets packets, Bytes bytes, WallTime event,
                     Micros lasted) {
  Counts counts;
  counts.bytes = rate.scale(Sampled<Bytes>{bytes}).count.value;
  counts.packets = rate.scale(Sampled<Packets>{packets}).count.value;
  counts.flows = 1;
  const auto n = static_cast<float>(rate.one_in());
  counts.variance = n * (n - 1) * static_cast<float>(packets.value);
  return add_counts(server.value, direction, counts, event - lasted, event);
}

bool Accountant::add_scaled(inventory::ServerIndex server, Direction direction, const Traffic& traffic, WallTime begin, WallTime end) {
  Counts counts;
  counts.bytes = traffic.bytes.count.value;
  counts.packets = traffic.packets.count.value;
  counts.flows = static_cast<std::uint32_t>(std::min<std::uint64_t>(traffic.flows.value, std::numeric_limits<std::uint32_t>::max()));
  counts.variance = static_cast<float>(traffic.variance);
  return add_counts(server.value, direction, counts, begin, end);
}

bool Accountant::add_counts(std::uint32_t index, Direction direction, const Counts& counts, WallTime begin, WallTime end) {
  Row::Recent& recent = x_servers[index].of(direction);
  recent.measured = 0;
  return count(index, direction, counts, begin, end) + 1 >= recent.head;
}

void Accountant::add_measured(inventory::ServerIndex server, Direction direction, Packets packets, Bytes bytes, WallTime event, Micros lasted) {
  Counts counts;
  counts.bytes = bytes.value;
  counts.packets = packets.value;
  for (Row::Recent& recent : x_servers[server.value].recent) {
    recent.measured = 1;
  }
  count(server.value, direction, counts, event - lasted, event);
}

std::int64_t Accountant::count(std::uint32_t index, Direction direction, const Counts& counts, WallTime begin, WallTime end) {
  const std::int64_t slot = slot_of(end);
  Row& server = x_servers[index];
  const Row::Recent& recent = server.of(direction);
  if (slot > recent.head) {
    advance(index, slot);
  }
  // Nearly every record ends in the newest slot and begins there or in the one before; both are at hand, and nobody was given their minutes yet.
  const WallTime slot_begin{kSlot * slot};
  const bool is_at_hand = slot == recent.head && (slot - 1) / kInMinute > recent.given;
  if (is_at_hand && (begin >= slot_begin || begin >= end)) {
    server.ten(slot, direction) += counts;
  } else if (is_at_hand && begin >= slot_begin - kSlot) {
    Counts rest = counts;
    Counts before = take_share(rest, slot_begin - begin, end - begin);
    before.flows = 0;
    server.ten(slot - 1, direction) += before;
    server.ten(slot, direction) += rest;
  } else if (begin >= end || slot_of(begin) == slot) {
    put(index, direction, slot, counts, begin, end);
  } else {
    spread(index, direction, counts, begin, end);
  }
  return slot;
}

/// Each piece takes its share of what is left, so that the last one leaves nothing.
void Accountant::spread(std::uint32_t index, Direction direction, const Counts& counts, WallTime begin, WallTime end) {
  const Row& server = x_servers[index];
  Counts rest = counts;
  WallTime from = begin;
  for (std::int64_t slot = slot_of(begin); slot < slot_of(end);) {
    const std::int64_t next = end_of_bucket(server, slot, level_of(server, slot));
    const WallTime to = std::min(WallTime{kSlot * next}, end);
    if (to == end) {
      break;
    }
    Counts piece = take_share(rest, to - from, end - from);
    piece.flows = 0;
    put(index, direction, slot, piece, from, to);
    from = to;
    slot = next;
  }
  put(index, direction, slot_of(from), rest, from, end);
}

void Accountant::put(std::uint32_t index, Direction direction, std::int64_t slot, const Counts& counts, WallTime begin, WallTime end) {
  Row& server = x_servers[index];
  Past& past = x_past[index];
  const auto d = static_cast<std::size_t>(direction);
  const Level level = level_of(server, slot);
  switch (level) {
    case Level::Ten: server.ten(slot, direction) += counts; break;
    case Level::Minute: past.minutes[at(slot / kInMinute, kRing)][d] += counts; break;
    case Level::TenMinutes: past.ten_minutes[at(slot / kInTenMinutes, 2)][d] += counts; break;
    case Level::Hour: past.hours[at(slot / kInHour, 2)][d] += counts; break;
    case Level::None: break;
  }
  if (level > Level::Minute || slot / kInMinute <= server.given()) {
    keep_late(index, direction, counts, begin, end);
  }
}

void Accountant::keep_all_late(std::uint32_t index) {
  const Row& server = x_servers[index];
  const std::int64_t minute = server.head() / kInMinute;
  for (std::int64_t m = std::max<std::int64_t>(minute - kRing + 1, 0); m <= minute; ++m) {
    keep_minute_late(index, m, minute_of(index, m));
  }
}

/// Everything moves by its old place before the new head counts.
void Accountant::advance(std::uint32_t index, std::int64_t to) {
  Row& server = x_servers[index];
  Past& past = x_past[index];
  const std::int64_t head = server.head();
  server.set_head(to);
  if (head == 0) {  // the first sight of the server: what was before is not silence
    server.set_given(std::max(server.given(), to / kInMinute - 1));
    return;
  }
  for (std::int64_t slot = head - 1; slot <= head && slot < to - 1; ++slot) {
    for (const Direction direction : {Direction::Outbound, Direction::Inbound}) {
      past.minutes[at(slot / kInMinute, kRing)][static_cast<std::size_t>(direction)] += std::exchange(server.ten(slot, direction), {});
    }
  }
  const std::int64_t minute = head / kInMinute;
  if (to / kInMinute == minute) {
    return;
  }
  for (std::int64_t m = minute - kRing + 1; m <= minute && m <= to / kInMinute - kRing; ++m) {
    keep_minute_late(index, m, past.minutes[at(m, kRing)]);
    move(past.minutes[at(m, kRing)], past.ten_minutes[at(m * kInMinute / kInTenMinutes, 2)]);
  }
  const std::int64_t ten_minutes = head / kInTenMinutes;
  for (std::int64_t x = ten_minutes - 1; x <= ten_minutes && x < to / kInTenMinutes - 1; ++x) {
    move(past.ten_minutes[at(x, 2)], past.hours[at(x * kInTenMinutes / kInHour, 2)]);
  }
  const std::int64_t hour = head / kInHour;
  for (std::int64_t h = hour - 1; h <= hour && h < to / kInHour - 1; ++h) {
    past.hours[at(h, 2)] = {};
  }
}

Accountant::Bucket Accountant::minute_of(std::uint32_t index, std::int64_t minute) const {
  const Row& server = x_servers[index];
  const std::int64_t head = server.head();
  if (minute > head / kInMinute || minute <= head / kInMinute - kRing) {
    return {};
  }
  Bucket sum = x_past[index].minutes[at(minute, kRing)];
  for (const std::int64_t slot : {head - 1, head}) {
    if (slot / kInMinute == minute) {
      const Bucket ten = server.ten(slot);
      sum[0] += ten[0];
      sum[1] += ten[1];
    }
  }
  return sum;
}

WindowView Accountant::view(inventory::ServerIndex index, Direction direction, WindowLength length) const {
  constexpr std::array kLengths{std::int64_t{1}, kInMinute, kInTenMinutes, kInHour};
  const Row& server = x_servers[index.value];
  const Past& past = x_past[index.value];
  const auto d = static_cast<std::size_t>(direction);
  const std::int64_t in_slot = kLengths.at(static_cast<std::size_t>(length));
  const std::int64_t head = server.head();
  std::array<Counts, 2> sums;  // running, last whole
  const auto add = [&](std::int64_t slot, const Bucket& bucket) {
    const std::int64_t age = head / in_slot - slot / in_slot;
    if (age >= 0 && age < 2) {
      sums.at(static_cast<std::size_t>(age)) += bucket[d];
    }
  };
  for (std::int64_t slot = head - 1; slot <= head; ++slot) {
    add(slot, server.ten(slot));
  }
  if (length >= WindowLength::Minute) {
    for (std::int64_t m = head / kInMinute - kRing + 1; m <= head / kInMinute; ++m) {
      add(m * kInMinute, past.minutes[at(m, kRing)]);
    }
  }
  if (length >= WindowLength::TenMinutes) {
    for (std::int64_t x = head / kInTenMinutes - 1; x <= head / kInTenMinutes; ++x) {
      add(x * kInTenMinutes, past.ten_minutes[at(x, 2)]);
    }
  }
  if (length == WindowLength::Hour) {
    for (std::int64_t h = head / kInHour - 1; h <= head / kInHour; ++h) {
      add(h * kInHour, past.hours[at(h, 2)]);
    }
  }
  return {traffic_of(sums[0]), traffic_of(sums[1]), WallTime{kSlot * (head / in_slot * in_slot)}};
}

void Accountant::keep_late(std::uint32_t index, Direction direction, const Counts& counts, WallTime begin, WallTime end) {
  if (counts.empty() || x_servers[index].is_measured()) {
    return;
  }
  if (x_late.size() >= kMaxLate) {
    ++x_lost_late;
    return;
  }
  x_late.push_back({index, direction, begin, end, counts});
}

/// The minute leaves the ring: if nobody was given it, it becomes a late part.
void Accountant::keep_minute_late(std::uint32_t index, std::int64_t minute, const Bucket& bucket) {
  if (minute <= x_servers[index].given()) {
    return;
  }
  for (const Direction direction : {Direction::Outbound, Direction::Inbound}) {
    keep_late(index, direction, bucket[static_cast<std::size_t>(direction)], start_of_minute(minute), start_of_minute(minute + 1));
  }
}

void Accountant::take_minutes_of(inventory::ServerIndex index, WallTime now, bool is_watched, std::vector<MinuteTraffic>& out) {
  Row& server = x_servers[index.value];
  const std::int64_t last = minute_of_time(now) - kRing + 1;                     // the youngest that is over for good
  if (server.head() > slot_of(now) + kAhead || server.given() > last + kRing) {  // the clock was set back: the same minutes come once more
    keep_all_late(index.value);
    server = Row{};
    x_past[index.value] = Past{};
    server.set_given(std::max<std::int64_t>(last - 1, 0));
  }
  const std::int64_t given = server.given();
  const std::int64_t oldest = given == 0 && server.head() != 0 ? std::min(last, server.head() / kInMinute - kRing + 1) : last;
  for (std::int64_t m = given == 0 ? oldest : std::max(given + 1, last - kMostMinutes); m <= last; ++m) {
    const Bucket bucket = minute_of(index.value, m);
    const bool is_silent = bucket[0].empty() && bucket[1].empty();
    const bool is_shown = is_silent ? is_watched && (m == last || given != 0) : true;
    if (is_shown && !server.is_measured()) {
      out.push_back({index, start_of_minute(m), false, {traffic_of(bucket[0]), traffic_of(bucket[1])}});
    }
  }
  server.set_given(std::max({last, given, std::int64_t{0}}));
}

void Accountant::take_late(std::vector<MinuteTraffic>& out, bool everything) {
  if (everything) {
    for (std::uint32_t i = 0; i < x_servers.size(); ++i) {
      keep_all_late(i);
      x_servers[i].set_given(std::max(x_servers[i].given(), x_servers[i].head() / kInMinute));
    }
  }
  for (Late& late : x_late) {
    Counts& rest = late.counts;
    for (WallTime from = late.begin;;) {
      const WallTime minute = start_of_minute(minute_of_time(from));
      const WallTime to = std::min(minute + kMinute, late.end);
      const bool is_last = to >= late.end;
      Counts piece = rest;
      if (!is_last) {
        piece = take_share(rest, to - from, late.end - from);
        piece.flows = 0;
      }
      MinuteTraffic part{{late.server}, minute, true, {}};
      part.traffic[static_cast<std::size_t>(late.direction)] = traffic_of(piece);
      out.push_back(part);
      if (is_last) {
        break;
      }
      from = to;
    }
  }
  x_late.clear();
}

void Accountant::reorder(const std::vector<std::uint32_t>& old_index, Column<Row> fresh) {
  std::vector<std::uint32_t> new_index(x_servers.size(), kUnknown);
  HugeVector<Past> past(fresh.size());
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (old_index[i] != kUnknown) {
      fresh[i] = x_servers[old_index[i]];
      past[i] = x_past[old_index[i]];
      new_index[old_index[i]] = static_cast<std::uint32_t>(i);
    }
  }
  x_servers = std::move(fresh);
  x_past = std::move(past);
  for (Late& late : x_late) {
    late.server = new_index[late.server];
  }
  x_late.erase(std::remove_if(x_late.begin(), x_late.end(), [](const Late& late) { return late.server == kUnknown; }), x_late.end());
}

}  // namespace pinfold::detect
