// Zones by their names, and the notes in which a reporter says once which zone his times are in.
#include <algorithm>

#include "base/text.hpp"
#include "report/time_forms.hpp"
#include "report/time_taker.hpp"
#include "report/times.hpp"

namespace pinfold::report {
namespace {

using std::chrono::hours;

constexpr std::size_t kNoteRoom = 60;  // bytes behind a label in which its zone stands

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Place {
  std::string_view name;
  int minutes_east;
  Summer summer;
};
/// Zones by place (IANA tz database), with the winter's offset. The first that the text begins with counts.
constexpr auto kPlaces = std::to_array<Place>({
    {"Europe/Central", 60, Summer::Europe},
    {"Central European", 60, Summer::Europe},
    {"Europe/London", 0, Summer::Europe},
    {"Europe/Dublin", 0, Summer::Europe},
    {"Europe/Lisbon", 0, Summer::Europe},
    {"Europe/Helsinki", 120, Summer::Europe},
    {"Europe/Athens", 120, Summer::Europe},
    {"Europe/Kiev", 120, Summer::Europe},
    {"Europe/Kyiv", 120, Summer::Europe},
    {"Europe/Bucharest", 120, Summer::Europe},
    {"Europe/Sofia", 120, Summer::Europe},
    {"Europe/Riga", 120, Summer::Europe},
    {"Europe/Vilnius", 120, Summer::Europe},
    {"Europe/Tallinn", 120, Summer::Europe},
    {"Europe/Moscow", 180, Summer::None},
    {"Europe/Istanbul", 180, Summer::None},
    {"Europe/Minsk", 180, Summer::None},
    {"Europe/", 60, Summer::Europe},
    {"America/New_York", -300, Summer::UnitedStates},
    {"America/Toronto", -300, Summer::UnitedStates},
    {"America/Detroit", -300, Summer::UnitedStates},
    {"America/Chicago", -360, Summer::UnitedStates},
    {"America/Denver", -420, Summer::UnitedStates},
    {"America/Los_Angeles", -480, Summer::UnitedStates},
    {"America/Vancouver", -480, Summer::UnitedStates},
    {"America/Sao_Paulo", -180, Summer::None},
    {"America/Argentina", -180, Summer::None},
    {"America/Bogota", -300, Summer::None},
    {"America/Mexico_City", -360, Summer::None},
    {"US/Eastern", -300, Summer::UnitedStates},
    {"US/Central", -360, Summer::UnitedStates},
    {"US/Mountain", -420, Summer::UnitedStates},
    {"US/Pacific", -480, Summer::UnitedStates},
    {"Eastern", -300, Summer::UnitedStates},
    {"Central Time", -360, Summer::UnitedStates},
    {"Mountain Time", -420, Summer::UnitedStates},
    {"Pacific", -480, Summer::UnitedStates},
    {"Asia/Tokyo", 540, Summer::None},
    {"Asia/Seoul", 540, Summer::None},
    {"Asia/Shanghai", 480, Summer::None},
    {"Asia/Hong_Kong", 480, Summer::None},
    {"Asia/Taipei", 480, Summer::None},
    {"Asia/Singapore", 480, Summer::None},
    {"Asia/Kolkata", 330, Summer::None},
    {"Asia/Calcutta", 330, Summer::None},
    {"Asia/Jakarta", 420, Summer::None},
    {"Asia/Bangkok", 420, Summer::None},
    {"Etc/UTC", 0, Summer::None},
    {"Zulu", 0, Summer::None},
});

/// Before a zone: "Time zone: …", in the languages in which many reports are written.
constexpr auto kLabels = std::to_array<std::string_view>(
    {"timezone",     "time zone",   "time-zone",      "all times",    "times are",    "time is",     "log times",      "timestamps", "time stamps",
     "times in",     "dates are",   "zeitzone",       "zeitangaben",  "alle zeiten",  "zeiten in",   "zeitstempel in", "tijdzone",   "alle tijden",
     "tijden in",    "tijden zijn", "fuseau",         "heures sont",  "zona horaria", "horas están", "fuso orario",    "orari sono", "fuso hor",
     "časové pásmo", "časy jsou",   "strefa czasowa", "часовой пояс", "tidszon",      "tidszone",    "aikavyöhyke",    "local time"});

/// Behind or before the word: "UTC times", "all in GMT".
constexpr auto kUniversal = std::to_array<std::string_view>({"(utc)", "[utc]", "(gmt)", "[gmt]", "(utc+0)", "(utc/gmt)", "in utc", "in gmt", "en utc",
                                                             "em utc", "utc time", "gmt time", "times utc", "utc)"});

/// The zone that stands at one of the words behind the label, on its line.
bool zone_behind(std::string_view text, const std::string& lower, std::size_t from, TimeContext& context) {
  const std::size_t end = std::min({lower.find('\n', from), from + kNoteRoom, lower.size()});
  for (std::size_t i = from; i < end; ++i) {
    const bool word =
        (!is_letter(lower[i - 1]) && is_letter(lower[i])) || ((lower[i] == '+' || lower[i] == '-') && i + 1 < end && is_digit(lower[i + 1]));
    const std::string_view rest = text.substr(i, 24);
    if (word && !istarts_with(rest, "z") && set_zone(context, rest)) {
      return true;
    }
  }
  return false;
}

/// "firewall log (EST):": a zone alone in brackets on a line about times or a log; not the remark behind an offset ("+0100 (CET)").
bool zone_in_brackets(std::string_view text, const std::string& lower, TimeContext& context) {
  for (auto at = lower.find('('); at != std::string::npos; at = lower.find('(', at + 1)) {
    std::string_view rest = text.substr(at + 1, 12);
    const std::size_t line = lower.rfind('\n', at) == std::string::npos ? 0 : lower.rfind('\n', at) + 1;
    const std::string_view before =
        std::string_view(lower).substr(std::max(line, at - std::min<std::size_t>(at, 80)), std::min<std::size_t>(at - line, 80));
    const bool behind_offset = before.size() >= 5 && is_digit(before[before.size() - 2]) && before.find_last_of("+-") != std::string_view::npos;
    const bool about_times = before.find("time") != std::string_view::npos || before.find("log") != std::string_view::npos ||
                             before.find("zeit") != std::string_view::npos || before.find("date") != std::string_view::npos;
    if (about_times && !behind_offset && rest.size() > 2 && is_letter(rest.front()) && take_zone(rest) && !rest.empty() && rest.front() == ')') {
      return set_zone(context, text.substr(at + 1, 12));
    }
  }
  return false;
}

}  // namespace

Seconds summer_shift(Summer rule, std::chrono::year year, Micros utc) {
  using std::chrono::November;
  using std::chrono::sys_days;
  if (rule == Summer::None) {
    return Seconds{0};
  }
  if (rule == Summer::Europe) {
    const auto begins = sys_days{year / std::chrono::March / std::chrono::Sunday[std::chrono::last]} + hours{1};
    const auto ends = sys_days{year / std::chrono::October / std::chrono::Sunday[std::chrono::last]} + hours{1};
    return utc >= begins.time_since_epoch() && utc < ends.time_since_epoch() ? hours{1} : hours{0};
  }
  // By the clock, that is between 06:00 and 10:00 UTC; whole days are near enough for who writes local times.
  const auto begins = sys_days{year / std::chrono::March / std::chrono::Sunday[2]} + hours{8};
  const auto ends = sys_days{year / November / std::chrono::Sunday[1]} + hours{8};
  return utc >= begins.time_since_epoch() && utc < ends.time_since_epoch() ? hours{1} : hours{0};
}

bool set_zone(TimeContext& context, std::string_view zone) {
  zone = trim(zone);
  const auto place = std::find_if(kPlaces.begin(), kPlaces.end(), [&](const Place& p) { return istarts_with(zone, p.name); });
  if (place != kPlaces.end()) {
    context.offset = std::chrono::minutes{place->minutes_east};
    context.summer = place->summer;
    return true;
  }
  const auto offset = take_zone(zone);
  if (!offset) {
    return false;
  }
  context.offset = *offset;
  context.summer = Summer::None;
  return true;
}

bool read_zone_note(std::string_view text, TimeContext& context) {
  constexpr std::size_t kMostLooked = 200;  // labels without a zone behind them
  text = text.substr(0, 65536);
  const std::string lower = to_lower(text);
  std::size_t looked = 0;
  for (const std::string_view label : kLabels) {
    for (auto at = lower.find(label); at != std::string::npos && looked < kMostLooked; at = lower.find(label, at + label.size()), ++looked) {
      if (zone_behind(text, lower, at + label.size(), context)) {
        return true;
      }
    }
  }
  // "Timestamp (UTC)" over a column, "(UTC)" behind a time: who writes it once means it everywhere.
  const bool universal =
      std::any_of(kUniversal.begin(), kUniversal.end(), [&](std::string_view word) { return lower.find(word) != std::string::npos; });
  return (universal && set_zone(context, "UTC")) || zone_in_brackets(text, lower, context);
}

}  // namespace pinfold::report
