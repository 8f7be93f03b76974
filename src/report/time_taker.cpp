#include "report/time_taker.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.hpp"
#include "report/time_forms.hpp"

namespace pinfold::report {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_sign(char c) { return c == '+' || c == '-'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// Most words are told apart by their first byte: these lists are asked very often.
bool starts_so(std::string_view text, std::string_view word) {
  return !text.empty() && (text.front() | 0x20) == (word.front() | 0x20) && istarts_with(text, word);
}

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
    const std::string_view start = x_text;
    skip_blanks();
    if (x_text.size() == before) {
      return false;
    }
    if (start.substr(0, before - x_text.size()).find('\n') != std::string_view::npos) {
      skip_clock_label();
    }
    for (const std::string_view joiner : kJoiners) {
      const bool is_label = joiner.back() == '=' || joiner.back() == ':';
      if (starts_so(x_text, joiner) && x_text.size() > joiner.size() && (is_label || is_blank(x_text[joiner.size()]))) {
        x_text.remove_prefix(joiner.size());
        skip_blanks();
        break;
      }
    }
    return true;
  }
  [[nodiscard]] bool blanks_in_line() {
    return x_text.substr(0, x_text.find_first_not_of(" \t\r\n")).find('\n') == std::string_view::npos && blanks();
  }
  /// " kl. ", " klo ": behind it a point may stand between hours and minutes.
  [[nodiscard]] bool clock_word() {
    static constexpr std::array<std::string_view, 3> kWords = {"kl.", "klo", "kl"};
    skip_blanks();
    const auto word = std::find_if(kWords.begin(), kWords.end(), [&](std::string_view w) { return starts_so(x_text, w); });
    if (word == kWords.end()) {
      return false;
    }
    x_text.remove_prefix(word->size());
    skip_blanks();
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
    const std::size_t seconds = digits == 13 ? 10 : digits;  // thirteen: with the milliseconds
    const auto number = seconds == 10 || seconds == 9 ? parse_number(x_text.substr(0, seconds)) : std::nullopt;
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
  /// "+0200", "-03:30", "UTC", "GMT+1", "(CET)"
  [[nodiscard]] bool zone(std::optional<Seconds>& offset) {
    if (x_text.size() > 1 && x_text.front() == '(' && (is_letter(x_text[1]) || is_sign(x_text[1]))) {
      x_text.remove_prefix(1);  // "04:04:05 (CET)"
    }
    return !x_text.empty() && (is_sign(x_text.front()) ? signed_zone(offset, 2) : named_zone(offset));
  }

private:
  /// At least so many digits: "GMT+1" may have one, "+1" alone may not.
  [[nodiscard]] bool signed_zone(std::optional<Seconds>& offset, std::size_t least) {
    const bool west = x_text.front() == '-';
    Taker ahead(x_text.substr(1));
    const auto digit_next = [&] { return !ahead.rest().empty() && is_digit(ahead.rest().front()); };
    int h = 0;
    int m = 0;
    if (!ahead.number(least, 2, h) || h > 14 || (ahead.character(':') && !digit_next())) {
      return false;
    }
    if (digit_next() && (!ahead.number(2, 2, m) || m > 59)) {
      return false;
    }
    offset = (hours{h} + minutes{m}) * (west ? -1 : 1);
    x_text = ahead.rest();
    return true;
  }
  [[nodiscard]] bool named_zone(std::optional<Seconds>& offset) {
    std::size_t length = 0;
    while (length < x_text.size() && is_letter(x_text[length])) {
      ++length;
    }
    // "est" is a verb, "Art" a noun and "wet" an adjective: only some names may be written small.
    const std::string_view word = x_text.substr(0, length);
    const auto known =
        std::find_if(kZones.begin(), kZones.end(), [&](const Zone& z) { return word == z.name || (z.also_small && iequals(word, z.name)); });
    if (known == kZones.end()) {
      return false;
    }
    x_text.remove_prefix(length);
    const bool shifted = known->minutes_east == 0 && length > 1 && !x_text.empty() && is_sign(x_text.front());
    if (!shifted || !signed_zone(offset, 1)) {  // "GMT+0200"
      offset = minutes{known->minutes_east};
    }
    return true;
  }
  /// "Uhrzeit: 08:40" on the line below a date: any label, if a time of day stands behind it.
  void skip_clock_label() {
    constexpr std::size_t kLongest = 28;
    const auto colon = x_text.substr(0, kLongest).find(':');
    const std::string_view label = x_text.substr(0, colon);
    if (colon == std::string_view::npos || std::any_of(label.begin(), label.end(), [](char c) { return is_digit(c) || c == '\n'; })) {
      return;
    }
    const std::string_view value = trim(x_text.substr(colon + 1, 16));
    const auto clock = value.find(':');
    if (clock != std::string_view::npos && clock > 0 && clock <= 2 && is_digit(value.front()) && is_digit(value[clock - 1])) {
      x_text.remove_prefix(static_cast<std::size_t>(value.data() - x_text.data()));
    }
  }
  void skip_blanks() {
    while (!x_text.empty() && is_blank(x_text.front())) {
      x_text.remove_prefix(1);
    }
  }
  /// The word that begins so, up to its end.
  [[nodiscard]] bool take_word(std::string_view beginning) {
    constexpr std::size_t kLongest = 12;  // bytes; "septiembre" has ten
    if (!starts_so(x_text, beginning)) {
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

bool take_directive(Taker& taker, char directive, TimeFields& f) {
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
    case 'k': return taker.clock_word();
    default: return taker.character(directive);
  }
}

}  // namespace

std::optional<TimeFields> take_time(std::string_view& text, std::string_view form) {
  Taker taker(text);
  TimeFields fields;
  for (std::size_t i = 0; i < form.size(); ++i) {
    bool fits = false;
    if (form[i] == '%' && i + 1 < form.size()) {
      fits = take_directive(taker, form[++i], fields);
    } else {
      const bool before_zone = form.substr(i, 3) == " %z";  // a zone stands on the time's own line
      fits = form[i] != ' ' ? taker.character(form[i]) : before_zone ? taker.blanks_in_line() : taker.blanks();
    }
    if (!fits) {
      return std::nullopt;
    }
  }
  text = taker.rest();
  fields.month_or_day = form.substr(0, 5) == "%m/%d" || form.substr(0, 5) == "%d-%m";
  return fields;
}

std::optional<Seconds> take_zone(std::string_view& text) {
  Taker taker(text);
  std::optional<Seconds> offset;
  if (taker.zone(offset)) {
    text = taker.rest();
  }
  return offset;
}

std::string_view after_weekday(std::string_view text) {
  Taker taker(text);
  int ignored = 0;
  if (!taker.name(kDays, ignored)) {
    return text;
  }
  static_cast<void>(taker.character(','));
  return taker.blanks() ? taker.rest() : text;
}

bool begins_with_name(std::string_view text) {
  Taker taker(text);
  int ignored = 0;
  return taker.name(kDays, ignored) || taker.month(ignored);
}

}  // namespace pinfold::report
