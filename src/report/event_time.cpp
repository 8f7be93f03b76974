#include "report/event_time.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "report/addresses.hpp"

namespace pinfold::report {
namespace {

/// How much a label says that the time behind it is the event's: 3 for "first seen", 2 for "timestamp", 1 for "date", 0 for "notice date".
int label_rank(std::string_view label) {
  static constexpr auto kOthers = std::to_array<std::string_view>(
      {"notice", "report",   "sent",   "mail",     "expir",    "deadline",  "until",  "update",   "creat",   "received", "regist", "generated",
       "submi",  "modified", "renew",  "issued",   "printed",  "opened",    "ticket", "gemeldet", "frist",   "bis zum",  "plazo",  "until",
       "signed", "valid",    "ablauf", "angelegt", "erstellt", "verzonden", "envoi",  "responde", "antwort", "reply"});
  static constexpr auto kFirst =
      std::to_array<std::string_view>({"first", "start", "begin", "beginn", "erst", "premi", "primer", "primo", "prima", "eerst", "début", "debut",
                                       "inicio", "início", "inizio", "první", "pierwsz", "начал"});
  static constexpr auto kEvent = std::to_array<std::string_view>(
      {"timestamp", "time stamp", "discover", "detect",  "seen",        "observ",     "occur",        "attack",       "incident",
       "event",     "attempt",    "added",    "listed",  "zeitstempel", "zeitpunkt",  "festgestellt", "fecha y hora", "access",
       "infring",   "found",      "of abuse", "gezien",  "waargenomen", "détect",     "detec",        "rilevat",      "wykryt",
       "zjiště",    "upptäck",    "tatzeit",  "vorfall", "tijdstip",    "horodatage", "last",         "letzt",        "complained"});
  static constexpr auto kPlain =
      std::to_array<std::string_view>({"date", "time", "datum", "zeit", "uhrzeit", "fecha", "hora", "heure", "data", "when",
                                       "wann", "at",   "tijd",  "čas",  "czas",    "время", "дата", "日時",  "时间", "tid"});
  const auto has = [&](const auto& words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return icontains(label, word); });
  };
  if (has(kOthers)) {
    return 0;
  }
  return has(kFirst) ? 3 : has(kEvent) ? 2 : has(kPlain) ? 1 : 0;
}

/// A time after the mail was written is a deadline.
bool has_happened(const FoundTime& found, const TimeContext& context) {
  return context.now == WallTime{} || found.time <= context.now + std::chrono::days{1};
}

std::size_t label_end(std::string_view line) {
  const auto label = line.find_first_of(":|=");
  return label == std::string_view::npos || label > 40 ? std::string_view::npos : label;
}

/// The line that begins at `begin`, and the next: a date and a time of day may have a line each.
std::string_view two_lines(std::string_view text, std::size_t begin) {
  constexpr std::size_t kMost = 400;
  const auto end = text.find('\n', begin);
  const auto next = end == std::string_view::npos ? end : text.find('\n', end + 1);
  return text.substr(begin, std::min(next == std::string_view::npos ? text.size() - begin : next - begin, kMost));
}

/// "Date: 2 March" at the head of a letter is the letter's own; in a list of fields it is the event's.
bool is_near_address(std::string_view text, std::size_t at) {
  constexpr std::size_t kNear = 160;
  const std::size_t from = at - std::min(at, kNear);
  return !find_addresses(text.substr(from, at - from + kNear)).empty();
}

std::optional<WallTime> read_labels(std::string_view text, const TimeContext& context) {
  int best = 0;
  std::optional<WallTime> chosen;
  std::optional<WallTime> dated;  // a day without a time
  int best_day = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::string_view lines = two_lines(text, begin);
    const std::string_view line = lines.substr(0, lines.find('\n'));
    const std::size_t label = label_end(line);
    const int rank = label == std::string_view::npos ? 0 : label_rank(line.substr(0, label));
    if (rank > best) {
      TimeContext here = context;
      static_cast<void>(icontains(line, "(UTC)") && set_zone(here, "UTC"));
      const auto times = find_times(lines, here);
      if (!times.empty() && times.front().at < line.size() && has_happened(times.front(), context)) {
        chosen = times.front().time;
        best = rank;
      } else if (const auto day =
                     rank > best_day && (rank > 1 || is_near_address(text, begin)) ? leading_time(line.substr(label + 1), here) : std::nullopt) {
        dated = day;
        best_day = rank;
      }
    }
    const auto end = text.find('\n', begin);
    begin = end == std::string_view::npos ? text.size() : end + 1;
  }
  if (!chosen) {
    auto times = find_times(text, context);
    std::erase_if(times, [&](const FoundTime& t) { return !has_happened(t, context); });
    const auto [first, last] = std::minmax_element(times.begin(), times.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
    const bool one_event = !times.empty() && last->time - first->time <= std::chrono::hours{1};
    chosen = one_event ? std::optional(first->time) : dated;
  }
  return chosen;
}

}  // namespace

Span EventTimes::beside(const net::IpAddress& address) {
  if (!x_indexed) {
    index();
    x_indexed = true;
  }
  const auto found = x_spans.find(address);
  return found == x_spans.end() ? Span{} : found->second;
}

std::optional<WallTime> EventTimes::labelled() {
  constexpr std::size_t kLooked = 65536;
  if (!x_labels_read) {
    x_labelled = read_labels(x_text.substr(0, kLooked), x_context);
    x_labels_read = true;
  }
  return x_labelled;
}

void EventTimes::index() {
  constexpr std::size_t kLongest = 4000;
  const auto look = [&](std::string_view line) {
    const auto named = find_addresses(line);
    const auto times = named.empty() ? std::vector<FoundTime>{} : find_times(line, x_context);
    for (const FoundTime& found : times) {
      for (const FoundAddress& each : named) {
        Span& span = x_spans[each.address];
        span.first = !span.first || found.time < *span.first ? found.time : *span.first;
        span.last = !span.last || found.time > *span.last ? found.time : *span.last;
      }
    }
  };
  std::string whole;  // a Received header of a quoted mail is one line, however it is folded
  for (const std::string_view line : split(x_text, '\n')) {
    const std::string_view head = line.substr(0, kLongest);
    const bool folded = !head.empty() && (head.front() == ' ' || head.front() == '\t') && istarts_with(whole, "Received:");
    if (folded && whole.size() < kLongest) {
      whole += " " + std::string(trim(head));
      continue;
    }
    look(whole);
    whole = head;
  }
  look(whole);
}

std::string handed_over_line(const message::Mail& mail) {
  const auto original =
      std::find_if(mail.parts.begin(), mail.parts.end(), [](const message::Part& part) { return part.embedded == 0 && !part.headers.empty(); });
  const message::Header* received = original == mail.parts.end() ? nullptr : message::find_header(original->headers, "Received");
  if (received == nullptr) {
    return {};
  }
  std::string line = "Received: " + received->value;
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n' || c == '\t'; }, ' ');
  return line + "\n";
}

}  // namespace pinfold::report
