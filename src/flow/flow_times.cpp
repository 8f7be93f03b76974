#include "flow/flow_times.hpp"

#include <algorithm>
#include <utility>

#include "flow/field_values.hpp"

namespace pinfold::flow {
namespace {

/// The moment that a record gives in one of four ways.
std::optional<Micros> resolve_time(std::optional<Micros> absolute, std::optional<std::uint64_t> delta, std::optional<std::uint32_t> uptime,
                                   const ExportClock& clock, std::optional<Micros> system_init) {
  if (absolute) {
    return absolute;
  }
  if (delta) {
    const std::uint64_t since_epoch = static_cast<std::uint64_t>(clock.export_time.count());
    return Micros{static_cast<std::int64_t>(since_epoch - std::min(*delta, since_epoch))};
  }
  const auto uptime_now = uptime_at_export(clock, system_init);
  return uptime && uptime_now ? std::optional{time_of_uptime(clock.export_time, *uptime_now, *uptime)} : std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> uptime_at_export(const ExportClock& clock, std::optional<Micros> system_init) {
  if (clock.uptime_millis || !system_init) {
    return clock.uptime_millis;
  }
  return static_cast<std::uint32_t>((clock.export_time - *system_init).count() / 1000);
}

void resolve_times(RawRecord& raw, const ExportClock& clock, std::optional<Micros> system_init) {
  if (raw.system_init) {
    system_init = raw.system_init;
  }
  for (auto [time, stamp] : {std::pair{&raw.first, raw.first_stamp}, {&raw.last, raw.last_stamp}, {&raw.observed, raw.observed_stamp}}) {
    if (stamp) {
      *time = from_timestamp(*stamp, clock.export_time);
    }
  }
  std::optional<Micros> first = resolve_time(raw.first, raw.first_delta, raw.first_uptime, clock, system_init);
  std::optional<Micros> last = resolve_time(raw.last, raw.last_delta, raw.last_uptime, clock, system_init);
  if (!last) {
    last = raw.observed;
  }
  if (!last && first && raw.duration) {
    last = *first + *raw.duration;
  }
  if (!first && last && raw.duration) {
    first = std::max(Micros{0}, *last - *raw.duration);
  }
  if (!first) {
    first = raw.observed;
  }
  if (first) {
    raw.flow.first = ExporterTime{*first};
  }
  if (last) {
    raw.flow.last = ExporterTime{*last};
  }
}

}  // namespace pinfold::flow
