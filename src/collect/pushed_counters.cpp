#include "collect/pushed_counters.hpp"

#include <utility>

namespace pinfold::collect {
namespace {

constexpr Nanos kTick = Millis{10};  ///< of InterfaceReading::uptime
constexpr std::uint64_t kMegabit = 1'000'000;

using Counts = std::array<std::optional<std::uint32_t>, 3>;

Counts packets_in(const flow::InterfaceCounters& raw) { return {raw.in_unicast, raw.in_multicast, raw.in_broadcast}; }
Counts packets_out(const flow::InterfaceCounters& raw) { return {raw.out_unicast, raw.out_multicast, raw.out_broadcast}; }

/// `so_far` is what `before` had grown to; nothing to grow from means that the counting begins here.
std::array<std::optional<std::uint64_t>, 3> grown(const std::array<std::optional<std::uint64_t>, 3>& so_far, const Counts& before,
                                                  const Counts& after) {
  std::array<std::optional<std::uint64_t>, 3> sums;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (after.at(i)) {
      const std::uint32_t more = before.at(i) ? *after.at(i) - *before.at(i) : 0U;  // modulo 2^32
      sums.at(i) = so_far.at(i).value_or(0) + more;
    }
  }
  return sums;
}

/// `before`: of the same series; the agent's clock wraps after 49 days.
InterfaceReading reading_of(const PushedSample& sample, const InterfaceReading* before, std::uint32_t uptime_before) {
  const flow::InterfaceCounters& raw = sample.counters;
  InterfaceReading reading;
  reading.at = before == nullptr ? MonoTime{} : before->at + Millis{raw.uptime_millis - uptime_before};  // modulo 2^32
  reading.wall = sample.received;
  reading.uptime = static_cast<std::uint32_t>(reading.at.since_start / kTick);
  reading.octets_in = raw.in_octets;
  reading.octets_out = raw.out_octets;
  reading.discards_in = raw.in_discards;
  reading.discards_out = raw.out_discards;
  reading.megabits = raw.speed / kMegabit;
  return reading;
}

}  // namespace

PushedCounters::PushedCounters(const InterfaceTable& table, IsPolled is_polled, Sink sink)
    : x_table(table), x_is_polled(std::move(is_polled)), x_sink(std::move(sink)) {}

void PushedCounters::set_inventory(const inventory::Inventory& inventory) {
  x_servers.clear();
  for (const inventory::Server& server : inventory.servers()) {
    if (server.port && inventory.on_port(*server.port).size() == 1) {
      x_servers.emplace(std::pair{server.port->switch_id, server.port->name}, server.id);
    }
  }
}

void PushedCounters::take(const std::vector<PushedSample>& samples) {
  for (const PushedSample& sample : samples) {
    take_one(sample);
  }
}

std::optional<detect::PortPlace> PushedCounters::place_of(const PushedSample& sample) const {
  if (auto known = x_table.find(sample.exporter, sample.counters.interface)) {
    return known;
  }
  const auto at = sample.counters.name.empty() ? std::nullopt : x_table.switch_at(sample.exporter);
  return at ? std::optional{detect::PortPlace{*at, PortName{sample.counters.name}}} : std::nullopt;
}

void PushedCounters::take_one(const PushedSample& sample) {
  ++x_counters.samples;
  const auto place = place_of(sample);
  const auto server = place ? x_servers.find({place->switch_id, place->name}) : x_servers.end();
  if (server == x_servers.end()) {
    ++x_counters.nobodys;
    return;
  }
  if (x_is_polled(server->second)) {
    ++x_counters.spare;
    return;
  }
  const flow::InterfaceCounters& raw = sample.counters;
  const SeriesKey key{sample.exporter, raw.sub_agent, raw.interface.value};
  const auto known = x_series.find(key);
  if (known == x_series.end()) {
    if (x_series.size() >= kMaxSeries) {
      ++x_counters.untracked;
      return;
    }
    InterfaceReading first = reading_of(sample, nullptr, 0);
    first.packets_in = grown({}, {}, packets_in(raw));
    first.packets_out = grown({}, {}, packets_out(raw));
    x_series.emplace(key, Series{first, raw});
    return;
  }
  Series& series = known->second;
  InterfaceReading reading = reading_of(sample, &series.reading, series.raw.uptime_millis);
  reading.packets_in = grown(series.reading.packets_in, packets_in(series.raw), packets_in(raw));
  reading.packets_out = grown(series.reading.packets_out, packets_out(series.raw), packets_out(raw));
  auto interval = rate(series.reading, reading);
  if (interval && raw.sequence <= series.raw.sequence) {
    interval = Unexpected(NoRate::Restarted);
  }
  if (interval) {
    ++x_counters.intervals;
    x_sink(server->second, *interval);
  } else {
    ++x_counters.gaps.at(static_cast<std::size_t>(interval.error()));
  }
  series = {reading, raw};
}

}  // namespace pinfold::collect
