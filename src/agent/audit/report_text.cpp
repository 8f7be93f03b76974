// The report for people: what was found, worst first, each kind with why it matters and what to do first; then applications, facts, what was left
// out.
#include <fmt/format.h>

#include <algorithm>

#include "agent/audit/report.hpp"

namespace pinfold::agent::audit {
namespace {

constexpr std::size_t kShown = 40;  ///< subjects of one kind; JSON has all of them

void put_findings(const Report& report, std::string& text) {
  // Kinds in the order of their worst finding.
  std::vector<std::string> order;
  for (const Finding& finding : report.findings) {
    if (std::find(order.begin(), order.end(), finding.kind) == order.end()) {
      order.push_back(finding.kind);
    }
  }
  for (const std::string& name : order) {
    const FindingKind& kind = finding_kind(name);
    std::vector<const Finding*> of_kind;
    for (const Finding& finding : report.findings) {
      if (finding.kind == name) {
        of_kind.push_back(&finding);
      }
    }
    text += fmt::format("\n{} ({}{})\n  Why: {}\n  First: {}\n", kind.title, abuse::to_string(of_kind.front()->severity),
                        of_kind.size() > 1 ? fmt::format(", {} of them", of_kind.size()) : "", kind.why, kind.first);
    for (std::size_t i = 0; i < std::min(of_kind.size(), kShown); ++i) {
      text += fmt::format("  - {}: {}\n", of_kind[i]->subject, of_kind[i]->what);
      for (const auto& [fact, value] : of_kind[i]->evidence) {
        text += fmt::format("      {}: {}\n", fact, value);
      }
    }
    if (of_kind.size() > kShown) {
      text += fmt::format("  … and {} more (--json has all of them)\n", of_kind.size() - kShown);
    }
  }
}

void put_applications(const Report& report, std::string& text) {
  if (report.applications.empty()) {
    return;
  }
  text += fmt::format("\nInstalled PHP applications ({})\n", report.applications.size());
  for (const Application& application : report.applications) {
    text += fmt::format("  {:<24} {:<14} {:<27} {}{}\n", application.app, application.version.empty() ? "?" : application.version,
                        to_string(application.state), application.path, application.because.empty() ? "" : "\n      " + application.because);
  }
}

void put_facts(const Report& report, std::string& text) {
  std::string last;
  for (const Fact& fact : report.facts) {
    if (fact.kind != last) {
      last = fact.kind;
      text += fmt::format("\n{}\n", fact.kind);
    }
    text += fmt::format("  {}: {}\n", fact.subject, fact.what);
  }
}

}  // namespace

std::string to_people_text(const Report& report) {
  std::string text =
      fmt::format("Audit of {} at {}{}\n", report.hostname, report.started, report.order.empty() ? "" : ", ordered by " + report.order);
  if (report.order.empty()) {
    text += "No order was given: web content was not read.\n";
  } else {
    text += fmt::format("Read: {}\n", fmt::join(report.paths, ", "));
  }
  const std::size_t advice = report.findings.size() - report.counted();
  text += fmt::format("{} findings{} in {:.1f} s; {} files in {} folders looked at, {} scripts judged.\n", report.counted(),
                      advice > 0 ? fmt::format(" and {} pieces of advice", advice) : "", report.seconds, report.files, report.directories,
                      report.scripts);
  put_findings(report, text);
  put_applications(report, text);
  put_facts(report, text);
  if (!report.left_out.empty()) {
    text += "\nLeft out\n";
    for (const auto& [what, count] : report.left_out) {
      text += fmt::format("  {}: {}\n", what, count);
    }
  }
  return text;
}

}  // namespace pinfold::agent::audit
