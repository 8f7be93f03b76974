#include "report/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace pinfold::report {
namespace {

constexpr std::size_t kMaxKind = 60;

std::size_t size_of(const Statement& statement) {
  std::size_t size = 128 + statement.host.size() + statement.kind.size();
  for (const auto& [name, value] : statement.facts) {
    size += 32 + name.size() + value.size();
  }
  return size;
}

std::string name_of(const Statement& statement) { return statement.address ? net::to_string(*statement.address) : statement.host; }

std::string summary_of(const Report& report, const Statement& statement) {
  if (report.sealed) {
    return "A sealed report: only those with the role for it may open it.";
  }
  return fmt::format("{} reports: {}{}", report.reporter.empty() ? "A third party" : report.reporter, abuse::title(statement.abuse_class),
                     statement.kind.empty() ? "" : " (" + statement.kind + ")");
}

/// The same statement sent twice by one reporter is the same finding; two pages on one server are two.
FindingId id_of(const abuse::Finding& finding, const Statement& statement) {
  std::string key = fmt::format("{}|{}|{}|{}|{}|{}", finding.server.value, abuse::to_string(finding.abuse_class), finding.kind,
                                to_string(finding.first_seen), to_string(finding.last_seen), finding.observation_point);
  for (const auto& [name, value] : statement.facts) {
    key += name == "url" || name == "infringing_url" ? "|" + value : "";
  }
  return FindingId{"report-" + sha256_hex(key).substr(0, 24)};
}

}  // namespace

bool is_recognised(const Report& report) { return report.sealed || (!report.format.empty() && report.format != "text"); }

void add_fact(Statement& statement, std::string_view name, std::string_view value) {
  value = trim(value);
  if (!value.empty() && statement.facts.size() < kMaxStatementFacts) {
    statement.facts.emplace_back(name, printable(value, kMaxFact));
  }
}

std::string kind_word(std::string_view text) {
  std::string word;
  for (const char c : to_lower(trim(text)).substr(0, kMaxKind)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (plain || (!word.empty() && word.back() != '_')) {
      word += plain ? c : '_';
    }
  }
  while (!word.empty() && word.back() == '_') {
    word.pop_back();
  }
  return word;
}

void add_statement(Report& report, Statement statement) {
  if (!statement.address && statement.host.empty()) {
    ++report.dropped;
    return;
  }
  if (statement.first && statement.last && *statement.last < *statement.first) {
    std::swap(statement.first, statement.last);
  }
  std::size_t total = 0;
  if (report.statements.size() % 64 == 63) {  // the sum is looked at now and then: a statement is bounded, so it cannot overshoot far
    for (const Statement& each : report.statements) {
      total += size_of(each);
    }
  }
  if (report.statements.size() >= kMaxStatements || total > kMaxReportBytes) {
    ++report.dropped;
    return;
  }
  report.statements.push_back(std::move(statement));
}

std::vector<abuse::Finding> to_findings(const Report& report, WallTime received) {
  constexpr abuse::Confidence kOnesWord{50};
  constexpr abuse::Confidence kGuessed{25};
  std::vector<abuse::Finding> findings;
  findings.reserve(report.statements.size());
  for (const Statement& statement : report.statements) {
    abuse::Finding finding;
    const std::string server = name_of(statement);
    finding.server = ServerId{server};
    finding.abuse_class = statement.abuse_class;
    finding.kind = statement.kind;
    finding.origin = abuse::Origin::Reporter;
    finding.first_seen = statement.first.value_or(received);
    finding.last_seen = statement.last.value_or(finding.first_seen);
    finding.detected_at = received;
    finding.severity = statement.severity;
    finding.confidence = report.format == "text" ? kGuessed : kOnesWord;
    finding.summary = summary_of(report, statement);
    finding.floor = "a third party's word; not measured here";
    finding.observation_point = report.reporter;
    finding.evidence.facts = statement.facts;
    finding.evidence.facts.emplace_back("format", report.format);
    if (!statement.first) {
      finding.evidence.facts.emplace_back("time", "the report names none; the mail's own date stands in");
    }
    finding.id = id_of(finding, statement);
    findings.push_back(abuse::bounded(std::move(finding)));
  }
  return findings;
}

}  // namespace pinfold::report
