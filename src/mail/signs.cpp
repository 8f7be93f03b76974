#include "mail/signs.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "mail/dsn.hpp"
#include "mail/phrases.hpp"
#include "mail/reply_text.hpp"
#include "net/ip_address.hpp"
#include "report/class_words.hpp"

namespace pinfold::mail {
namespace {

std::string_view scanned(const std::string& text) { return std::string_view(text).substr(0, kMaxScanned); }

bool has_all(std::string_view text, std::string_view a, std::string_view b) { return icontains(text, a) && icontains(text, b); }

std::optional<std::string> report_in_part(const message::Part& part) {
  const std::string_view text = scanned(part.text);
  const bool json = icontains(part.type, "json") || istarts_with(trim(text), "{");
  if (json && (has_all(text, "\"ReporterInfo\"", "\"Report\"") || has_all(text, "\"xarf_version\"", "\"category\"") ||
               has_all(text, "\"source_identifier\"", "\"reporter\""))) {
    return "an XARF report (JSON)";
  }
  if (has_all(text, "Reported-From:", "Report-Type:") || has_all(text, "Schema-URL:", "Report-Type:")) {
    return "an X-ARF report";
  }
  if (icontains(text, "<Infringement") && icontains(text, "acns")) {
    return "an ACNS notice (XML)";
  }
  return std::nullopt;
}

bool is_word_end(char c) { return c != '.' && c != ':' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z'); }

/// An IPv4 or IPv6 address that stands as a word.
bool names_address(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && !is_word_end(text[end])) {
      ++end;
    }
    std::string_view word = text.substr(at, end - at);
    while (!word.empty() && (word.back() == '.' || word.back() == ':')) {
      word.remove_suffix(1);
    }
    if (word.size() >= 7 && net::IpAddress::parse(word.substr(0, 45))) {
      return true;
    }
    at = end + 1;
  }
  return false;
}

std::string named(const message::Header& header) { return printable(header.name + ": " + header.value, 120); }

}  // namespace

std::optional<std::string> find_report_structure(const message::Mail& mail) {
  if (mail.report_type == "feedback-report") {
    return "a feedback report (ARF)";
  }
  for (const std::string_view name : {"X-XARF", "X-ARF", "X-Apple-Unsubscribe"}) {  // the last: an opt-out, RFC 5965's word for it
    if (const message::Header* header = message::find_header(mail.headers, name)) {
      return named(*header);
    }
  }
  for (const message::Part& part : mail.parts) {
    if (part.embedded > 0) {
      continue;
    }
    if (part.type == "message/feedback-report") {
      return "a feedback report (ARF)";
    }
    if (auto found = report_in_part(part)) {
      return found;
    }
  }
  return std::nullopt;
}

std::optional<std::string> find_report_words(const message::Mail& mail) {
  static constexpr std::array<std::string_view, 27> kWords = {
      "abuse",   "infring",   "phish",    "malware",     "spam",         "attack",        "brute",     "blacklist", "blocklist",
      "botnet",  "infected",  "vulnerab", "compromised", "unauthorized", "hacked",        "port scan", "portscan",  "scanning",
      "exploit", "copyright", "honeypot", "malicious",   "complaint",    "open resolver", "scraping",  "harass",    "illegal"};
  const std::string text = mail.subject + "\n" + own_text(mail);
  const bool attached = std::any_of(mail.parts.begin(), mail.parts.end(), [](const message::Part& part) {
    return icontains(part.type, "zip") || icontains(part.type, "csv") || icontains(part.filename, ".csv") || icontains(part.filename, ".zip");
  });
  const auto word = std::find_if(kWords.begin(), kWords.end(), [&](std::string_view w) { return icontains(scanned(text), w); });
  std::string_view said = word != kWords.end() ? *word : icontains(mail.subject, "report") ? "report" : "";
  if (said.empty() && names_address(scanned(text))) {  // in another language
    const auto known = report::class_of_text(mail.subject, scanned(text));
    said = known ? abuse::to_string(*known) : "";
  }
  if (said.empty() || (!attached && !names_address(scanned(text)) && !icontains(scanned(text), "http"))) {
    return std::nullopt;
  }
  return "names an address or a link or brings a table, and says \"" + std::string(said) + "\"";
}

std::optional<std::string> find_auto_reply_header(const message::Mail& mail) {
  static constexpr std::array<std::string_view, 11> kHeaders = {"X-Autoreply",
                                                                "X-Autorespond",
                                                                "X-Autoresponder",
                                                                "X-Auto-Reply",
                                                                "X-Autoreply-From",
                                                                "X-Mail-Autoreply",
                                                                "X-Vacation",
                                                                "X-Amazon-Auto-Reply",
                                                                "X-MS-Exchange-Inbox-Rules-Loop",
                                                                "X-FC-MachineGenerated",
                                                                "X-Apple-Action"};
  if (const message::Header* header = message::find_header(mail.headers, "Auto-Submitted")) {
    const std::string_view value = header->value;
    if (!iequals(trim(value.substr(0, value.find_first_of(";("))), "no")) {
      return named(*header);
    }
  }
  for (const std::string_view name : kHeaders) {
    const message::Header* header = message::find_header(mail.headers, name);
    if (header != nullptr && !iequals(header->value, "no") && !iequals(header->value, "false")) {
      return named(*header);
    }
  }
  if (const message::Header* header = message::find_header(mail.headers, "Precedence")) {
    if (icontains(header->value, "auto")) {  // auto_reply, auto-reply
      return named(*header);
    }
  }
  return std::nullopt;
}

std::optional<std::string> find_bulk_header(const message::Mail& mail) {
  for (const std::string_view name : {"Precedence", "X-Precedence"}) {
    const message::Header* header = message::find_header(mail.headers, name);
    if (header != nullptr && (iequals(header->value, "bulk") || iequals(header->value, "junk") || iequals(header->value, "list"))) {
      return named(*header);
    }
  }
  for (const std::string_view name :
       {"X-Auto-Response-Suppress", "X-RT-Loop-Prevention", "X-OTRS-Loop", "X-Loop", "Feedback-ID", "List-Id", "List-Subscribe", "Mailing-List"}) {
    if (const message::Header* header = message::find_header(mail.headers, name)) {
      return named(*header);
    }
  }
  return std::nullopt;
}

std::optional<std::string> find_absence(std::string_view subject, std::string_view text) {
  if (is_absence_subject(subject) && (!has_answer_prefix(subject) || says_absent(text) || says_automatic(text))) {
    return "the subject reads like an absence notice";
  }
  return std::nullopt;
}

std::optional<std::string> find_robot(std::string_view subject, std::string_view text) {
  if (says_automatic(text)) {
    return "its text says that a program wrote it";
  }
  const std::size_t acknowledgements = count_acknowledgements(text);
  if (acknowledgements > 1 || (acknowledgements == 1 && !has_answer_prefix(subject))) {
    return "its text reads like a ticket robot's";
  }
  if (is_robot_subject(subject) && !has_answer_prefix(subject)) {
    return "the subject reads like a ticket robot's";
  }
  return std::nullopt;
}

bool is_auto_replied(const message::Mail& mail) {
  static constexpr std::array<std::string_view, 4> kHeaders = {"X-Autoreply", "X-Autorespond", "X-MS-Exchange-Inbox-Rules-Loop", "X-Vacation"};
  return istarts_with(trim(message::header_value(mail, "Auto-Submitted")), "auto-replied") ||
         std::any_of(kHeaders.begin(), kHeaders.end(), [&](std::string_view name) { return message::find_header(mail.headers, name) != nullptr; });
}

}  // namespace pinfold::mail
