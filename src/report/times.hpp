/// Dates and times as reporters and logs write them → UTC.
/// Used by: every format of this folder, the definitions' engine and the plain-text reader.
/// Formats: a small strptime of our own, so that nothing depends on a locale or on the machine's zone: %Y %y %m %d %H %I %M %S %b %a %p %z %s,
///          a blank (one or more of any), every other character itself. %z takes Z, UTC, GMT, ±hhmm, ±hh:mm, ±hh and the zone names of
///          RFC 822 and of Europe; %S takes a fraction as well. Names are English.
/// Years:   a time without one (syslog) gets the last year in which it was not later than a day after `now`.
/// Clock:   never read; `now` is the mail's date. Cost: linear; a text's first kMaxTimes times are found.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace pinfold::report {

inline constexpr std::size_t kMaxTimes = 2000;

/// Whose rule moves the clocks in summer by an hour.
enum class Summer : std::uint8_t {
  None,
  Europe,        ///< last Sundays of March and October, 01:00 UTC (Directive 2000/84/EC)
  UnitedStates,  ///< second Sunday of March and first of November, 02:00 by the clock (Energy Policy Act of 2005)
};

/// What to assume where a time says nothing itself.
struct TimeContext {
  Seconds offset{0};  ///< east of UTC, in winter where `summer` has a rule
  Summer summer = Summer::None;
  WallTime now;  ///< when the mail was written
};

struct FoundTime {
  WallTime time;
  std::size_t at = 0;  ///< in the text
  std::size_t size = 0;
};

/// "+0200", "UTC", "CEST", "Europe/Berlin" or "Eastern" as the text's beginning; false when unknown, and nothing is changed then.
[[nodiscard]] bool set_zone(TimeContext& context, std::string_view zone);

/// The whole text (blanks around it allowed) in one of the known forms.
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text, const TimeContext& context);
/// In the given form; nullopt when it does not fit from beginning to end.
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text, std::string_view format, const TimeContext& context);
/// Every time that stands in the text in a known form with at least hours and minutes.
[[nodiscard]] std::vector<FoundTime> find_times(std::string_view text, const TimeContext& context);
/// The first that the text begins with, blanks aside, in any known form, dates without a time included.
[[nodiscard]] std::optional<WallTime> leading_time(std::string_view text, const TimeContext& context);
/// What the rule adds to the winter offset at `utc`, read by that offset.
[[nodiscard]] Seconds summer_shift(Summer rule, std::chrono::year year, Micros utc);
/// "Local timezone is +0200 (CEST)", "all times are UTC", "log (EST)": sets the context's zone; false when the text has no such note.
[[nodiscard]] bool read_zone_note(std::string_view text, TimeContext& context);

}  // namespace pinfold::report
