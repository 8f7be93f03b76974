#include "report/times.hpp"

#include <algorithm>
#include <span>

#include "base/text.hpp"
#include "report/time_forms.hpp"

namespace pinfold::report {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// What a format has read so far.
struct Fields {
  std::optional<int> year;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  Micros fraction{0};
  std::optional<bool> afternoon;
  std::optional<Seconds> offset;
  std::optional<std::int64_t> epoch;
  bool month_or_day = false;  ///< which of the two numbers is which is a guess
};

/// Eats a text from the front.
class Taker {
public:
  explicit Taker(std::string_view text) : x_text(text) {}
  [[nodiscard]] std::string_view rest() const { return x_text; }

  [[nodiscard]] bool character(char c) {
    if (x_text.empty() || x_text.front() != c) {
      return false;
    }
    x_text.remove_prefix(1);
    return true;
  }
  [[nodiscard]] bool blanks() {
    const std::size_t before = x_text.size();
    skip_blanks();
    if (x_text.size() == before) {
      return false;
    }
    for (const std::string_view joiner : kJoiners) {
      if (istarts_with(x_text, joiner) && x_text.size() > joiner.size() && is_blank(x_text[joiner.size()])) {
        x_text.remove_prefix(joiner.size());
        skip_blanks();
        break;
      }
    }
    return true;
  }
  /// "2nd of March"
  void ordinal() {
    for (const std::string_view end : {"st", "nd", "rd", "th"}) {
      if (istarts_with(x_text, end) && (x_text.size() == end.size() || !is_letter(x_text[end.size()]))) {
        x_text.remove_prefix(end.size());
        break;
      }
    }
  }
  [[nodiscard]] bool number(std::size_t least, std::size_t most, int& value) {
    std::size_t digits = 0;
    int read = 0;
    while (digits < most && digits < x_text.size() && is_digit(x_text[digits])) {
      read = read * 10 + (x_text[digits] - '0');
      ++digits;
    }
    if (digits < least) {
      return false;
    }
    value = read;
    x_text.remove_prefix(digits);
    return true;
  }
  [[nodiscard]] bool epoch(std::optional<std::int64_t>& value) {
    std::size_t digits = 0;
    while (digits < x_text.size() && is_digit(x_text[digits])) {
      ++digits;
    }
    const auto number = digits == 10 || digits == 9 ? parse_number(x_text.substr(0, digits)) : std::nullopt;
    if (!number) {
      return false;
    }
    value = static_cast<std::int64_t>(*number);
    x_text.remove_prefix(digits);
    return true;
  }
  /// One of the names by its first letters, with or without the rest of the word and a dot.
  [[nodiscard]] bool name(std::span<const std::string_view> names, int& index) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (take_word(names[i])) {
        index = static_cast<int>(i);
        return true;
      }
    }
    return false;
  }
  /// A month by its English name, or by that of a language in which many reports are written.
  [[nodiscard]] bool month(int& value) {
    int index = 0;
    if (name(kMonths, index)) {
      value = index + 1;
      return true;
    }
    const auto known = std::find_if(kOtherMonths.begin(), kOtherMonths.end(), [&](const Month& m) { return take_word(m.name); });
    value = known == kOtherMonths.end() ? value : known->number;
    return known != kOtherMonths.end();
  }
  [[nodiscard]] bool half_day(std::optional<bool>& afternoon) {
    const bool am = istarts_with(x_text, "am");
    if (!am && !istarts_with(x_text, "pm")) {
      return false;
    }
    afternoon = !am;
    x_text.remove_prefix(2);
    return true;
  }
  void fraction(Micros& value) {
    if (x_text.size() < 2 || x_text[0] != '.' || !is_digit(x_text[1])) {  // a comma separates cells more often than fractions
      return;
    }
    x_text.remove_prefix(1);
    Micros unit{100'000};
    for (; !x_text.empty() && is_digit(x_text.front()); x_text.remove_prefix(1)) {
      value += unit * (x_text.front() - '0');
      unit /= 10;
    }
  }
  /// `after_name`: "GMT+1" may have one digit, "+1" alone may not.
  [[nodiscard]] bool zone(std::optional<Seconds>& offset, bool after_name = false) {
    if (x_text.size() > 1 && x_text.front() == '(' && (is_letter(x_text[1]) || x_text[1] == '+' || x_text[1] == '-')) {
      x_text.remove_prefix(1);  // "04:04:05 (CET)"
    }
    if (!x_text.empty() && (x_text.front() == '+' || x_text.front() == '-')) {
      const bool west = x_text.front() == '-';
      Taker ahead(x_text.substr(1));
      int h = 0;
      int m = 0;
      const bool read =
          ahead.number(after_name ? 1 : 2, 2, h) && h <= 14 && (!ahead.character(':') || (!ahead.rest().empty() && is_digit(ahead.rest().front())));
      if (!read || (!ahead.rest().empty() && is_digit(ahead.rest().front()) && (!ahead.number(2, 2, m) || m > 59))) {
        return false;
      }
      offset = (hours{h} + minutes{m}) * (west ? -1 : 1);
      x_text = ahead.rest();
      return true;
    }
    std::size_t length = 0;
    while (length < x_text.size() && is_letter(x_text[length])) {
      ++length;
    }
    for (const Zone& known : kZones) {
      if (iequals(x_text.substr(0, length), known.name)) {
        x_text.remove_prefix(length);
        const bool shifted = known.minutes_east == 0 && length > 1 && !x_text.empty() && (x_text.front() == '+' || x_text.front() == '-');
        if (!shifted || !zone(offset, true)) {  // "GMT+0200"
          offset = minutes{known.minutes_east};
        }
        return true;
      }
    }
    return false;
  }

private:
  void skip_blanks() {
    while (!x_text.empty() && is_blank(x_text.front())) {
      x_text.remove_prefix(1);
    }
  }
  /// The word that begins so, up to its end.
  [[nodiscard]] bool take_word(std::string_view beginning) {
    constexpr std::size_t kLongest = 12;  // bytes; "septiembre" has ten
    if (!istarts_with(x_text, beginning)) {
      return false;
    }
    std::size_t length = beginning.size();
    while (length < x_text.size() && (is_letter(x_text[length]) || (x_text[length] & 0x80) != 0)) {
      ++length;
    }
    if (length > kLongest) {
      return false;
    }
    x_text.remove_prefix(length);
    static_cast<void>(character('.'));
    return true;
  }

  std::string_view x_text;
};

