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
    case Subject::How::Deleted: text = fmt::format("{}, a file that was deleted already, was run", path); break;
    case Subject::How::StandardInput:
      text = run.subject.path.starts_with('(') ? fmt::format("{} ran what came in through {}", printable(run.subject.interpreter, 64),
                                                             run.subject.path.substr(1, run.subject.path.size() - 2))
                                               : fmt::format("{} ran what stands in {}", printable(run.subject.interpreter, 64), path);
      break;
  }
  text += " as " + run.user;
  return run.judgement.started_by.empty() ? text : fmt::format("{}, started by {}", text, run.judgement.started_by);
}

/// What makes two runs the same: the statement's subject, not its process.
std::string identity_of(const abuse::Finding& f) {
  std::string text = fmt::format("{} {}", abuse::to_string(f.abuse_class), f.kind);
  for (const std::string_view name : {"script", "user", "interpreter", "program"}) {
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

/// What every finding of the agent begins with.
abuse::Finding begin_finding(const RunFacts& run, const Speaker& speaker, WallTime now) {
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
  f.observation_point = speaker.agent.value;
  if (run.tier.find("degraded") != std::string::npos) {
    f.floor = run.tier;
  }
  return f;
}

void add_fact(abuse::Finding& finding, std::string_view name, std::string value) {
  if (!value.empty()) {
    finding.evidence.facts.emplace_back(name, std::move(value));
  }
}

std::string masked(const std::vector<std::string>& arguments) {
  return printable(fmt::format("{}", fmt::join(mask_secrets(arguments), " ")), kMaxShownPath);
}

void add_origin(abuse::Finding& f, const RunFacts& run) {
  add_fact(f, "service", run.origin.unit);
  add_fact(f, "site", run.origin.site);
  add_fact(f, "web folder", run.origin.web_folder);
  add_fact(f, "page", run.origin.page);
  if (!run.origin.container.empty()) {
    add_fact(f, "container", run.origin.container + (run.event.foreign_root ? "; its paths are its own" : ""));
  } else if (run.event.foreign_root) {
    add_fact(f, "container", "the process runs in another mount namespace; its paths are its own");
  }
}

void add_content(abuse::Finding& f, const std::string& path, const Content& content, bool keep) {
  if (content.bytes.empty()) {
    add_fact(f, "content", "not kept: it was gone before it could be read");
    return;
  }
  std::string hash = sha256_hex(content.bytes);
  if (keep) {
    f.evidence.files.push_back({path, hash, content.bytes.size()});
  }
  add_fact(f, "sha256", std::move(hash));
  add_fact(
      f, "content",
      keep ? fmt::format("kept {}{}", content.how, content.complete ? "" : ", its beginning only") : std::string("not kept: nobody may execute it"));
}

}  // namespace

abuse::Finding make_finding(const RunFacts& run, const Content& content, const Speaker& speaker, WallTime now) {
  const std::string path = printable(run.subject.path, kMaxShownPath);
  abuse::Finding f = begin_finding(run, speaker, now);
  f.summary = summary_of(run);
  add_fact(f, "script", path);
  if (!run.subject.interpreter.empty()) {
    add_fact(f, "interpreter", printable(run.event.exe, kMaxShownPath));
  }
  add_fact(f, "user", run.user);
  add_fact(f, "working folder", printable(run.event.cwd, kMaxShownPath));
  add_fact(f, "arguments", masked(run.event.arguments));
  add_fact(f, "ancestry", ancestry_text(run.subject, run.event));
  add_fact(f, "started by", run.judgement.started_by);
  add_fact(f, "signs", fmt::format("{}", fmt::join(run.judgement.signs, "; ")));
  add_fact(f, "process", std::to_string(run.event.pid));
  add_fact(f, "started", to_string(run.started));
  add_origin(f, run);
  add_content(f, path, content, /*keep=*/true);
  if (run.lost > 0) {
    add_fact(f, "events lost", std::to_string(run.lost));
  }
  return abuse::bounded(std::move(f));
}

abuse::Finding make_drop_finding(const RunFacts& run, const Content& content, bool keep, const Speaker& speaker, WallTime now) {
  const std::string path = printable(run.subject.path, kMaxShownPath);
  abuse::Finding f = begin_finding(run, speaker, now);
  f.summary = fmt::format("{} {} in {}", keep ? "an executable" : "a script", "appeared", printable(run.subject.path, 300));
  f.summary += run.judgement.started_by.empty() ? fmt::format(", owned by {}", run.user) : fmt::format(", written by {}", run.judgement.started_by);
  add_fact(f, "script", path);
  add_fact(f, "user", run.user);
  if (run.event.pid != 0) {
    add_fact(f, "written by", printable(run.event.exe, kMaxShownPath));
    add_fact(f, "arguments", masked(run.event.arguments));
    add_fact(f, "working folder", printable(run.event.cwd, kMaxShownPath));
    add_fact(f, "ancestry", ancestry_text({Subject::How::Program, run.event.exe, {}}, run.event));
    add_fact(f, "process", std::to_string(run.event.pid));
  }
  add_fact(f, "signs", fmt::format("{}", fmt::join(run.judgement.signs, "; ")));
  add_fact(f, "started", to_string(run.started));
  add_origin(f, run);
  add_content(f, path, content, keep);
  return abuse::bounded(std::move(f));
}

abuse::Finding make_connection_finding(const RunFacts& run, const Connections& connections, const NetJudgement& judgement, const Speaker& speaker,
                                       WallTime now, MonoTime mono) {
  abuse::Finding f = begin_finding(run, speaker, now);
  f.abuse_class = judgement.abuse_class;
  f.kind = judgement.kind;
  f.severity = judgement.severity;
  f.confidence = judgement.confidence;
  const auto before = [&](MonoTime t) { return now - std::chrono::duration_cast<Micros>(std::max(Nanos{0}, mono - t)); };
  f.first_seen = before(connections.first);
  f.last_seen = std::max(before(connections.last), f.first_seen);
  const std::string called = masked(run.event.arguments);
  f.summary = fmt::format("{} (process {}, as {}) {} within a minute", called.empty() ? printable(connections.comm, 64) : printable(called, 200),
                          connections.pid, run.user, judgement.what);
  add_fact(f, "process", std::to_string(connections.pid));
  add_fact(f, "program", printable(run.event.exe.empty() ? connections.comm : run.event.exe, kMaxShownPath));
  add_fact(f, "arguments", called);
  add_fact(f, "script", printable(run.subject.path, kMaxShownPath));
  add_fact(f, "user", run.user);
  add_fact(f, "working folder", printable(run.event.cwd, kMaxShownPath));
  add_fact(f, "ancestry",
           ancestry_text({Subject::How::Program, run.event.exe.empty() ? connections.comm : run.event.exe, run.subject.interpreter}, run.event));
  for (auto& fact : connection_facts(connections, now, mono)) {
    f.evidence.facts.push_back(std::move(fact));
  }
  add_origin(f, run);
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
  if (finding.abuse_class == abuse::AbuseClass::MaliciousScript) {
    set_fact(finding.evidence, kRunsFact, std::to_string(run.count));
  }
  for (const auto& [name, value] : run.flows) {
    set_fact(finding.evidence, name, value);
  }
  run.finding = std::move(finding);
  if (run.count > 1 && now - run.told < x_retell) {
    run.untold = true;
    return std::nullopt;
  }
  run.told = now;
  run.untold = false;
  return run.finding;
}

bool RunTable::knows(const abuse::Finding& finding) const { return x_runs.find(identity_of(finding)) != x_runs.end(); }

bool RunTable::annotate(const FindingId& id, const std::vector<std::pair<std::string, std::string>>& facts, WallTime last) {
  for (auto& [identity, run] : x_runs) {
    if (run.finding.id == id) {
      run.flows = facts;
      for (const auto& [name, value] : facts) {
        set_fact(run.finding.evidence, name, value);
      }
      run.finding.last_seen = std::max(run.finding.last_seen, last);
      run.untold = true;
      return true;
    }
  }
  return false;
}

std::vector<abuse::Finding> RunTable::due(WallTime now, bool all) {
  std::vector<abuse::Finding> result;
  for (auto& [identity, run] : x_runs) {
    if (run.untold && (all || now - run.told >= x_retell)) {
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
