#include "agent/finding.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "agent/mask.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr std::string_view kRunsFact = "runs";
constexpr std::size_t kMaxShownPath = 1024;

std::string summary_of(const RunFacts& run) {
  const std::string path = printable(run.subject.path, 300);
  std::string text;
  switch (run.subject.how) {
    case Subject::How::Program: text = fmt::format("{} was run", path); break;
    case Subject::How::Memory: text = fmt::format("a program that exists only in memory ({}) was run", path); break;
    case Subject::How::Script: text = fmt::format("{} ran {}", printable(run.subject.interpreter, 64), path); break;
    case Subject::How::StandardInput: text = fmt::format("{} ran what stands in {}", printable(run.subject.interpreter, 64), path); break;
  }
  text += " as " + run.user;
  return run.judgement.started_by.empty() ? text : fmt::format("{}, started by {}", text, run.judgement.started_by);
}

/// What makes two runs the same: the statement's subject, not its process.
std::string identity_of(const abuse::Finding& f) {
  std::string text = f.kind;
  for (const std::string_view name : {"script", "user", "interpreter"}) {
    for (const auto& [fact, value] : f.evidence.facts) {
      text += fact == name ? "\n" + value : "";
    }
  }
  return f.evidence.files.empty() ? text : text + "\n" + f.evidence.files.front().sha256;
}

void set_fact(abuse::Evidence& evidence, std::string_view name, const std::string& value) {
  const auto found = std::find_if(evidence.facts.begin(), evidence.facts.end(), [&](const auto& fact) { return fact.first == name; });
  if (found == evidence.facts.end()) {
    evidence.facts.emplace_back(name, value);
  } else {
    found->second = value;
  }
}

}  // namespace

abuse::Finding make_finding(const RunFacts& run, const Content& content, const Speaker& speaker, WallTime now) {
  const std::string path = printable(run.subject.path, kMaxShownPath);
  abuse::Finding f;
  f.server = speaker.server;
  f.abuse_class = abuse::AbuseClass::MaliciousScript;
  f.kind = run.judgement.kind;
  f.origin = abuse::Origin::Host;
  f.first_seen = run.started;
  f.last_seen = run.started;
  f.detected_at = now;
  f.severity = run.judgement.severity;
  f.confidence = run.judgement.confidence;
  f.summary = summary_of(run);
  f.observation_point = speaker.agent.value;
  if (run.tier.starts_with("degraded")) {
    f.floor = run.tier;
  }
  auto& facts = f.evidence.facts;
  facts.emplace_back("script", path);
  if (!run.subject.interpreter.empty()) {
    facts.emplace_back("interpreter", printable(run.event.exe, kMaxShownPath));
  }
  facts.emplace_back("user", run.user);
  facts.emplace_back("working folder", printable(run.event.cwd, kMaxShownPath));
  facts.emplace_back("arguments", printable(fmt::format("{}", fmt::join(mask_secrets(run.event.arguments), " ")), kMaxShownPath));
  facts.emplace_back("ancestry", ancestry_text(run.subject, run.event));
  facts.emplace_back("process", std::to_string(run.event.pid));
  facts.emplace_back("started", to_string(run.started));
  if (content.bytes.empty()) {
    facts.emplace_back("content", "not kept: it was gone before it could be read");
  } else {
    const std::string hash = sha256_hex(content.bytes);
    f.evidence.files.push_back({path, hash, content.bytes.size()});
    facts.emplace_back("sha256", hash);
    facts.emplace_back("content", fmt::format("kept {}{}", content.how, content.complete ? "" : ", its beginning only"));
  }
  if (run.event.foreign_root) {
    facts.emplace_back("container", "the process runs in another mount namespace; its paths are its own");
  }
  if (run.lost > 0) {
    facts.emplace_back("events lost", std::to_string(run.lost));
  }
  return abuse::bounded(std::move(f));
}

std::optional<abuse::Finding> RunTable::add(abuse::Finding finding, WallTime now) {
  const std::string identity = identity_of(finding);
  auto found = x_runs.find(identity);
  if (found != x_runs.end() && finding.first_seen - found->second.finding.last_seen > x_quiet) {
    x_runs.erase(found);
    found = x_runs.end();
  }
  if (found == x_runs.end()) {
    make_room(now);
    const std::string unique = fmt::format("{}\n{}\n{}", finding.observation_point, identity, to_string(finding.first_seen));
    finding.id = FindingId{"host-" + sha256_hex(unique).substr(0, 32)};
    found = x_runs.emplace(identity, Run{}).first;
  } else {
    finding.id = found->second.finding.id;
    finding.first_seen = found->second.finding.first_seen;
  }
  Run& run = found->second;
  ++run.count;
  set_fact(finding.evidence, kRunsFact, std::to_string(run.count));
  run.finding = std::move(finding);
  if (run.count > 1 && now - run.told < x_retell) {
    run.untold = true;
    return std::nullopt;
  }
  run.told = now;
  run.untold = false;
  return run.finding;
}

std::vector<abuse::Finding> RunTable::due(WallTime now) {
  std::vector<abuse::Finding> result;
  for (auto& [identity, run] : x_runs) {
    if (run.untold && now - run.told >= x_retell) {
      run.untold = false;
      run.told = now;
      result.push_back(run.finding);
    }
  }
  return result;
}

void RunTable::make_room(WallTime now) {
  std::erase_if(x_runs, [&](const auto& entry) { return !entry.second.untold && now - entry.second.finding.last_seen > x_quiet; });
  if (x_runs.size() >= kMaxRuns) {
    x_runs.erase(std::min_element(x_runs.begin(), x_runs.end(),
                                  [](const auto& a, const auto& b) { return a.second.finding.last_seen < b.second.finding.last_seen; }));
  }
}

}  // namespace pinfold::agent
