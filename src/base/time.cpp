#include "base/time.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace pinfold {
namespace {

constexpr WallTime kYear10000{Micros{253'402'300'800'000'000}};

struct Broken {
  std::chrono::year_month_day date{};
  std::chrono::hh_mm_ss<Micros> time{};
};

Broken break_down(WallTime t) {
  const std::chrono::sys_time<Micros> at{t.since_epoch};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  return {std::chrono::year_month_day{day}, std::chrono::hh_mm_ss<Micros>{at - day}};
}

/// Exactly `digits` decimal digits at the front of `text`, consumed.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take_char(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

/// ".123456789" → microseconds, further digits cut off; nothing → 0; a bare dot → nullopt.
std::optional<Micros> take_fraction(std::string_view& text) {
  if (!take_char(text, ".")) {
    return Micros{0};
  }
  Micros value{0};
  std::size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
    if (digits < 6) {
      value = value * 10 + Micros{text.front() - '0'};
    }
  }
  if (digits == 0) {
    return std::nullopt;
  }
  for (; digits < 6; ++digits) {
    value *= 10;
  }
  return value;
}

std::optional<Micros> take_offset(std::string_view& text) {
  if (take_char(text, "Zz")) {
    return Micros{0};
  }
  const bool east = !text.empty() && text.front() == '+';
  if (!take_char(text, "+-")) {
    return std::nullopt;
  }
  const auto hours = take_number(text, 2);
  const bool colon = take_char(text, ":");
  const auto minutes = colon ? take_number(text, 2) : std::nullopt;
  if (!hours || !minutes || *hours > 23 || *minutes > 59) {
    return std::nullopt;
  }
  const Micros offset = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
  return east ? offset : -offset;
}

struct Unit {
  std::string_view name;
  Micros length;
};
constexpr std::array<Unit, 5> kUnits{
    {{"d", std::chrono::days{1}}, {"h", std::chrono::hours{1}}, {"min", std::chrono::minutes{1}}, {"s", Seconds{1}}, {"ms", Millis{1}}}};

}  // namespace

std::string to_string(WallTime t) {
  const Broken b = break_down(t);
  const auto fraction = b.time.subseconds().count();
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(b.date.year()), static_cast<unsigned>(b.date.month()),
                                 static_cast<unsigned>(b.date.day()), b.time.hours().count(), b.time.minutes().count(), b.time.seconds().count());
  if (fraction % 1000 != 0) {
    text += fmt::format(".{:06}", fraction);
  } else if (fraction != 0) {
    text += fmt::format(".{:03}", fraction / 1000);
  }
  return text + "Z";
}

std::string to_people(WallTime t) {
  const Broken b = break_down(t);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", static_cast<int>(b.date.year()), static_cast<unsigned>(b.date.month()),
                     static_cast<unsigned>(b.date.day()), b.time.hours().count(), b.time.minutes().count());
}

std::optional<WallTime> parse_wall_time(std::string_view text) {
  const auto year = take_number(text, 4);
  const bool dash1 = take_char(text, "-");
  const auto month = take_number(text, 2);
  const bool dash2 = take_char(text, "-");
  const auto day = take_number(text, 2);
  const bool t = take_char(text, "Tt ");
  const auto hour = take_number(text, 2);
  const bool colon1 = take_char(text, ":");
  const auto minute = take_number(text, 2);
  const bool colon2 = take_char(text, ":");
  const auto second = take_number(text, 2);
  if (!year || !dash1 || !month || !dash2 || !day || !t || !hour || !colon1 || !minute || !colon2 || !second) {
    return std::nullopt;
  }
  const auto fraction = take_fraction(text);
  const auto offset = fraction ? take_offset(text) : std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!offset || !text.empty() || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const Micros since = std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{*hour} + std::chrono::minutes{*minute} + Seconds{*second} +
                       *fraction - *offset;
  const WallTime at{since};
  if (at < WallTime{} || at >= kYear10000) {
    return std::nullopt;
  }
  return at;
}

std::optional<Micros> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  for (const Unit& unit : kUnits) {
    if (text == unit.name) {
      if (number > Micros::max().count() / unit.length.count()) {
        return std::nullopt;
      }
      return number * unit.length;
    }
  }
  return std::nullopt;
}

std::string to_string(Micros duration) {
  for (const Unit& unit : kUnits) {
    if (duration.count() != 0 && duration.count() % unit.length.count() == 0) {
      return fmt::format("{} {}", duration.count() / unit.length.count(), unit.name);
    }
  }
  return fmt::format("{} ms", duration.count() / 1000);
}

}  // namespace pinfold
