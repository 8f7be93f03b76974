#include "agent/audit/report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/enum_names.hpp"
#include "base/text.hpp"

namespace pinfold::agent::audit {
namespace {

using State = Application::State;
constexpr EnumNames<State, 6> kStates{{{{State::Current, "current"},
                                        {State::Unknown, "unknown"},
                                        {State::Outdated, "outdated"},
                                        {State::EndOfLife, "end_of_life"},
                                        {State::Vulnerable, "vulnerable"},
                                        {State::Distribution, "maintained_by_distribution"}}}};

template <typename T>
bool has_room(const std::vector<T>& items, Report& report) {
  if (items.size() < kMaxItems) {
    return true;
  }
  report.leave_out("lines beyond the report's limit");
  return false;
}

nlohmann::json to_json(const Finding& finding) {
  const FindingKind& kind = finding_kind(finding.kind);
  nlohmann::json json{{"type", "finding"},          {"kind", finding.kind}, {"severity", abuse::to_string(finding.severity)},
                      {"subject", finding.subject}, {"what", finding.what}, {"why", kind.why},
                      {"first", kind.first},        {"step", kind.step}};
  if (!finding.evidence.empty()) {
    json["evidence"] = finding.evidence;
  }
  return json;
}

nlohmann::json to_json(const Application& application) {
  nlohmann::json json{{"type", "application"},          {"app", application.app},   {"kind", application.kind},
                      {"version", application.version}, {"path", application.path}, {"state", to_string(application.state)}};
  if (!application.because.empty()) {
    json["because"] = application.because;
  }
  if (!application.package.empty()) {
    json["package"] = application.package;
  }
  return json;
}

}  // namespace

std::string_view to_string(Application::State state) { return kStates.name(state); }

void Report::add(Finding finding) {
  static_cast<void>(finding_kind(finding.kind));
  if (has_room(findings, *this)) {
    finding.subject = printable(finding.subject, kMaxText);
    finding.what = printable(finding.what, kMaxText);
    for (auto& [name, value] : finding.evidence) {
      value = printable(value, kMaxText);
    }
    findings.push_back(std::move(finding));
  }
}

void Report::add(Application application) {
  if (has_room(applications, *this)) {
    application.version = printable(application.version, 40);
    application.path = printable(application.path, kMaxText);
    applications.push_back(std::move(application));
  }
}

void Report::add(Fact fact) {
  if (has_room(facts, *this)) {
    fact.subject = printable(fact.subject, kMaxText);
    fact.what = printable(fact.what, kMaxText);
    facts.push_back(std::move(fact));
  }
}

void Report::leave_out(std::string_view what, std::uint64_t count) {
  if (count > 0) {
    left_out[std::string(what)] += count;
  }
}

std::size_t Report::counted() const {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [](const Finding& finding) { return finding.severity != abuse::Severity::Info; }));
}

void Report::sort() {
  std::sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(b.severity, a.kind, a.subject, a.what) < std::tie(a.severity, b.kind, b.subject, b.what);
  });
  std::sort(applications.begin(), applications.end(),
            [](const Application& a, const Application& b) { return std::tie(a.path, a.app) < std::tie(b.path, b.app); });
  std::sort(facts.begin(), facts.end(),
            [](const Fact& a, const Fact& b) { return std::tie(a.kind, a.subject, a.what) < std::tie(b.kind, b.subject, b.what); });
}

std::string to_json_lines(const Report& report) {
  std::string text;
  const auto line = [&](const nlohmann::json& json) { text += json.dump() + "\n"; };
  for (const Finding& finding : report.findings) {
    line(to_json(finding));
  }
  for (const Application& application : report.applications) {
    line(to_json(application));
  }
  for (const Fact& fact : report.facts) {
    line({{"type", "fact"}, {"kind", fact.kind}, {"subject", fact.subject}, {"what", fact.what}});
  }
  for (const auto& [what, count] : report.left_out) {
    line({{"type", "left_out"}, {"what", what}, {"count", count}});
  }
  line({{"type", "summary"},
        {"order", report.order},
        {"paths", report.paths},
        {"hostname", report.hostname},
        {"started", report.started},
        {"seconds", report.seconds},
        {"directories", report.directories},
        {"files", report.files},
        {"scripts", report.scripts},
        {"applications", report.applications.size()},
        {"findings", report.counted()},
        {"advice", report.findings.size() - report.counted()}});
  return text;
}

}  // namespace pinfold::agent::audit
