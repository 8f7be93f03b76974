#include "agent/reporter.hpp"

#include <algorithm>

#include "agent/allow_list.hpp"
#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr std::size_t kMaxPasswd = std::size_t{1} << 20U;

}  // namespace

Reporter::Reporter(const Config& config, Spool& spool, Speaker speaker, const Clock& clock, std::function<void()> wake)
    : x_config(config), x_spool(spool), x_speaker(std::move(speaker)), x_clock(clock), x_wake(std::move(wake)), x_runs(config.quiet, config.retell) {}

std::string Reporter::name_of(const ExecEvent& event) const {
  const auto passwd = event.foreign_root ? std::nullopt : read_start("/etc/passwd", kMaxPasswd);
  return user_name(passwd ? std::string_view(passwd->bytes) : std::string_view{}, event.uid);
}

RunFacts Reporter::facts_of(Case& item, const View& view) const {
  RunFacts run;
  const auto ago = std::max(Nanos{0}, x_clock.mono() - item.event.at);
  run.started = x_clock.wall() - std::chrono::duration_cast<Micros>(ago);
  run.lost = view.lost;
  run.tier = view.tier;
  run.user = name_of(item.event);
  run.origin = origin_of(x_proc, item.event, x_config.watched);
  run.event = std::move(item.event);
  run.subject = std::move(item.subject);
  run.judgement = std::move(item.judgement);
  return run;
}

std::optional<FindingId> Reporter::report(Case item, const View& view) {
  if (x_config.match_rules && !item.content.bytes.empty()) {
    weigh_rules(item.judgement, x_config.match_rules(item.content.bytes));
  }
  if (item.judgement.confidence.percent < kTold) {
    return std::nullopt;
  }
  if (!item.content.bytes.empty() && item.content.complete && is_allowed(x_config.allow_list, sha256_hex(item.content.bytes))) {
    ++x_counts.allowed;
    return std::nullopt;
  }
  const bool drop = item.drop;
  const bool keeps = item.keep;
  const Content content = std::move(item.content);
  const RunFacts run = facts_of(item, view);
  const WallTime now = x_clock.wall();
  x_counts.without_content += content.bytes.empty() && run.judgement.kind != "run_from_pipe" ? 1U : 0U;
  ++x_counts.findings;
  abuse::Finding finding = drop ? make_drop_finding(run, content, keeps, x_speaker, now) : make_finding(run, content, x_speaker, now);
  if (!x_runs.knows(finding) && !x_flood.admit(now)) {
    x_flood.hold_back(finding, now);
    return std::nullopt;
  }
  const auto told = x_runs.add(std::move(finding), now);
  if (!told) {
    return std::nullopt;
  }
  keep(*told, keeps ? std::string_view(content.bytes) : std::string_view{});
  return told->id;
}

void Reporter::report_unseen(const Case& item, const View& view) {
  if (item.judgement.confidence.percent < kTold) {
    return;
  }
  RunFacts run;
  run.event = item.event;
  run.subject = item.subject;
  run.judgement = item.judgement;
  run.started = x_clock.wall();
  run.tier = view.tier;
  run.user = std::to_string(item.event.uid);
  ++x_counts.findings;
  ++x_counts.without_content;
  const WallTime now = x_clock.wall();
  x_flood.hold_back(make_finding(run, {}, x_speaker, now), now);
}

void Reporter::report_connections(const RunFacts& run, const Connections& connections, const NetJudgement& judgement,
                                  const std::optional<FindingId>& cause) {
  const WallTime now = x_clock.wall();
  abuse::Finding finding = make_connection_finding(run, connections, judgement, x_speaker, now, x_clock.mono());
  ++x_counts.findings;
  if (cause) {
    // The script's own finding says what its process did.
    static_cast<void>(x_runs.annotate(*cause, connection_facts(connections, now, x_clock.mono()), finding.last_seen));
  }
  if (!x_runs.knows(finding) && !x_flood.admit(now)) {
    x_flood.hold_back(finding, now);
    return;
  }
  if (const auto told = x_runs.add(std::move(finding), now)) {
    keep(*told, {});
  }
}

void Reporter::housekeeping(bool all) {
  const WallTime now = x_clock.wall();
  for (const abuse::Finding& finding : x_runs.due(now, all)) {
    keep(finding, {});
  }
  for (const abuse::Finding& finding : x_flood.due(now, all)) {
    keep(finding, {});
  }
  x_counts.held_back = x_flood.held_back();
}

void Reporter::keep(const abuse::Finding& finding, std::string_view content) {
  log_info("AGENT_FINDING", "{}", printable(finding.summary));
  if (x_spool.add(finding, content) != Spool::Kept::Whole) {
    log_error("AGENT_SPOOL_FULL", "{} findings or their files were lost so far", x_spool.lost());
  }
  x_wake();
}

}  // namespace pinfold::agent
