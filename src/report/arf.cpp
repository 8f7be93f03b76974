#include <algorithm>

#include "base/text.hpp"
#include "report/addresses.hpp"
#include "report/class_words.hpp"
#include "report/event_time.hpp"
#include "report/formats.hpp"

namespace pinfold::report {
namespace {

using abuse::AbuseClass;

struct Feedback {
  std::string_view type;
  AbuseClass meaning;
  std::string_view kind;
};
// RFC 5965 section 7.3 and the registry it opened; "complaint" and "spam" are what some write instead.
constexpr std::array<Feedback, 8> kTypes{{{"abuse", AbuseClass::Spam, "complaint"},
                                          {"complaint", AbuseClass::Spam, "complaint"},
                                          {"spam", AbuseClass::Spam, "complaint"},
                                          {"fraud", AbuseClass::Phishing, "mail"},
                                          {"virus", AbuseClass::Spam, "virus"},
                                          {"auth-failure", AbuseClass::Spam, "auth-failure"},
                                          {"opt-out", AbuseClass::Spam, "opt-out"},
                                          {"other", AbuseClass::Other, "mail"}}};

const message::Part* find_feedback(const message::Mail& mail) {
  const auto found = std::find_if(mail.parts.begin(), mail.parts.end(),
                                  [](const message::Part& part) { return part.embedded == 0 && part.type == "message/feedback-report"; });
  return found == mail.parts.end() ? nullptr : &*found;
}

/// The address that handed the mail over, by the original's topmost Received header: the last one before " by ".
std::optional<net::IpAddress> handed_over_by(const message::Part& original) {
  for (const message::Header& header : original.headers) {
    if (iequals(header.name, "Received")) {
      const std::string_view from = std::string_view(header.value).substr(0, header.value.find(" by "));
      if (const auto found = find_addresses(from); !found.empty() && istarts_with(trim(from), "from")) {
        return found.back().address;
      }
    }
  }
  return std::nullopt;
}

const message::Part* find_original(const message::Mail& mail) {
  const auto found =
      std::find_if(mail.parts.begin(), mail.parts.end(), [](const message::Part& part) { return part.embedded == 0 && !part.headers.empty(); });
  return found == mail.parts.end() ? nullptr : &*found;
}

std::optional<net::IpAddress> source_of(const Input& input, const std::vector<message::Header>& fields, const message::Part* original) {
  if (const auto address = parse_address(field(fields, {"Source-IP", "Source-Ip-Address", "Source"}))) {
    return address;
  }
  if (const auto accused = accused_addresses(input.subject, input.text); !accused.empty()) {
    return accused.front();
  }
  return original == nullptr ? std::nullopt : handed_over_by(*original);
}

/// When the original was received, as Arrival-Date would say it (RFC 5965 section 3.2): by the hop at which the source handed it over, else by the
/// last hop. The original's own Date is its sender's claim: it stands in only where no hop tells, or one tells a time after the report was written.
std::optional<WallTime> received_at(const message::Part& original, const std::optional<net::IpAddress>& source, const TimeContext& context) {
  constexpr Micros kSkew = std::chrono::hours{1};
  std::optional<WallTime> last_hop;
  for (const message::Header& header : original.headers) {
    if (!iequals(header.name, "Received")) {
      continue;
    }
    const auto times = find_times(header.value, context);
    const bool told = !times.empty() && (context.now == WallTime{} || times.back().time <= context.now + kSkew);
    const auto from = find_addresses(std::string_view(header.value).substr(0, header.value.find(" by ")));
    if (told && std::any_of(from.begin(), from.end(), [&](const FoundAddress& found) { return source && found.address == *source; })) {
      return times.back().time;
    }
    last_hop = last_hop || !told ? last_hop : std::optional(times.back().time);
  }
  const message::Header* date = message::find_header(original.headers, "Date");
  return last_hop || date == nullptr ? last_hop : parse_time(date->value, context);
}

std::string_view domain_of(std::string_view mailbox) {
  const auto at = mailbox.rfind('@');
  return at == std::string_view::npos ? std::string_view{} : mailbox.substr(at + 1);
}

void read_feedback(const Input& input, const std::vector<message::Header>& fields, Report& report) {
  const message::Part* original = find_original(input.mail);
  Statement statement;
  statement.address = source_of(input, fields, original);
  if (!statement.address) {
    statement.host = host_of(field(fields, {"Reported-Domain", "Reported-URI"}));
  }
  const std::string_view type = field(fields, {"Feedback-Type"});
  const auto known = std::find_if(kTypes.begin(), kTypes.end(), [&](const Feedback& f) { return iequals(f.type, type); });
  statement.abuse_class = known != kTypes.end() ? known->meaning : class_of_word(type).value_or(AbuseClass::Spam);
  statement.kind = known != kTypes.end() ? std::string(known->kind) : kind_word(type);
  statement.severity = type == "auth-failure" ? abuse::Severity::Low : abuse::Severity::Medium;
  statement.first = parse_time(field(fields, {"Arrival-Date", "Received-Date"}), input.times);
  if (!statement.first && statement.address) {
    statement.first = EventTimes(input.text, input.times).beside(*statement.address).last;
  }
  if (!statement.first && original != nullptr) {
    statement.first = received_at(*original, statement.address, input.times);
  }
  statement.last = statement.first;
  add_fact(statement, "feedback_type", type);
  add_fact(statement, "incidents", field(fields, {"Incidents"}));
  add_fact(statement, "reported_domain", field(fields, {"Reported-Domain"}));
  add_fact(statement, "envelope_sender_domain", domain_of(trim(field(fields, {"Original-Mail-From"}))));
  add_fact(statement, "agent", field(fields, {"User-Agent"}));
  add_statement(report, std::move(statement));
}

}  // namespace

bool read_arf(const Input& input, Report& report) {
  const message::Part* part = find_feedback(input.mail);
  const bool declared = input.mail.report_type == "feedback-report";
  const message::Part* original = find_original(input.mail);
  // Microsoft's junk mail reporting: "complaint about message from ADDRESS" around the original, and nothing else.
  const bool jmrp = part == nullptr && !declared && original != nullptr && istarts_with(trim(input.mail.subject), "complaint about message from");
  if (part == nullptr && !declared && !jmrp) {
    return false;
  }
  const auto fields = read_fields(part == nullptr ? std::string_view{} : std::string_view(part->text));
  if (iequals(field(fields, {"Feedback-Type"}), "xarf")) {
    return false;  // an envelope around XARF JSON
  }
  report.format = "arf";
  report.why = jmrp ? "a complaint with the original attached (JMRP)" : "a feedback report (ARF)";
  if (iequals(field(fields, {"Feedback-Type"}), "not-spam")) {
    report.why = "a feedback report that takes a complaint back";
    return true;
  }
  report.reporter = input.senders.empty() ? "" : printable(domain_of(input.senders.front()), 200);
  read_feedback(input, fields, report);
  if (report.statements.empty()) {
    report.why += ", which names no source";
  }
  return true;
}

}  // namespace pinfold::report
