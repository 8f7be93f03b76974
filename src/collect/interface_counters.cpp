#include "collect/interface_counters.hpp"

#include <algorithm>

#include "base/share.hpp"

namespace pinfold::collect {
namespace {

constexpr Nanos kTick = Millis{10};  ///< of sysUpTime
/// Clocks of agents drift, and their answers take time.
constexpr Nanos kTolerance = Seconds{5};
constexpr int kToleranceShare = 10;
/// Agents hand out counters that are up to so old (net-snmp's cache): a short interval may hold what came before it.
constexpr Nanos kStale = Seconds{30};
constexpr Micros kMinute = std::chrono::minutes{1};

std::optional<std::uint64_t> difference(const std::optional<std::uint64_t>& before, const std::optional<std::uint64_t>& after) {
  return before && after ? std::optional(*after - *before) : std::nullopt;  // modulo 2^64
}

Packets difference_32(const std::optional<std::uint32_t>& before, const std::optional<std::uint32_t>& after) {
  return Packets{before && after ? *after - *before : 0U};
}

Packets packets(const std::array<std::optional<std::uint64_t>, 3>& before, const std::array<std::optional<std::uint64_t>, 3>& after) {
  Packets sum;
  for (std::size_t i = 0; i < before.size(); ++i) {
    sum += Packets{difference(before.at(i), after.at(i)).value_or(0)};
  }
  return sum;
}

bool is_plausible(std::uint64_t octets, std::uint64_t megabits, Nanos elapsed) {
  const std::uint64_t fastest = megabits == 0 ? kFastestMegabits : 2 * std::min(megabits, kFastestMegabits);
  const double seconds = static_cast<double>((elapsed + kStale).count()) / 1e9;
  return static_cast<double>(octets) <= static_cast<double>(fastest) * 1e6 / 8 * seconds;
}

}  // namespace

const char* to_string(NoRate reason) {
  constexpr std::array<const char*, kNoRates> kNames{"missing", "out_of_order", "too_long", "restarted", "discontinuity", "implausible"};
  return kNames.at(static_cast<std::size_t>(reason));
}

bool restarted(std::uint32_t uptime_before, std::uint32_t uptime_after, Nanos elapsed) {
  const Nanos shown = kTick * static_cast<std::int64_t>(static_cast<std::uint32_t>(uptime_after - uptime_before));
  const Nanos tolerance = std::max(kTolerance, elapsed / kToleranceShare);
  return shown > elapsed + tolerance || shown + tolerance < elapsed;
}

Expected<InterfaceInterval, NoRate> rate(const InterfaceReading& before, const InterfaceReading& after) {
  const Nanos elapsed = after.at - before.at;
  if (elapsed <= Nanos{0}) {
    return Unexpected(NoRate::OutOfOrder);
  }
  if (elapsed > kLongestInterval) {
    return Unexpected(NoRate::TooLong);
  }
  const auto in = difference(before.octets_in, after.octets_in);
  const auto out = difference(before.octets_out, after.octets_out);
  if (!in || !out || !before.uptime || !after.uptime) {
    return Unexpected(NoRate::Missing);
  }
  if (restarted(*before.uptime, *after.uptime, elapsed)) {
    return Unexpected(NoRate::Restarted);
  }
  if (before.discontinuity != after.discontinuity) {
    return Unexpected(NoRate::Discontinuity);
  }
  if (!is_plausible(*in, after.megabits, elapsed) || !is_plausible(*out, after.megabits, elapsed)) {
    return Unexpected(NoRate::Implausible);
  }
  InterfaceInterval interval;
  interval.end = after.wall;
  interval.begin = after.wall - std::chrono::floor<Micros>(elapsed);
  interval.bytes_in = Bytes{*in};
  interval.bytes_out = Bytes{*out};
  interval.packets_in = packets(before.packets_in, after.packets_in);
  interval.packets_out = packets(before.packets_out, after.packets_out);
  interval.discards_in = difference_32(before.discards_in, after.discards_in);
  interval.discards_out = difference_32(before.discards_out, after.discards_out);
  return interval;
}

std::vector<records::TrafficSample> samples_of(const ServerId& server, const InterfaceInterval& interval) {
  const Micros whole = interval.end - interval.begin;
  const auto seconds = static_cast<std::uint64_t>(std::chrono::round<Seconds>(whole).count());
  std::vector<records::TrafficSample> samples;
  WallTime from = interval.begin;
  while (from < interval.end) {
    const WallTime minute{from.since_epoch / kMinute * kMinute};
    const WallTime to = std::min(minute + kMinute, interval.end);
    const auto part = [&](std::uint64_t total) { return share(total, to - interval.begin, whole) - share(total, from - interval.begin, whole); };
    records::Slot slot;
    slot.seconds = static_cast<std::uint32_t>(part(seconds));
    slot.out = {Bytes{part(interval.bytes_in.value)}, Packets{part(interval.packets_in.value)}, {}};
    slot.in = {Bytes{part(interval.bytes_out.value)}, Packets{part(interval.packets_out.value)}, {}};
    samples.push_back({server, records::TrafficSource::Interface, minute, slot});
    from = to;
  }
  return samples;
}

}  // namespace pinfold::collect
