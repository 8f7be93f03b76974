/// The report of an audit as the agent prints it (JSON lines, agent/audit/report.hpp), read by the desk: what it found, and the plan that follows.
/// Used by: `pinfold audit run` (may it be put on the ticket?) and `audit show|plan`. Pure.
/// Trust:   the report comes from a machine that may be in an attacker's hands. It may accuse, never acquit; every text is made printable and cut;
/// lines
///          that are of no known type are counted, not believed.
/// Bounds:  kMaxReportBytes, kMaxReportFindings findings; a plan has at most kMaxSteps steps: what is of one kind is drawn together until it fits.
/// Errors:  no summary line (the report is cut), a faulty line, with its number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "ticket/ticket.hpp"

namespace pinfold::ticket {

inline constexpr std::size_t kMaxReportBytes = std::size_t{16} << 20U;
inline constexpr std::size_t kMaxReportFindings = 20'000;

struct ReportFinding {
  std::string kind;
  std::string severity;
  std::string subject;
  std::string what;
  std::string why;
  std::string first;
  StepKind step = StepKind::Change;
};
struct AuditReport {
  std::string order;
  std::vector<std::string> paths;
  std::string hostname;
  std::string started;
  std::vector<ReportFinding> findings;  ///< in the report's order: worst first; advice (severity "info") included
  std::size_t counted = 0;              ///< findings without advice, counted here
  std::size_t applications = 0;
  std::uint64_t left_out = 0;
  std::uint64_t unknown_lines = 0;
};
[[nodiscard]] Expected<AuditReport, std::string> parse_audit_report(std::string_view text);

/// Why this report may not be put on the ticket as the answer to its last order; nullopt: it may.
[[nodiscard]] std::optional<std::string> why_not_for(const Ticket& t, const AuditReport& report);
/// "3 findings: malicious_script 1, vulnerable_application 2; 12 applications"
[[nodiscard]] std::string summary_of(const AuditReport& report);
/// What to do and `who` does it, in order of weight. Advice is left to the reader.
[[nodiscard]] std::vector<PlanStep> recommended_plan(const AuditReport& report, Side who = Side::Customer);

}  // namespace pinfold::ticket
