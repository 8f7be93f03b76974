/// The three kinds of time. They do not convert into one another by accident.
///   MonoTime      for intervals and time-outs; ns since an arbitrary start; never goes back.
///   WallTime      for people and law; UTC, µs since 1970-01-01; may be stepped by an administrator.
///   ExporterTime  what an untrusted device claims; UTC, µs since 1970; compare with WallTime only through `claimed()`.
/// Used by: everything. Clock: never read here; see base/clock.hpp.
/// Bounds:  text covers years 1970 to 9999. Source: RFC 3339 (UTC, "Z" only, at most 6 fraction digits on output).
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pinfold {

using Nanos = std::chrono::nanoseconds;
using Micros = std::chrono::microseconds;
using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

struct MonoTime {
  Nanos since_start{0};
  friend constexpr auto operator<=>(MonoTime, MonoTime) = default;
  friend constexpr Nanos operator-(MonoTime a, MonoTime b) { return a.since_start - b.since_start; }
  friend constexpr MonoTime operator+(MonoTime t, Nanos d) { return {t.since_start + d}; }
};

struct WallTime {
  Micros since_epoch{0};
  friend constexpr auto operator<=>(WallTime, WallTime) = default;
  friend constexpr Micros operator-(WallTime a, WallTime b) { return a.since_epoch - b.since_epoch; }
  friend constexpr WallTime operator+(WallTime t, Micros d) { return {t.since_epoch + d}; }
  friend constexpr WallTime operator-(WallTime t, Micros d) { return {t.since_epoch - d}; }
};

struct ExporterTime {
  Micros since_epoch{0};
  friend constexpr auto operator<=>(ExporterTime, ExporterTime) = default;
  /// The device's claim taken at its word; the caller says why it may.
  [[nodiscard]] constexpr WallTime claimed() const { return {since_epoch}; }
};

/// "2026-11-23T04:12:00Z", with as many fraction digits (0, 3 or 6) as the value needs.
[[nodiscard]] std::string to_string(WallTime t);
/// "2026-11-23 04:12 UTC", for people.
[[nodiscard]] std::string to_people(WallTime t);
/// RFC 3339 with any offset, converted to UTC; nullopt for anything else.
[[nodiscard]] std::optional<WallTime> parse_wall_time(std::string_view text);

/// "90 s", "24 h", "250 ms", "7 d": a number, a space or none, a unit of ms|s|min|h|d. nullopt when the unit is missing or unknown,
/// the number is negative, or it does not fit into 64-bit microseconds.
[[nodiscard]] std::optional<Micros> parse_duration(std::string_view text);
/// The shortest exact form that parse_duration reads back: "24 h".
[[nodiscard]] std::string to_string(Micros duration);

}  // namespace pinfold
