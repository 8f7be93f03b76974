/// The times of a flow, from what its record and its datagram's header say.
/// Units:   UTC in µs; uptimes in ms since the exporter started, 32 bits wide (they wrap every 49.7 days).
/// Clock:   the exporter's only, as it claims it. Threads: none. O(1), no allocation.
/// Source:  RFC 3954 section 8 (FIRST_SWITCHED, LAST_SWITCHED); RFC 7011 section 6.1; RFC 7012 (flowStartDeltaMicroseconds, systemInitTime…).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "flow/template.hpp"

namespace pinfold::flow {

/// The clock of one export datagram, for times that are relative to it.
struct ExportClock {
  Micros export_time{0};                       ///< UTC, from the header
  std::optional<std::uint32_t> uptime_millis;  ///< the exporter's uptime at export_time; IPFIX headers do not have it
};

/// A moment given as uptime in ms, as UTC. Right over the wraps of the 32-bit uptime for flows that began less than 49.7 days before the
/// export; uptimes slightly after the header's are moments after the export (exporters stamp the header early).
[[nodiscard]] inline Micros time_of_uptime(Micros export_time, std::uint32_t uptime_at_export, std::uint32_t uptime) {
  constexpr std::uint32_t kFutureSlackMillis = 3'600'000;  // up to this far after the header's is the future; anything else lies in the past
  const std::uint32_t ahead = uptime - uptime_at_export;
  if (ahead <= kFutureSlackMillis) {
    return export_time + Millis{ahead};
  }
  const std::uint32_t age = uptime_at_export - uptime;
  return std::max(Micros{0}, export_time - Millis{age});
}

/// The exporter's uptime at the export; IPFIX has it from systemInitTimeMilliseconds, if at all.
[[nodiscard]] std::optional<std::uint32_t> uptime_at_export(const ExportClock& clock, std::optional<Micros> system_init);

/// Sets raw.flow.first and .last from whatever the record has: a moment, a distance to the export, an uptime, a duration, an observation.
/// `system_init`: when the exporter started, if an options record has said so; the record's own word goes before it.
void resolve_times(RawRecord& raw, const ExportClock& clock, std::optional<Micros> system_init);

}  // namespace pinfold::flow
