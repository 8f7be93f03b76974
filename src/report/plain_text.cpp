#include <algorithm>
#include <array>

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

/// Of what a web page can be accused: the URL in such a report is the server's. An attacker's report names the URL that he attacked.
bool names_pages(abuse::AbuseClass meaning) {
  static constexpr std::array kOfPages = {abuse::AbuseClass::Phishing,    abuse::AbuseClass::MalwareHosting, abuse::AbuseClass::Copyright,
                                          abuse::AbuseClass::Compromised, abuse::AbuseClass::VulnerableApp,  abuse::AbuseClass::OpenService};
  return std::find(kOfPages.begin(), kOfPages.end(), meaning) != kOfPages.end();
}

template <typename Words>
bool has_any(std::string_view line, const Words& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return icontains(line, word); });
}

/// Words on the line of a URL that is somebody's own, the original, or only tells more.
constexpr auto kInnocent = std::to_array<std::string_view>(
    {"original", "official", "legitim",    "genuine",  "licensed",     "copyrighted", "authorized copy", "our site", "our website", "our web",
     "our form", "evidence", "screenshot", "informat", "details",      "reference",   "virustotal",      "whois",    "report:",     "learn more",
     "more at",  "see also", "policy",     "terms",    "contact",      "unsubscribe", "offiziell",       "unsere",   "officiel",    "ufficiale",
     "oficial",  "nuestr",   "notre",      "onze",     "our customer", "our client",  "targets",         "portal"});

/// "Domain: shop.example": a name without a URL.
std::string labelled_host(std::string_view text) {
  static constexpr auto kLabels =
      std::to_array<std::string_view>({"domain", "host name", "hostname", "website", "web site", "site", "fqdn", "domän", "dominio"});
  static constexpr auto kOthers =
      std::to_array<std::string_view>({"registrar", "registr", "sender", "official", "legit", "your", "reporter", "creat"});
  for (const std::string_view line : split(text, '\n')) {
    const auto colon = line.find(':');
    const std::string_view label = line.substr(0, colon);
    if (colon == std::string_view::npos || colon > 30 || !has_any(label, kLabels) || has_any(label, kOthers)) {
      continue;
    }
    const std::string_view value = trim(line.substr(colon + 1));
    std::string host = value.find_first_of(" \t/") == std::string_view::npos ? host_of(value) : std::string{};
    if (host.find('.') != std::string::npos && host.find(':') == std::string::npos) {
      return host;
    }
  }
  return {};
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
    const std::string_view words = line.substr(0, static_cast<std::size_t>(url.data() - line.data()));
    if (!is_own && (icontains(line, "infring") || icontains(line, "phish") || icontains(line, "malware"))) {
      return url;
    }
    first = first.empty() ? url : first;
    chosen = chosen.empty() && !is_own && !has_any(words, kInnocent) ? url : chosen;
  }
  if (!chosen.empty()) {
    return chosen;
  }
  return labelled_host(text).empty() ? first : std::string_view{};
}

/// What the whole text says; its addresses differ in their times only.
struct Accusation {
  std::optional<abuse::AbuseClass> abuse_class;
  std::string_view url;      ///< of a page that is accused
  std::string host;          ///< of that page, or a name that stands alone
  std::string_view service;  ///< that is attacked
};

Accusation read_accusation(const Input& input, std::string_view text) {
  Accusation said;
  said.abuse_class = class_of_text(input.subject, text);
  said.service = said.abuse_class == abuse::AbuseClass::BruteForce ? service_in(input.subject + "\n" + std::string(text)) : std::string_view{};
  if (said.abuse_class && names_pages(*said.abuse_class)) {
    said.url = accused_url(text, input.senders.empty() ? std::string_view{} : std::string_view(input.senders.front()));
    said.host = said.url.empty() ? labelled_host(text) : host_of(said.url);
  }
  return said;
}

/// Without an address it is about the accused page's host.
Statement make_statement(const Accusation& said, const std::optional<net::IpAddress>& address, EventTimes& times) {
  Statement statement;
  statement.address = address ? address : net::IpAddress::parse(said.host);
  statement.host = statement.address ? std::string{} : said.host;
  statement.abuse_class = said.abuse_class.value_or(abuse::AbuseClass::Other);
  statement.kind = std::string(said.service);
  const Span span = address ? times.beside(*address) : Span{};
  const auto labelled = times.labelled();
  // A label's time in whole seconds and the log line's with a fraction are the same.
  const bool same = span.first && labelled && *span.first - *labelled >= Micros{0} && *span.first - *labelled < Seconds{1};
  statement.first = span.first && !same ? span.first : labelled;
  statement.last = span.last ? span.last : statement.first;
  add_fact(statement, "url", said.url);
  return statement;
}

}  // namespace

bool read_plain_text(const Input& input, Report& report) {
  const std::string text = with_logs(input);
  const auto accused = accused_addresses(input.subject, text);
  const Accusation said = read_accusation(input, text);
  const std::string_view sender = input.senders.empty() ? std::string_view{} : std::string_view(input.senders.front());
  report.reporter = printable(sender.substr(sender.rfind('@') + 1), 200);
  if (accused.empty() && read_rows_of_text(text, input, said.abuse_class, report)) {
    report.format = "text";
    report.why = "a table in running text";
    return true;
  }
  if (accused.size() > kMaxAccused || (accused.empty() && said.host.empty())) {
    report.why = accused.empty() ? "no address that it clearly accuses" : "more addresses than a person would write";
    return false;
  }
  report.format = "text";
  report.why = "running text; the address by the words before it";
  EventTimes times(text, input.times);
  for (const net::IpAddress& address : accused) {
    add_statement(report, make_statement(said, address, times));
  }
  if (accused.empty()) {
    add_statement(report, make_statement(said, std::nullopt, times));
  }
  return true;
}

}  // namespace pinfold::report
