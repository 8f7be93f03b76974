#include "engine/reports/report_intake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/keep_finding.hpp"
#include "engine/reports/reporter_answers.hpp"

namespace pinfold::engine {
namespace {

std::string joined(const std::vector<std::string>& domains) {
  std::string text;
  for (const std::string& domain : domains) {
    text += (text.empty() ? "" : " ") + domain;
  }
  return printable(text, 500);
}

/// What is known before anything is attributed.
records::ReportRow row_of(const TakenReport& taken, std::string authenticated) {
  const report::Report& report = taken.report;
  records::ReportRow row;
  row.raw_sha256 = taken.raw_sha256;
  row.received = taken.received;
  row.sender = taken.mail.from.empty() ? "" : printable(taken.mail.from.front().address, 254);
  row.authenticated = std::move(authenticated);
  row.subject = report.sealed ? "" : printable(taken.mail.subject, 300);
  row.format = report.format;
  row.definition = report.definition;
  row.reporter = report.reporter;
  row.report_id = report.report_id;
  row.is_sealed = report.sealed;
  row.dropped = report.dropped;
  row.why = report.why;
  return row;
}

/// A date from the future is the sender's error: the report's arrival stands in.
void attribute(abuse::Finding& finding, const ServerId& server, WallTime received) {
  finding.evidence.facts.insert(finding.evidence.facts.begin(), {"address", finding.server.value});
  finding.server = server;
  finding.detected_at = received;
  finding.last_seen = std::min(finding.last_seen, received);
  finding.first_seen = std::min(finding.first_seen, finding.last_seen);
}

bool is_below(std::string_view name, std::string_view domain) {
  return name == domain ||
         (name.size() > domain.size() && name.substr(name.size() - domain.size()) == domain && name[name.size() - domain.size() - 1] == '.');
}

/// Where the reporter reads: Reply-To or From, if the domain that was authenticated is theirs (nobody else is written to because of a forged header),
/// and if a person or a program reads there at all.
std::string answer_address(const TakenReport& taken) {
  const std::string reply_to{message::header_value(taken.mail, "Reply-To")};
  std::vector<std::string> candidates;
  if (const auto open = reply_to.find('<'); open != std::string::npos) {
    candidates.push_back(reply_to.substr(open + 1, reply_to.find('>', open) - open - 1));
  } else if (!reply_to.empty()) {
    candidates.push_back(reply_to);
  }
  if (!taken.mail.from.empty()) {
    candidates.push_back(taken.mail.from.front().address);
  }
  for (const std::string& candidate : candidates) {
    const std::string address = to_lower(trim(candidate));
    const auto at = address.rfind('@');
    const bool plain =
        at != std::string::npos && address.size() <= 254 && printable(address) == address && address.find_first_of(" <>,;\"") == std::string::npos;
    const std::string_view domain = plain ? std::string_view(address).substr(at + 1) : std::string_view{};
    const bool silent = istarts_with(address, "noreply") || istarts_with(address, "no-reply") || istarts_with(address, "donotreply") ||
                        istarts_with(address, "do-not-reply") || istarts_with(address, "mailer-daemon") || istarts_with(address, "bounce");
    const bool theirs =
        std::any_of(taken.authenticated.begin(), taken.authenticated.end(), [&](const std::string& known) { return is_below(domain, known); });
    if (plain && !silent && theirs) {
      return address;
    }
  }
  return {};
}

records::ReportedRow reported_row(const TakenReport& taken, const abuse::Finding& finding, bool authenticated) {
  records::ReportedRow row;
  row.finding_id = finding.id.value;
  row.raw_sha256 = taken.raw_sha256;
  row.reporter = to_lower(taken.report.reporter);
  row.is_authenticated = authenticated;
  row.answer_to = authenticated ? answer_address(taken) : std::string{};
  row.message_id = printable(taken.mail.message_id, 300);
  row.report_id = taken.report.report_id;
  row.address = finding.evidence.facts.empty() ? std::string{} : finding.evidence.facts.front().second;
  row.received = taken.received;
  return row;
}

}  // namespace

abuse::Finding without_reporter(abuse::Finding finding) {
  static constexpr std::array<std::string_view, 6> kTelling = {"agent",  "complainant",   "reported_domain", "envelope_sender_domain",
                                                               "dst_ip", "destination_ip"};
  auto& facts = finding.evidence.facts;
  facts.erase(std::remove_if(facts.begin(), facts.end(),
                             [](const auto& fact) { return std::find(kTelling.begin(), kTelling.end(), fact.first) != kTelling.end(); }),
              facts.end());
  finding.observation_point = "third party";
  finding.summary =
      fmt::format("A third party reports: {}{}", abuse::title(finding.abuse_class), finding.kind.empty() ? "" : " (" + finding.kind + ")");
  return finding;
}

bool ReportIntake::is_authenticated(const report::Report& report, const std::vector<std::string>& domains) {
  const std::string reporter = to_lower(report.reporter);
  return std::any_of(domains.begin(), domains.end(), [&](const std::string& domain) {
    return domain.find('.') != std::string::npos &&
           (is_below(reporter, domain) || (reporter.find('.') != std::string::npos && is_below(domain, reporter)));
  });
}

const ServerId* ReportIntake::server_of(const std::string& address) {
  const auto now = x_desk.inventory();
  if (now != x_inventory) {
    x_inventory = now;
    x_addresses = {};
    for (std::uint32_t i = 0; i < x_inventory->servers().size(); ++i) {
      for (const net::Prefix& prefix : x_inventory->servers()[i].addresses) {
        x_addresses.insert(prefix, i);
      }
    }
  }
  const auto parsed = net::IpAddress::parse(address);
  const auto index = parsed ? x_addresses.find(*parsed) : std::nullopt;
  return index ? &x_inventory->servers()[*index].id : nullptr;
}

std::string describe(const Outcome& outcome) {
  return outcome.state ? fmt::format("report: {}", records::to_string(*outcome.state)) : "a report that was taken before";
}

void ReportIntake::keep_for_person(records::Transaction& tx, const TakenReport& taken, std::string why) {
  records::ReportRow row = row_of(taken, joined(taken.authenticated));
  row.why = std::move(why);
  static_cast<void>(tx.reports().add(row));
}

void ReportIntake::answer_not_ours(records::Transaction& tx, const TakenReport& taken, const std::string& first_address, std::uint64_t count) {
  const std::string to = answer_address(taken);
  if (to.empty() || x_desk.policy().warnings != desk::Arming::Armed) {
    return;
  }
  const std::string key = fmt::format("reports/not-ours/{}/{}", to.substr(to.rfind('@') + 1), to_string(taken.received).substr(0, 10));
  if (tx.outbox().find(key)) {
    return;  // that reporter has been told today
  }
  queue_not_ours_answer(tx, key, {to, printable(taken.mail.message_id, 300), taken.report.report_id, first_address, count, taken.received});
}

Outcome ReportIntake::take(records::Transaction& tx, const TakenReport& taken) {
  const report::Report& report = taken.report;
  const bool authenticated = is_authenticated(report, taken.authenticated);
  records::ReportRow row = row_of(taken, joined(taken.authenticated));
  unsigned unknown_hosts = 0;
  unsigned weak = 0;
  std::string first_not_ours;
  for (abuse::Finding& finding :
       report.sealed ? std::vector<abuse::Finding>{} : report::to_findings(report, taken.mail.date.value_or(taken.received))) {
    const ServerId* server = server_of(finding.server.value);
    if (server == nullptr) {
      const bool is_address = net::IpAddress::parse(finding.server.value).has_value();
      row.not_ours += is_address ? 1U : 0U;
      first_not_ours = is_address && first_not_ours.empty() ? finding.server.value : first_not_ours;
      unknown_hosts += net::IpAddress::parse(finding.server.value) ? 0U : 1U;
      continue;
    }
    attribute(finding, *server, taken.received);
    if (authenticated && report.format != "text") {
      finding.confidence = std::max(finding.confidence, kAuthenticated);
    }
    tx.reports().note(reported_row(taken, finding, authenticated));
    weak += finding.confidence < x_desk.policy().min_confidence ? 1U : 0U;
    row.findings += keep_finding(tx, x_rules.show_reporters ? std::move(finding) : without_reporter(std::move(finding)), taken.received) ? 1U : 0U;
  }
  const bool understood = !report.sealed && !report.statements.empty() && unknown_hosts == 0;
  row.state = weak > 0                         ? records::ReportState::Triage
              : row.findings > 0               ? records::ReportState::Found
              : understood && row.not_ours > 0 ? records::ReportState::NotOurs
                                               : records::ReportState::Triage;
  if (weak > 0) {
    row.why += authenticated ? "; read from running text: too weak to open a case by itself"
                             : "; the sender is not authenticated: too weak to open a case by itself";
  }
  if (unknown_hosts > 0) {
    row.why += fmt::format("; {} name a host and no address", unknown_hosts);
  }
  if (!tx.reports().add(row)) {
    return {};
  }
  if (x_rules.answer_not_ours && authenticated && row.state == records::ReportState::NotOurs) {
    answer_not_ours(tx, taken, first_not_ours, row.not_ours);
  }
  log_info("REPORT_TAKEN", "{}: {} findings, {} addresses not ours, {}", row.format.empty() ? "not understood" : row.format, row.findings,
           row.not_ours, records::to_string(row.state));
  return {row.state, row.findings, row.not_ours, row.dropped, row.why};
}

}  // namespace pinfold::engine