bool take_directive(Taker& taker, char directive, Fields& f) {
  int number = 0;
  switch (directive) {
    case 'Y': return taker.number(4, 4, number) && ((f.year = number), true);
    case 'y': return taker.number(2, 2, number) && ((f.year = 2000 + number), true);
    case 'm': return taker.number(1, 2, f.month);
    case 'd':
      if (!taker.number(1, 2, f.day)) {
        return false;
      }
      taker.ordinal();
      return true;
    case 'I':
    case 'H': return taker.number(1, 2, f.hour);
    case 'M': return taker.number(2, 2, f.minute);
    case 'S':
      if (!taker.number(2, 2, f.second)) {
        return false;
      }
      taker.fraction(f.fraction);
      return true;
    case 'b': return taker.month(f.month);
    case 'a': return taker.name(kDays, number);
    case 'p': return taker.half_day(f.afternoon);
    case 'z': return taker.zone(f.offset);
    case 's': return taker.epoch(f.epoch);
    default: return taker.character(directive);
  }
}

/// The fields, if the text begins so; what was read is taken off `text`.
std::optional<Fields> take(std::string_view& text, std::string_view format) {
  Taker taker(text);
  Fields fields;
  for (std::size_t i = 0; i < format.size(); ++i) {
    bool fits = false;
    if (format[i] == '%' && i + 1 < format.size()) {
      fits = take_directive(taker, format[++i], fields);
    } else {
      fits = format[i] == ' ' ? taker.blanks() : taker.character(format[i]);
    }
    if (!fits) {
      return std::nullopt;
    }
  }
  text = taker.rest();
  fields.month_or_day = format.substr(0, 5) == "%m/%d" || format.substr(0, 5) == "%d-%m";
  return fields;
}

Seconds central_european_offset(std::chrono::year year, Micros utc) {
  using std::chrono::sys_days;
  const auto begins = sys_days{year / std::chrono::March / std::chrono::Sunday[std::chrono::last]} + hours{1};
  const auto ends = sys_days{year / std::chrono::October / std::chrono::Sunday[std::chrono::last]} + hours{1};
  return utc >= begins.time_since_epoch() && utc < ends.time_since_epoch() ? hours{2} : hours{1};
}

