#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "report/addresses.hpp"
#include "report/class_words.hpp"
#include "report/formats.hpp"

namespace pinfold::report {
namespace {

constexpr std::size_t kMaxAccused = 50;  // more than that is a list in prose, and goes to a person

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

/// "Timestamp: …", "Date (UTC): …", "Discovered | …": a time that is about the whole report. Where no label tells, the one time that stands in it.
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

/// A table in the text: lines with cells, one address and a time each. Every row is a statement.
bool read_table(std::string_view text, const Input& input, std::optional<abuse::AbuseClass> known, Report& report) {
  constexpr std::size_t kMaxRows = 2000;
  std::size_t rows = 0;
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view head = line.substr(0, 1000);
    const bool has_cells = head.find_first_of("|;\t,") != std::string_view::npos;
    const auto addresses = has_cells ? find_addresses(head) : std::vector<FoundAddress>{};
    const auto times = addresses.size() == 1 && !addresses.front().is_range ? find_times(head, input.times) : std::vector<FoundTime>{};
    if (times.empty() || ++rows > kMaxRows) {
      continue;
    }
    Statement statement;
    statement.address = addresses.front().address;
    statement.abuse_class = known.value_or(abuse::AbuseClass::Other);
    statement.first = times.front().time;
    statement.last = times.back().time;
    add_statement(report, std::move(statement));
  }
  report.dropped += rows > kMaxRows ? rows - kMaxRows : 0;
  return !report.statements.empty();
}

/// Logs that were attached rather than pasted.
std::string with_logs(const Input& input) {
  std::string text = input.text;
  for (const Document& document : input.documents) {
    if (document.type == "text/plain" && text.size() < kMaxOwnText) {
      text += "\n" + document.text.substr(0, kMaxOwnText);
    }
  }
  return text;
}

}  // namespace

bool read_plain_text(const Input& input, Report& report) {
  const std::string text = with_logs(input);
  auto accused = accused_addresses(input.subject, text);
  const std::string_view url = find_url(text);
  const auto known = class_of_text(input.subject, text);
  const bool about_content =
      known && (*known == abuse::AbuseClass::Phishing || *known == abuse::AbuseClass::MalwareHosting || *known == abuse::AbuseClass::Copyright);
  const std::string host = about_content ? host_of(url) : std::string{};
  const std::string_view sender = input.senders.empty() ? std::string_view{} : std::string_view(input.senders.front());
  report.reporter = printable(sender.substr(sender.rfind('@') + 1), 200);
  if (accused.empty() && read_table(text, input, known, report)) {
    report.format = "text";
    report.why = "a table in running text";
    return true;
  }
  if (accused.size() > kMaxAccused || (accused.empty() && host.empty())) {
    report.why = accused.empty() ? "no address that it clearly accuses" : "more addresses than a person would write";
    return false;
  }
  report.format = "text";
  report.why = "running text; the address by the words before it";
  if (accused.empty()) {
    accused.resize(1);  // a URL alone
  }
  for (const net::IpAddress& address : accused) {
    Statement statement;
    if (address != net::IpAddress{}) {
      statement.address = address;
    } else {
      statement.host = host;
    }
    statement.abuse_class = known.value_or(abuse::AbuseClass::Other);
    if (statement.abuse_class == abuse::AbuseClass::BruteForce) {
      statement.kind = std::string(service_in(input.subject + "\n" + text));
    }
    const Span span = statement.address ? times_beside(text, address, input.times) : Span{};
    statement.first = span.first ? span.first : labelled_time(text, input.times);
    statement.last = span.last ? span.last : statement.first;
    add_fact(statement, "url", about_content ? url : std::string_view{});
    add_statement(report, std::move(statement));
  }
  return true;
}

}  // namespace pinfold::report
