/// What each server sent and received, minute by minute, for up to two years: what bandwidth pages, bills and baselines read.
/// Implemented by `store` (a file of its own); written by engine, read by http and the command line.
///
/// Two sources, kept apart: Flows are estimates (sampling, spreading, exporters' time-outs); Interface are the counters of the server's own
/// switch port, exact but for the framing they include. A reader gets Interface wherever it was read, else Flows, marked as estimate.
/// Resolution: 1 min for 48 h, 5 min for 30 d (and until the month is billed), 1 h for 2 y.
/// Gaps:    a slot knows how many seconds of it were observed. Nothing observed is a gap, never a zero; a rate is bytes over observed seconds, so
///          neither a half-seen slot nor a clock that ran an hour twice bends it.
/// Durability: what `append` took survives a kill; a power loss may cost the last seconds. What the accountant still holds (the last four
///          minutes) is lost with the process.
/// Errors:  StoreError. Threads: any; one process writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "base/units.hpp"

namespace pinfold::records {

enum class TrafficSource : std::uint8_t { Flows, Interface };

struct Volume {
  Bytes bytes;
  Packets packets;
  Flows flows;  ///< 0 for interface counters
  Volume& operator+=(const Volume& other);
  friend bool operator==(const Volume&, const Volume&) = default;
};

/// Traffic of some time, both directions as the server sees them.
struct Slot {
  std::uint32_t seconds = 0;  ///< observed; may exceed the slot's length after a clock was set back
  Volume out;
  Volume in;
  Slot& operator+=(const Slot& other);
  [[nodiscard]] bool is_gap() const { return seconds == 0 && out == Volume{} && in == Volume{}; }
  friend bool operator==(const Slot&, const Slot&) = default;
};

/// An addition to one minute of one server.
struct TrafficSample {
  ServerId server;
  TrafficSource source = TrafficSource::Flows;
  WallTime minute;  ///< its start
  Slot slot;
};

enum class Resolution : std::uint8_t { Minute = 1, FiveMinutes = 5, Hour = 60 };  ///< in minutes
[[nodiscard]] constexpr Micros length_of(Resolution resolution) { return std::chrono::minutes{static_cast<int>(resolution)}; }
[[nodiscard]] std::optional<Resolution> parse_resolution(std::string_view text);  ///< "1min", "5min", "1h"

struct Point {
  WallTime start;
  Resolution resolution = Resolution::Minute;  ///< coarser than asked for where only that is kept
  TrafficSource source = TrafficSource::Flows;
  Slot slot;
  [[nodiscard]] bool is_estimate() const { return source == TrafficSource::Flows; }
  [[nodiscard]] Bps rate_out() const;
  [[nodiscard]] Bps rate_in() const;
};

/// A calendar month, UTC.
struct Month {
  int year = 1970;
  unsigned month = 1;  ///< 1 to 12
  [[nodiscard]] WallTime begin() const;
  [[nodiscard]] WallTime end() const;
  [[nodiscard]] Month next() const { return month == 12 ? Month{year + 1, 1} : Month{year, month + 1}; }
  friend auto operator<=>(const Month&, const Month&) = default;
};
[[nodiscard]] Month month_of(WallTime time);
[[nodiscard]] std::optional<Month> parse_month(std::string_view text);  ///< "2026-11"
[[nodiscard]] std::string to_string(const Month& month);

/// The usual burstable bill: of all 5-min averages of the month, in and out by themselves, the highest 5 % are thrown away and the highest that is
/// left counts (nearest rank: the ⌈0.95·n⌉-th smallest of n); what is billed is the larger of the two. Gaps are no samples: n counts what was
/// observed.
struct Percentile {
  Bps out;
  Bps in;
  std::uint32_t samples = 0;     ///< 5-min slots at least half observed
  std::uint32_t from_flows = 0;  ///< of them
  std::uint32_t expected = 0;    ///< 5-min slots of the month, up to now
  Volume total_out;
  Volume total_in;
  bool has_flows = false;  ///< some of the totals are from flows, be it of slots too short to be samples
  [[nodiscard]] Bps billed() const { return out > in ? out : in; }
  [[nodiscard]] bool is_estimate() const { return from_flows > 0 || has_flows; }
};

/// The ⌈0.95·n⌉-th smallest; 0 for none.
[[nodiscard]] Bps percentile_95(std::vector<Bps> rates);
/// From 5-min points of one month; coarser ones are not counted.
[[nodiscard]] Percentile percentile_of(const std::vector<Point>& points, const Month& month, WallTime now);

class History {
public:
  virtual ~History() = default;
  /// All of them or none. Samples of the same minute add up; one may come late, also for an hour that was rolled up already.
  virtual void append(const std::vector<TrafficSample>& samples) = 0;
  /// One bounded piece of packing, rolling up, billing and pruning. True: there is more to do now. Idempotent; a restart begins again.
  virtual bool maintain(WallTime now) = 0;

  /// Slots that are not gaps, in order of time; empty for an unknown server. `to` is not included.
  [[nodiscard]] virtual std::vector<Point> series(const ServerId& server, WallTime from, WallTime to, Resolution resolution) = 0;
  /// Of a month that is over: as it was closed, if it was; else from what is there. nullopt: nothing is known of that month.
  [[nodiscard]] virtual std::optional<Percentile> percentile(const ServerId& server, const Month& month, WallTime now) = 0;
};

}  // namespace pinfold::records