std::optional<WallTime> resolve_as_read(Fields f, const TimeContext& context) {
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
    if (!f.offset && context.central_europe) {
      offset = central_european_offset(date.year(), local - hours{1});
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
std::optional<WallTime> resolve(const Fields& f, const TimeContext& context) {
  const auto as_read = resolve_as_read(f, context);
  if (!f.month_or_day || f.month == f.day) {
    return as_read;
  }
  Fields turned = f;
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

/// "Monday, ": no form needs to know it.
std::string_view after_weekday(std::string_view text) {
  Taker taker(text);
  int ignored = 0;
  if (!taker.name(kDays, ignored)) {
    return text;
  }
  static_cast<void>(taker.character(','));
  return taker.blanks() ? taker.rest() : text;
}

/// In the form that reads most of it; what was read is taken off.
std::optional<WallTime> take_known(std::string_view& text, const TimeContext& context) {
  std::optional<Fields> best;
  std::string_view left = text;
  for (const std::string_view begin : {text, after_weekday(text)}) {
    for (const std::string_view form : kForms) {
      std::string_view rest = begin;
      const auto fields = take(rest, form);
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
    return (digits <= 2 || digits == 4 || digits == 8) && digits + 4 < text.size();
  }
  Taker taker(text);
  int ignored = 0;
  return taker.name(kDays, ignored) || taker.month(ignored);
}

/// "timestamp=1772420645", "ts: 1772420645": ten digits that a label calls a time.
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
  const auto fields = is_time ? take(left, "%s") : std::nullopt;
  const bool whole = fields && rest.size() - left.size() == 10;
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

bool set_zone(TimeContext& context, std::string_view zone) {
  zone = trim(zone);
  if (iequals(zone, "Europe/Central")) {
    context.central_europe = true;
    return true;
  }
  Taker taker(zone);
  std::optional<Seconds> offset;
  if (!taker.zone(offset)) {
    return false;
  }
  context.offset = *offset;
  context.central_europe = false;
  return true;
}

std::optional<WallTime> leading_time(std::string_view text, const TimeContext& context) {
  text = skip_blanks(text);
  std::string_view rest = text;
  if (const auto time = take_known(rest, context)) {
    return time;
  }
  for (const std::string_view form : kDateForms) {
    rest = text;
    if (const auto fields = take(rest, form); fields && (rest.empty() || !is_digit(rest.front()))) {
      return resolve(*fields, context);
    }
  }
  rest = text;
  const auto epoch = take(rest, "%s");
  return epoch ? resolve(*epoch, context) : std::nullopt;
}

std::optional<WallTime> parse_time(std::string_view text, const TimeContext& context) { return leading_time(text, context); }

std::optional<WallTime> parse_time(std::string_view text, std::string_view format, const TimeContext& context) {
  text = trim(text);
  const auto fields = take(text, format);
  return fields && text.empty() ? resolve(*fields, context) : std::nullopt;
}

std::vector<FoundTime> find_times(std::string_view text, const TimeContext& context) {
  std::vector<FoundTime> found;
  for (std::size_t i = 0; i < text.size() && found.size() < kMaxTimes;) {
    const bool starts_word = i == 0 || (!is_digit(text[i - 1]) && !is_letter(text[i - 1]) && (text[i - 1] & 0x80) == 0);
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

bool read_zone_note(std::string_view text, TimeContext& context) {
  static constexpr std::array<std::string_view, 9> kLabels = {"timezone",   "time zone",   "all times", "times are", "log times",
                                                              "timestamps", "time stamps", "zeitzone",  "tijdzone"};
  const std::string lower = to_lower(text.substr(0, 65536));
  for (const std::string_view label : kLabels) {
    for (auto at = lower.find(label); at != std::string::npos; at = lower.find(label, at + label.size())) {
      const std::size_t end = std::min(lower.find('\n', at), at + 60);
      for (std::size_t i = at + label.size(); i < std::min(end, lower.size()); ++i) {
        const bool word = (!is_letter(lower[i - 1]) && is_letter(lower[i])) || lower[i] == '+' || lower[i] == '-';
        const std::string_view rest = std::string_view(text).substr(i, 12);
        if (word && !istarts_with(rest, "z") && set_zone(context, rest)) {
          return true;
        }
      }
    }
  }
  // "Timestamp (UTC)" over a column, "(UTC)" behind a time: who writes it once means it everywhere.
  const bool names_utc = lower.find("(utc)") != std::string::npos || lower.find("[utc]") != std::string::npos;
  return names_utc && set_zone(context, "UTC");
}

}  // namespace pinfold::report
