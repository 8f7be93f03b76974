#include "ticket/audit_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json_reader.hpp"
#include "base/text.hpp"

namespace pinfold::ticket {
namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{64} * 1024;
constexpr std::size_t kMaxShown = 300;
constexpr std::size_t kNamed = 8;  ///< subjects that a step drawn together names

std::string text_of(JsonReader& reader, std::string_view field) {
  return reader.has(field) ? printable(reader.text(field), kMaxShown) : std::string{};
}

std::optional<std::string> take_finding(JsonReader& reader, AuditReport& report) {
  ReportFinding finding;
  finding.kind = printable(reader.text("kind"), 60);
  finding.severity = printable(reader.text("severity"), 20);
  finding.subject = text_of(reader, "subject");
  finding.what = text_of(reader, "what");
  finding.why = text_of(reader, "why");
  finding.first = text_of(reader, "first");
  finding.step = reader.parsed("step", parse_step_kind);
  if (!reader.error() && report.findings.size() < kMaxReportFindings) {
    report.counted += finding.severity == "info" ? 0U : 1U;
    report.findings.push_back(std::move(finding));
  }
  return reader.error();
}

std::optional<std::string> take_summary(JsonReader& reader, const nlohmann::json& json, AuditReport& report) {
  report.order = printable(reader.text("order"), 64);
  report.hostname = text_of(reader, "hostname");
  report.started = text_of(reader, "started");
  const auto paths = json.find("paths");
  if (paths == json.end() || !paths->is_array() || paths->size() > kMaxPaths) {
    return "paths: not a list";
  }
  for (const auto& path : *paths) {
    if (!path.is_string()) {
      return "paths: not a text";
    }
    report.paths.push_back(path.get<std::string>());
  }
  return reader.error();
}

struct Group {
  const ReportFinding* first = nullptr;
  std::vector<const ReportFinding*> all;
};

PlanStep step_of(const ReportFinding& finding, Side who) {
  return {finding.step, who, printable(fmt::format("{}: {}. {}", finding.subject, finding.what, finding.first), 500)};
}

PlanStep step_of(const Group& group, Side who) {
  std::string subjects;
  for (std::size_t i = 0; i < std::min(group.all.size(), kNamed); ++i) {
    subjects += (i == 0 ? "" : "; ") + group.all[i]->subject;
  }
  const std::string more = group.all.size() > kNamed ? fmt::format("; and {} more, see the report", group.all.size() - kNamed) : "";
  return {group.first->step, who,
          printable(fmt::format("{} ({}): {} {}{}", group.first->kind, group.all.size(), group.first->first, subjects, more), 500)};
}

}  // namespace

Expected<AuditReport, std::string> parse_audit_report(std::string_view text) {
  if (text.size() > kMaxReportBytes) {
    return Unexpected(fmt::format("the report is larger than {} MiB", kMaxReportBytes >> 20U));
  }
  AuditReport report;
  bool is_whole = false;
  std::size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (trim(line).empty()) {
      continue;
    }
    const auto json = parse_json(line, kMaxLineBytes, 4);
    if (!json || !json->is_object()) {
      return Unexpected(fmt::format("line {}: {}", number, json ? "not an object" : json.error()));
    }
    JsonReader reader(*json);
    const std::string type = reader.text("type");
    std::optional<std::string> fault = reader.error();
    if (type == "finding") {
      fault = take_finding(reader, report);
    } else if (type == "application") {
      ++report.applications;
    } else if (type == "left_out") {
      report.left_out += reader.number("count");
      fault = reader.error();
    } else if (type == "summary") {
      fault = take_summary(reader, *json, report);
      is_whole = true;
    } else if (type != "fact") {
      ++report.unknown_lines;
    }
    if (fault) {
      return Unexpected(fmt::format("line {}: {}", number, *fault));
    }
  }
  if (!is_whole) {
    return Unexpected(std::string("the report has no summary: it is cut"));
  }
  return report;
}

std::optional<std::string> why_not_for(const Ticket& t, const AuditReport& report) {
  if (report.order != to_string(t.id)) {
    return fmt::format("the report answers the order {}, not {}", report.order.empty() ? "(none)" : report.order, to_string(t.id));
  }
  return why_not(t, AuditRun{std::string(64, '0'), report.paths, static_cast<unsigned>(report.counted), {}});
}

std::string summary_of(const AuditReport& report) {
  std::map<std::string, std::size_t> counts;
  for (const ReportFinding& finding : report.findings) {
    counts[finding.kind] += finding.severity == "info" ? 0U : 1U;
  }
  std::string kinds;
  for (const auto& [kind, count] : counts) {
    kinds += count == 0 ? "" : fmt::format("{}{} {}", kinds.empty() ? ": " : ", ", kind, count);
  }
  return fmt::format("{} findings{}; {} applications", report.counted, kinds, report.applications);
}

std::vector<PlanStep> recommended_plan(const AuditReport& report, Side who) {
  std::vector<Group> groups;
  for (const ReportFinding& finding : report.findings) {
    if (finding.severity == "info") {
      continue;
    }
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& one) { return one.first->kind == finding.kind; });
    if (group == groups.end()) {
      group = groups.insert(groups.end(), Group{&finding, {}});
    }
    group->all.push_back(&finding);
  }
  // One step a finding, as long as there is room for it; the largest groups are drawn together first.
  const auto total = [&](std::size_t limit) {
    std::size_t steps = 0;
    for (const Group& group : groups) {
      steps += group.all.size() > limit ? 1 : group.all.size();
    }
    return steps;
  };
  std::size_t limit = kMaxSteps;
  while (limit > 0 && total(limit) > kMaxSteps) {
    --limit;
  }
  std::vector<PlanStep> plan;
  for (const Group& group : groups) {
    if (group.all.size() > limit) {
      plan.push_back(step_of(group, who));
    } else {
      std::transform(group.all.begin(), group.all.end(), std::back_inserter(plan),
                     [&](const ReportFinding* finding) { return step_of(*finding, who); });
    }
  }
  plan.resize(std::min(plan.size(), kMaxSteps), PlanStep{});
  return plan;
}

}  // namespace pinfold::ticket
