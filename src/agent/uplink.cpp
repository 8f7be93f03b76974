#include "agent/uplink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/log.hpp"
#include "base/text.hpp"
#include "wire/wire.hpp"

namespace pinfold::agent {
namespace {

constexpr std::size_t kBatch = 20;

bool acknowledged(unsigned status) { return status / 100 == 2; }
/// Sending the same again would get the same answer.
bool refused_for_good(unsigned status) { return status == 400 || status == 413 || status == 422; }

}  // namespace

Uplink::Uplink(DeskClient client, Spool& spool, std::function<std::string()> tier)
    : x_client(std::move(client)), x_spool(spool), x_tier(std::move(tier)) {}

Uplink::~Uplink() = default;  // the thread is asked to stop and joined; a request under way ends within kRequestTime

void Uplink::start() {
  x_thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Uplink::wake() {
  {
    const std::lock_guard lock(x_mutex);
    x_woken = true;
  }
  x_changed.notify_one();
}

void Uplink::beat() {
  x_beat_due = true;
  wake();
}

void Uplink::send_beat() {
  x_beat_due = false;  // before the tier is asked for: a change from here on is another beat's
  const auto answer = x_client.send("POST", "/agent/v1/findings", "application/json", to_json(wire::FindingBatch{{}, x_tier()}).dump());
  if (!answer || !acknowledged(answer->status)) {
    note_error(answer ? fmt::format("the desk answers {}", answer->status) : answer.error());
    x_beat_due = true;
    return;
  }
  x_progress.with([](Progress& progress) { progress.last_error.clear(); });
}

Uplink::Progress Uplink::progress() const {
  return x_progress.with([](const Progress& progress) { return progress; });
}

void Uplink::note_error(std::string error) {
  const bool news = x_progress.with([&](Progress& progress) { return std::exchange(progress.last_error, error) != error; });
  if (news) {
    log_warning("AGENT_UPLINK_FAILED", "{}; what is spooled is kept and tried again", error);
  }
}

bool Uplink::send_evidence(const std::vector<Spool::Item>& items) {
  std::set<std::string> offered;
  for (const Spool::Item& item : items) {
    for (const abuse::EvidenceFile& file : item.finding.evidence.files) {
      auto bytes = offered.insert(file.sha256).second ? x_spool.evidence(file.sha256) : std::nullopt;
      if (!bytes) {
        continue;  // acknowledged in an earlier round
      }
      const auto answer = x_client.send("PUT", "/agent/v1/evidence/" + file.sha256, "application/octet-stream", *std::move(bytes));
      if (!answer || !(acknowledged(answer->status) || refused_for_good(answer->status))) {
        note_error(answer ? fmt::format("evidence: the desk answers {}", answer->status) : "evidence: " + answer.error());
        return false;
      }
      if (acknowledged(answer->status)) {
        x_progress.with([](Progress& progress) { ++progress.files_sent; });
      } else {
        log_error("AGENT_EVIDENCE_REFUSED", "{}: the desk answers {}: {}", file.sha256, answer->status, printable(answer->body, 200));
      }
      x_spool.remove_evidence(file.sha256);
    }
  }
  return true;
}

Uplink::Round Uplink::send_findings(const std::vector<Spool::Item>& items) {
  wire::FindingBatch batch;
  batch.tier = x_tier();
  for (const Spool::Item& item : items) {
    batch.findings.push_back(item.finding);
  }
  const auto answer = x_client.send("POST", "/agent/v1/findings", "application/json", to_json(batch).dump());
  if (!answer) {
    note_error("findings: " + answer.error());
    return Round::Failed;
  }
  if (acknowledged(answer->status)) {
    for (const Spool::Item& item : items) {
      x_spool.remove(item.name);
    }
    x_progress.with([&](Progress& progress) {
      progress.findings_sent += items.size();
      progress.last_error.clear();
    });
    return Round::Sent;
  }
  if (refused_for_good(answer->status) && items.size() > 1) {
    // One of them is at fault: find out which.
    for (const Spool::Item& item : items) {
      if (send_findings({item}) == Round::Failed) {
        return Round::Failed;
      }
    }
    return Round::Sent;
  }
  if (refused_for_good(answer->status)) {
    log_error("AGENT_FINDING_REFUSED", "{}: the desk answers {}: {}; set aside", items.front().name, answer->status, printable(answer->body, 200));
    x_spool.set_aside(items.front().name);
    return Round::Sent;
  }
  note_error(fmt::format("findings: the desk answers {}", answer->status));
  return Round::Failed;
}

Uplink::Round Uplink::step() {
  const std::vector<Spool::Item> items = x_spool.oldest(kBatch);
  if (items.empty()) {
    return Round::Idle;
  }
  return send_evidence(items) ? send_findings(items) : Round::Failed;
}

void Uplink::run(const std::stop_token& stop) {
  Millis pause = kFirstPause;
  int quiet_rounds = 0;
  while (!stop.stop_requested()) {
    const Round round = step();
    if (round == Round::Sent) {
      pause = kFirstPause;
      quiet_rounds = 0;
      continue;
    }
    // A round without news lasts kLongestPause at the most.
    if (round == Round::Idle && (x_beat_due || ++quiet_rounds > kBeat / kLongestPause)) {
      quiet_rounds = 0;
      send_beat();
    }
    std::unique_lock lock(x_mutex);
    // New findings do not cut a pause after a failure short: the desk is given its time.
    const bool idle = round == Round::Idle;
    x_changed.wait_for(lock, stop, idle && !x_beat_due ? kLongestPause : pause, [&] { return idle && x_woken; });
    x_woken = false;
    pause = idle && !x_beat_due ? kFirstPause : std::min(pause * 2, kLongestPause);
  }
}

}  // namespace pinfold::agent
