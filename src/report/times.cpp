#include "report/times.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "report/time_forms.hpp"
#include "report/time_taker.hpp"

namespace pinfold::report {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::optional<WallTime> resolve_as_read(TimeFields f, const TimeContext& context) {
  if (f.epoch) {
    return WallTime{Seconds{*f.epoch}};
  }
  if (f.afternoon) {
    if (f.hour < 1 || f.hour > 12) {
      return std::nullopt;
    }
    f.hour = f.hour % 12 + (*f.afternoon ? 12 : 0);
  }
  const bool dated = f.year.has_value();
  const std::chrono::year_month_day now{std::chrono::floor<days>(std::chrono::sys_time<Micros>{context.now.since_epoch})};
  for (int year = f.year.value_or(static_cast<int>(now.year())), tries = 0; tries < (dated ? 1 : 2); --year, ++tries) {
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(f.month)},
                                           std::chrono::day{static_cast<unsigned>(f.day)}};
    if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 60) {
      continue;
    }
    const Micros local = std::chrono::sys_days{date}.time_since_epoch() + hours{f.hour} + minutes{f.minute} + Seconds{f.second} + f.fraction;
    Seconds offset = f.offset.value_or(context.offset);
    if (!f.offset) {
      offset += summer_shift(context.summer, date.year(), local - offset);
    }
    const WallTime at{local - offset};
    const bool plausible = at >= WallTime{} && year <= 9998;
    if (plausible && (dated || at <= context.now + days{1})) {
      return at;
    }
  }
  return std::nullopt;
}

/// With slashes or hyphens either number may be the month. A report is written soon after what it reports: of two readings, neither in the future,
/// the later one is meant.
std::optional<WallTime> resolve(const TimeFields& f, const TimeContext& context) {
  const auto as_read = resolve_as_read(f, context);
  if (!f.month_or_day || f.month == f.day) {
    return as_read;
  }
  TimeFields turned = f;
  std::swap(turned.month, turned.day);
  const auto other = resolve_as_read(turned, context);
  if (!as_read || !other || context.now == WallTime{}) {
    return as_read ? as_read : other;
  }
  const WallTime latest = context.now + days{1};
  if ((*as_read <= latest) != (*other <= latest)) {
    return *as_read <= latest ? as_read : other;
  }
  return *as_read <= latest ? std::max(*as_read, *other) : std::min(*as_read, *other);
}

/// In the form that reads most of it; what was read is taken off.
std::optional<WallTime> take_known(std::string_view& text, const TimeContext& context) {
  std::optional<TimeFields> best;
  std::string_view left = text;
  for (const std::string_view begin : {text, after_weekday(text)}) {
    const bool by_name = !begin.empty() && !is_digit(begin.front());
    for (const std::string_view form : kForms) {
      const bool form_by_name = form[1] == 'b' || form[1] == 'a';
      if (by_name != form_by_name) {
        continue;
      }
      std::string_view rest = begin;
      const auto fields = take_time(rest, form);
      // A form that ends in the middle of a number or a word has read too little.
      const bool whole = fields && (rest.empty() || !is_digit(rest.front()) || !is_digit(text[text.size() - rest.size() - 1]));
      if (whole && (!best || rest.size() < left.size())) {
        best = fields;
        left = rest;
      }
    }
    if (begin.size() == text.size() && after_weekday(text).size() == text.size()) {
      break;
    }
  }
  const auto time = best ? resolve(*best, context) : std::nullopt;
  text = time ? left : text;
  return time;
}

/// Cheap, and true for whatever a form could read: a number of a date's length, or a name of a day or a month.
bool may_begin_time(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    ++digits;
  }
  if (digits > 0) {
    return (digits <= 2 || digits == 4 || digits == 8) && digits + 4 < text.size() && text[digits] != ',' && text[digits] != ';';
  }
  return begins_with_name(text);
}

/// "timestamp=1772420645", "ts: 1772420645123": ten digits, or thirteen with the milliseconds, that a label calls a time.
std::optional<WallTime> take_labelled_epoch(std::string_view text, std::size_t at, std::string_view& rest, const TimeContext& context) {
  constexpr std::size_t kLabel = 24;
  if (rest.empty() || rest.front() != '1') {
    return std::nullopt;
  }
  const std::string_view before = text.substr(at - std::min(at, kLabel), std::min(at, kLabel));
  const auto label = before.find_last_of(" \t\n,;&|", before.find_last_not_of(" \t:=\"'"));
  const std::string_view name = before.substr(label == std::string_view::npos ? 0 : label + 1);
  const bool is_time = icontains(name, "time") || icontains(name, "epoch") || istarts_with(name, "ts");
  std::string_view left = rest;
  const auto fields = is_time ? take_time(left, "%s") : std::nullopt;
  const std::size_t digits = rest.size() - left.size();
  const bool whole = fields && (digits == 10 || digits == 13);
  rest = whole ? left : rest;
  return whole ? resolve(*fields, context) : std::nullopt;
}

std::string_view skip_blanks(std::string_view text) {
  while (!text.empty() && (is_blank(text.front()) || text.front() == '[' || text.front() == '"' || text.front() == '*')) {
    text.remove_prefix(1);
  }
  return text;
}

}  // namespace

std::optional<WallTime> leading_time(std::string_view text, const TimeContext& context) {
  text = skip_blanks(text);
  std::string_view rest = text;
  if (const auto time = take_known(rest, context)) {
    return time;
  }
  for (const std::string_view form : kDateForms) {
    rest = text;
    if (const auto fields = take_time(rest, form); fields && (rest.empty() || !is_digit(rest.front()))) {
      return resolve(*fields, context);
    }
  }
  rest = text;
  const auto epoch = take_time(rest, "%s");
  return epoch ? resolve(*epoch, context) : std::nullopt;
}

std::optional<WallTime> parse_time(std::string_view text, const TimeContext& context) { return leading_time(text, context); }

std::optional<WallTime> parse_time(std::string_view text, std::string_view format, const TimeContext& context) {
  text = trim(text);
  const auto fields = take_time(text, format);
  return fields && text.empty() ? resolve(*fields, context) : std::nullopt;
}

std::vector<FoundTime> find_times(std::string_view text, const TimeContext& context) {
  std::vector<FoundTime> found;
  for (std::size_t i = 0; i < text.size() && found.size() < kMaxTimes;) {
    // "日時：2026…": what is written without blanks may stand before a number, not before a name.
    const bool starts_word = i == 0 || (!is_digit(text[i - 1]) && !is_letter(text[i - 1]) && ((text[i - 1] & 0x80) == 0 || is_digit(text[i])));
    const bool candidate = starts_word && may_begin_time(text.substr(i, 64));
    std::string_view rest = text.substr(i, 64);
    const std::size_t before = rest.size();
    const auto time = candidate ? take_known(rest, context) : starts_word ? take_labelled_epoch(text, i, rest, context) : std::nullopt;
    if (time) {
      found.push_back({*time, i, before - rest.size()});
      i += before - rest.size();
    } else {
      ++i;
    }
  }
  return found;
}

}  // namespace pinfold::report
