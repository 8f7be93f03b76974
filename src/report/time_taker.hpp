/// Reads one time off the front of a text, by a form ("%d %b %Y %H:%M:%S %z"); what the numbers mean is resolved in times.cpp.
/// Used by: times.cpp only.
/// Forms:   strptime's letters Y y m d H I M S b a p z s, and k for " kl. ". A blank stands for any blanks and a joining word or label ("at", "um",
/// "time="). Bounds:  linear in what is read; no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace pinfold::report {

/// What a form has read.
struct TimeFields {
  std::optional<int> year;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  Micros fraction{0};
  std::optional<bool> afternoon;
  std::optional<Seconds> offset;
  std::optional<std::int64_t> epoch;  ///< seconds
  bool month_or_day = false;          ///< which of the two numbers is which is a guess
};

/// The fields, if the text begins so; what was read is taken off `text`.
[[nodiscard]] std::optional<TimeFields> take_time(std::string_view& text, std::string_view form);

/// "+0200", "UTC", "GMT+1", "(CET)": taken off the text.
[[nodiscard]] std::optional<Seconds> take_zone(std::string_view& text);

/// The text behind "Monday, "; the text itself when it begins with no day's name.
[[nodiscard]] std::string_view after_weekday(std::string_view text);

/// With the name of a day or of a month.
[[nodiscard]] bool begins_with_name(std::string_view text);

}  // namespace pinfold::report
