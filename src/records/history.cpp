#include "records/history.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace pinfold::records {
namespace {

constexpr int kFirstYear = 1970;
constexpr int kLastYear = 9998;

WallTime first_day(int year, unsigned month) {
  const std::chrono::sys_days day{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{1}};
  return WallTime{day.time_since_epoch()};
}

}  // namespace

Volume& Volume::operator+=(const Volume& other) {
  bytes += other.bytes;
  packets += other.packets;
  flows += other.flows;
  return *this;
}

Slot& Slot::operator+=(const Slot& other) {
  seconds += other.seconds;
  out += other.out;
  in += other.in;
  return *this;
}

std::optional<Resolution> parse_resolution(std::string_view text) {
  if (text == "1min") {
    return Resolution::Minute;
  }
  if (text == "5min") {
    return Resolution::FiveMinutes;
  }
  return text == "1h" ? std::optional(Resolution::Hour) : std::nullopt;
}

namespace {

/// Late parts of flows come without observed time of their own: then the slot was whole.
Micros observed(const Point& point) {
  return point.slot.seconds == 0 ? length_of(point.resolution) : Micros{std::chrono::seconds{point.slot.seconds}};
}

}  // namespace

Bps Point::rate_out() const { return slot.out.bytes / observed(*this); }
Bps Point::rate_in() const { return slot.in.bytes / observed(*this); }

WallTime Month::begin() const { return first_day(year, month); }
WallTime Month::end() const { return next().begin(); }

Month month_of(WallTime time) {
  const std::chrono::sys_days day = std::chrono::floor<std::chrono::days>(std::chrono::sys_time<Micros>{time.since_epoch});
  const std::chrono::year_month_day date{day};
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month())};
}

std::optional<Month> parse_month(std::string_view text) {
  if (text.size() != 7 || text[4] != '-') {
    return std::nullopt;
  }
  const auto year = parse_number(text.substr(0, 4));
  const auto month = parse_number(text.substr(5));
  if (!year || !month || *year < kFirstYear || *year > kLastYear || *month < 1 || *month > 12) {
    return std::nullopt;
  }
  return Month{static_cast<int>(*year), static_cast<unsigned>(*month)};
}

std::string to_string(const Month& month) { return fmt::format("{:04}-{:02}", month.year, month.month); }

Bps percentile_95(std::vector<Bps> rates) {
  if (rates.empty()) {
    return {};
  }
  const std::size_t rank = (rates.size() * 95 + 99) / 100;  // ⌈0.95·n⌉, from 1
  const auto at = rates.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(rates.begin(), at, rates.end());
  return *at;
}

Percentile percentile_of(const std::vector<Point>& points, const Month& month, WallTime now) {
  const Micros length = length_of(Resolution::FiveMinutes);
  Percentile percentile;
  std::vector<Bps> out;
  std::vector<Bps> in;
  for (const Point& point : points) {
    if (point.start < month.begin() || point.start >= month.end()) {
      continue;
    }
    percentile.total_out += point.slot.out;
    percentile.total_in += point.slot.in;
    percentile.has_flows = percentile.has_flows || point.is_estimate();
    if (point.resolution > Resolution::FiveMinutes || observed(point) * 2 < length) {
      continue;
    }
    out.push_back(point.rate_out());
    in.push_back(point.rate_in());
    percentile.from_flows += point.is_estimate() ? 1U : 0U;
  }
  percentile.samples = static_cast<std::uint32_t>(out.size());
  const WallTime until = std::clamp(now, month.begin(), month.end());
  percentile.expected = static_cast<std::uint32_t>((until - month.begin()) / length);
  percentile.out = percentile_95(std::move(out));
  percentile.in = percentile_95(std::move(in));
  return percentile;
}

}  // namespace pinfold::records
