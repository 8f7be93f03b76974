// Reading: packed hours and what still stands in the journal, put together at the resolution that was asked for.
#include <algorithm>
#include <map>

#include "store/history_tables.hpp"

namespace pinfold::store {
namespace {

using records::Point;
using records::Resolution;
using records::Slot;
using records::TrafficSource;

using BySource = std::array<Slot, 2>;
Slot& of(BySource& slots, TrafficSource source) { return slots.at(static_cast<std::size_t>(source)); }

/// What is known of one hour, at the finest resolution that is the same for all of it.
struct Hour {
  Resolution resolution = Resolution::Minute;
  std::map<WallTime, BySource> slots;
};

class Series {
public:
  void add(const PackedHour& packed, const Tier& tier) {
    Hour& hour = x_hours[packed.hour];
    hour.resolution = std::max(hour.resolution, tier.resolution);
    for (std::size_t i = 0; i < packed.slots.size(); ++i) {
      if (!packed.slots[i].is_gap()) {
        const WallTime start = start_of_hour(packed.hour) + length_of(tier.resolution) * static_cast<int>(i);
        of(hour.slots[start], packed.source) += packed.slots[i];
      }
    }
  }
  void add(HourNumber hour, const JournalEntry& entry) {
    of(x_hours[hour].slots[start_of_hour(hour) + std::chrono::minutes{entry.minute}], entry.source) += entry.slot;
  }

  [[nodiscard]] std::vector<Point> points(WallTime from, WallTime to, Resolution asked) {
    std::map<WallTime, std::pair<Resolution, BySource>> sums;
    for (auto& [number, hour] : x_hours) {
      const Resolution resolution = std::max(asked, hour.resolution);
      const Micros length = length_of(resolution);
      for (auto& [start, slots] : hour.slots) {
        if (hour.resolution == Resolution::Minute) {
          mark_late_minute(of(slots, TrafficSource::Flows));
        }
        auto& [r, sum] = sums[WallTime{start.since_epoch / length * length}];
        r = resolution;
        sum[0] += slots[0];
        sum[1] += slots[1];
      }
    }
    std::vector<Point> points;
    for (auto& [start, entry] : sums) {
      auto& [resolution, slots] = entry;
      if (start >= from && start < to) {
        const TrafficSource source = best(slots, resolution);
        points.push_back({start, resolution, source, of(slots, source)});
      }
    }
    return points;
  }

private:
  /// The interface's counters where they cover at least half of the slot, or are all there is.
  [[nodiscard]] static TrafficSource best(BySource& slots, Resolution resolution) {
    const Slot& exact = of(slots, TrafficSource::Interface);
    const bool covers = Micros{std::chrono::seconds{exact.seconds}} * 2 >= length_of(resolution);
    const bool is_all = !exact.is_gap() && of(slots, TrafficSource::Flows).is_gap();
    return covers || is_all ? TrafficSource::Interface : TrafficSource::Flows;
  }

  std::map<HourNumber, Hour> x_hours;
};

}  // namespace

void mark_late_minute(Slot& slot) {
  if (slot.seconds == 0 && !slot.is_gap()) {
    slot.seconds = 60;
  }
}

std::vector<Point> read_series(const HistoryTables& tables, ServerNumber server, WallTime from, WallTime to, Resolution resolution) {
  if (to <= from) {
    return {};
  }
  const HourNumber first = hour_of(from);
  const HourNumber last = hour_of(to - Micros{1});
  Series series;
  for (const Tier& tier : kTiers) {
    for (const PackedHour& packed : tables.between(tier, server, first, last)) {
      series.add(packed, tier);
    }
  }
  const auto in_part = static_cast<std::uint32_t>(server % static_cast<ServerNumber>(kServersPerPart));
  for (const auto& [hour, entry] : tables.journal(server / static_cast<ServerNumber>(kServersPerPart), first, last)) {
    if (entry.server_in_part == in_part) {
      series.add(hour, entry);
    }
  }
  return series.points(from, to, resolution);
}

}  // namespace pinfold::store
