#include "engine/reports/report_finding.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/keep_finding.hpp"
#include "engine/reports/report_intake.hpp"

namespace pinfold::engine {
namespace {

bool is_authenticated(const records::ReportRow& row) {
  report::Report claim;
  claim.reporter = row.reporter;
  std::vector<std::string> domains;
  for (const std::string_view domain : split(row.authenticated, ' ')) {
    domains.emplace_back(trim(domain));
  }
  return ReportIntake::is_authenticated(claim, domains);
}

}  // namespace

void keep_report_finding(records::Transaction& tx, const records::ReportRow& row, const PersonsReading& reading, WallTime now) {
  abuse::Finding finding;
  finding.id = FindingId{fmt::format("triage-{}-{}", row.id, reading.server.value)};
  finding.server = reading.server;
  finding.abuse_class = reading.abuse_class;
  finding.kind = reading.kind;
  finding.origin = abuse::Origin::Reporter;
  finding.first_seen = finding.last_seen = std::min(reading.at.value_or(row.received), row.received);
  finding.detected_at = row.received;
  finding.confidence = kAuthenticated;  // a person has read it
  finding.summary = fmt::format("A third party reports: {}", abuse::title(reading.abuse_class));
  finding.floor = "a third party's word; not measured here";
  finding.observation_point = "third party";
  finding.evidence.facts = {{"report", std::to_string(row.id)}};
  records::ReportedRow reported;
  reported.finding_id = finding.id.value;
  reported.raw_sha256 = row.raw_sha256;
  reported.reporter = to_lower(row.reporter);
  reported.is_authenticated = is_authenticated(row);
  reported.report_id = row.report_id;
  reported.address = reading.server.value;
  reported.received = row.received;
  tx.reports().note(reported);
  static_cast<void>(keep_finding(tx, abuse::bounded(finding), now));
  tx.reports().decide(row.id, records::ReportState::Found, row.findings + 1, "a person made a finding of it");
}

}  // namespace pinfold::engine
