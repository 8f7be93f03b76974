#include "report/event_time.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace pinfold::report {
namespace {

/// How much a label says that the time behind it is the event's: 3 for "first seen", 2 for "timestamp", 1 for "date", 0 for "notice date".
int label_rank(std::string_view label) {
  static constexpr auto kOthers =
      std::to_array<std::string_view>({"notice", "report", "sent", "mail", "expire", "deadline", "until", "last update", "created at", "received"});
  static constexpr auto kFirst = std::to_array<std::string_view>({"first", "start", "begin", "beginn", "erst", "premi", "primer"});
  static constexpr auto kEvent =
      std::to_array<std::string_view>({"timestamp", "time stamp", "discover", "detect", "seen", "observ", "occur", "attack", "incident", "event",
                                       "attempt", "added", "listed", "zeitstempel", "zeitpunkt", "festgestellt", "fecha y hora", "access"});
  static constexpr auto kPlain =
      std::to_array<std::string_view>({"date", "time", "datum", "zeit", "uhrzeit", "fecha", "hora", "heure", "data", "when", "wann", "at"});
  const auto has = [&](const auto& words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return icontains(label, word); });
  };
  if (has(kOthers)) {
    return 0;
  }
  return has(kFirst) ? 3 : has(kEvent) ? 2 : has(kPlain) ? 1 : 0;
}

}  // namespace

std::optional<WallTime> labelled_time(std::string_view text, const TimeContext& context) {
  int best = 0;
  std::optional<WallTime> chosen;
  for (const std::string_view line : split(text, '\n')) {
    const auto label = line.find_first_of(":|=");
    const int rank = label == std::string_view::npos || label > 40 ? 0 : label_rank(line.substr(0, label));
    if (rank > best) {
      TimeContext here = context;
      static_cast<void>(icontains(line, "(UTC)") && set_zone(here, "UTC"));
      if (const auto times = find_times(line.substr(0, 400), here); !times.empty()) {
        chosen = times.front().time;
        best = rank;
      }
    }
  }
  if (!chosen) {
    const auto times = find_times(text.substr(0, 65536), context);
    const bool one = !times.empty() && std::all_of(times.begin(), times.end(), [&](const FoundTime& t) { return t.time == times.front().time; });
    chosen = one ? std::optional(times.front().time) : std::nullopt;
  }
  return chosen;
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
