#include <algorithm>

#include "base/text.hpp"
#include "report/addresses.hpp"
#include "report/class_words.hpp"
#include "report/event_time.hpp"
#include "report/formats.hpp"
#include "report/text_table.hpp"

namespace pinfold::report {
namespace {

constexpr std::size_t kMaxAccused = 50;  // more than that is a list in prose, and goes to a person

/// The address and time of an attached original's last hop, then logs that were attached rather than pasted.
std::string with_logs(const Input& input) {
  std::string text = input.text + "\n" + handed_over_line(input.mail);
  for (const Document& document : input.documents) {
    if (document.type == "text/plain" && text.size() < kMaxOwnText) {
      text += "\n" + document.text.substr(0, kMaxOwnText);
    }
  }
  return text;
}

/// The URL that is complained about: one on a line that says so, else the first that is neither called the original nor the sender's own site.
std::string_view accused_url(std::string_view text, std::string_view sender) {
  std::string_view first;
  std::string_view chosen;
  const std::string_view own = sender.substr(sender.rfind('@') + 1);
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view url = find_url(line);
    if (url.empty()) {
      continue;
    }
    const std::string host = host_of(url);
    const bool is_own = !own.empty() && host.size() >= own.size() && host.substr(host.size() - own.size()) == own;
    if (!is_own && (icontains(line, "infring") || icontains(line, "phish") || icontains(line, "malware"))) {
      return url;
    }
    first = first.empty() ? url : first;
    chosen = chosen.empty() && !is_own && !icontains(line, "original") ? url : chosen;
  }
  return chosen.empty() ? first : chosen;
}

}  // namespace

bool read_plain_text(const Input& input, Report& report) {
  const std::string text = with_logs(input);
  auto accused = accused_addresses(input.subject, text);
  const auto known = class_of_text(input.subject, text);
  const bool about_content =
      known && (*known == abuse::AbuseClass::Phishing || *known == abuse::AbuseClass::MalwareHosting || *known == abuse::AbuseClass::Copyright);
  const std::string_view sender = input.senders.empty() ? std::string_view{} : std::string_view(input.senders.front());
  const std::string_view url = accused_url(text, sender);
  const std::string host = about_content ? host_of(url) : std::string{};
  report.reporter = printable(sender.substr(sender.rfind('@') + 1), 200);
  if (accused.empty() && read_rows_of_text(text, input, known, report)) {
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
