#include "report/times.hpp"

#include <array>
#include <span>

#include "base/text.hpp"

namespace pinfold::report {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

struct Zone {
  std::string_view name;
  int minutes_east;
};
// RFC 5322 section 4.3 and what European mail programs write. "IST", "BST" and other names that mean several zones are read as in mail headers.
constexpr std::array<Zone, 28> kZones{{{"UTC", 0},    {"GMT", 0},    {"UT", 0},     {"Z", 0},      {"EST", -300}, {"EDT", -240}, {"CST", -360},
                                       {"CDT", -300}, {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420}, {"CEST", 120}, {"CET", 60},
                                       {"MESZ", 120}, {"MEZ", 60},   {"WEST", 60},  {"WET", 0},    {"EEST", 180}, {"EET", 120},  {"BST", 60},
                                       {"MSK", 180},  {"JST", 540},  {"KST", 540},  {"AEST", 600}, {"AEDT", 660}, {"HKT", 480},  {"BRT", -180}}};
constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

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
    while (!x_text.empty() && is_blank(x_text.front())) {
      x_text.remove_prefix(1);
    }
    return x_text.size() < before;
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
  /// One of the names by its first three letters, with or without the rest of the word and a dot.
  [[nodiscard]] bool name(std::span<const std::string_view> names, int& index) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (istarts_with(x_text, names[i])) {
        std::size_t length = 3;
        while (length < x_text.size() && is_letter(x_text[length])) {
          ++length;
        }
        if (length > 9) {
          return false;
        }
        x_text.remove_prefix(length);
        static_cast<void>(character('.'));
        index = static_cast<int>(i);
        return true;
      }
    }
    return false;
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
  [[nodiscard]] bool zone(std::optional<Seconds>& offset) {
    if (!x_text.empty() && (x_text.front() == '+' || x_text.front() == '-')) {
      const bool west = x_text.front() == '-';
      Taker ahead(x_text.substr(1));
      int h = 0;
      int m = 0;
      const bool read = ahead.number(2, 2, h) && h <= 14 && (!ahead.character(':') || (!ahead.rest().empty() && is_digit(ahead.rest().front())));
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
        if (!shifted || !zone(offset)) {  // "GMT+0200"
          offset = minutes{known.minutes_east};
        }
        return true;
      }
    }
    return false;
  }

private:
  std::string_view x_text;
};

bool take_directive(Taker& taker, char directive, Fields& f) {
  int number = 0;
  switch (directive) {
    case 'Y': return taker.number(4, 4, number) && ((f.year = number), true);
    case 'y': return taker.number(2, 2, number) && ((f.year = 2000 + number), true);
    case 'm': return taker.number(1, 2, f.month);
    case 'd': return taker.number(1, 2, f.day);
    case 'I':
    case 'H': return taker.number(1, 2, f.hour);
    case 'M': return taker.number(2, 2, f.minute);
    case 'S':
      if (!taker.number(2, 2, f.second)) {
        return false;
      }
      taker.fraction(f.fraction);
      return true;
    case 'b': return taker.name(kMonths, number) && ((f.month = number + 1), true);
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
  return fields;
}

Seconds central_european_offset(std::chrono::year year, Micros utc) {
  using std::chrono::sys_days;
  const auto begins = sys_days{year / std::chrono::March / std::chrono::Sunday[std::chrono::last]} + hours{1};
  const auto ends = sys_days{year / std::chrono::October / std::chrono::Sunday[std::chrono::last]} + hours{1};
  return utc >= begins.time_since_epoch() && utc < ends.time_since_epoch() ? hours{2} : hours{1};
}

std::optional<WallTime> resolve(Fields f, const TimeContext& context) {
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

/// Longer forms first: what one takes, a shorter one would take in part.
constexpr std::array kForms = {
    // RFC 5322, HTTP and their kin
    "%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S", "%a, %d %b %Y %I:%M%p %z", "%a, %d %b %Y %I:%M %p %z", "%a, %d %b %Y %H:%M %z",
    "%d %b %Y %H:%M:%S %z", "%d %b %Y %H:%M:%S", "%d %b %Y %H:%M %z", "%d %b %Y, %H:%M:%S %z", "%d-%b-%Y %H:%M:%S %z", "%d-%b-%Y %H:%M:%S",
    "%d %b %y %H:%M:%S %z", "%d %b %y %H:%M %z",
    // ISO 8601
    "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S %z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %H:%M:%S (%z)", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d, %H:%M:%S %z", "%Y-%m-%d %H:%M %z", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S %z",
    "%Y/%m/%d %H:%M:%S", "%Y%m%dT%H%M%S%z", "%Y-%m-%d_%H:%M:%S",
    // logs
    "%d/%b/%Y:%H:%M:%S %z", "%d/%b/%Y:%H:%M:%S", "%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y %z", "%a %b %d %H:%M:%S %Y", "%b %d %Y %H:%M:%S %z",
    "%b %d %Y %H:%M:%S", "%b %d, %Y %H:%M:%S %z", "%b %d, %Y %H:%M:%S", "%b %d, %Y, %I:%M:%S %p %z", "%b %d, %Y %I:%M:%S %p %z",
    "%b %d, %Y %I:%M %p %z", "%b %d %H:%M:%S %z", "%b %d %H:%M:%S",
    // the day before the month, as with dots
    "%d.%m.%Y %H:%M:%S %z", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M %z", "%d.%m.%Y %H:%M",
    // the month before the day, as in the United States
    "%m/%d/%Y %H:%M:%S %z", "%m/%d/%Y %I:%M:%S %p %z", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"};
constexpr std::array kDateForms = {"%Y-%m-%d", "%Y/%m/%d", "%d %b %Y", "%a, %d %b %Y", "%b %d, %Y", "%d.%m.%Y", "%m/%d/%Y"};

std::optional<WallTime> take_known(std::string_view& text, const TimeContext& context) {
  for (const std::string_view form : kForms) {
    std::string_view rest = text;
    const auto fields = take(rest, form);
    // A form that ends in the middle of a number or a word has read too little.
    const bool whole = fields && (rest.empty() || !is_digit(rest.front()) || !is_digit(text[text.size() - rest.size() - 1]));
    if (const auto time = whole ? resolve(*fields, context) : std::nullopt) {
      text = rest;
      return time;
    }
  }
  return std::nullopt;
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
    const bool starts_word = i == 0 || (!is_digit(text[i - 1]) && !is_letter(text[i - 1]));
    const bool candidate = starts_word && (is_digit(text[i]) || (i + 2 < text.size() && is_letter(text[i]) && is_letter(text[i + 1])));
    std::string_view rest = text.substr(i, 64);
    const std::size_t before = rest.size();
    const auto time = candidate ? take_known(rest, context) : std::nullopt;
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
  static constexpr std::array<std::string_view, 7> kLabels = {"timezone",   "time zone",   "all times", "times are in",
                                                              "timestamps", "time stamps", "zeitzone"};
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
  return false;
}

}  // namespace pinfold::report
