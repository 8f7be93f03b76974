#include "agent/flood.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.hpp"

namespace pinfold::agent {
namespace {

std::string fact_of(const abuse::Finding& finding, std::string_view name) {
  for (const auto& [key, value] : finding.evidence.facts) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

}  // namespace

bool Flood::admit(WallTime now) {
  const WallTime before = x_refilled.value_or(now);
  const auto gained = now > before ? (now - before) / kInterval : 0;
  if (!x_refilled || gained > 0) {
    x_left = std::min(kBurst, x_left + static_cast<std::uint64_t>(gained));
    x_refilled = now;
  }
  if (x_left == 0) {
    return false;
  }
  --x_left;
  return true;
}

void Flood::hold_back(const abuse::Finding& finding, WallTime now) { hold_back_unseen(finding, 1, now); }

void Flood::hold_back_unseen(const abuse::Finding& like, std::uint64_t count, WallTime now) {
  std::string key = fmt::format("{}\n{}\n{}\n{}", abuse::to_string(like.abuse_class), like.kind, fact_of(like, "user"), fact_of(like, "started by"));
  if (x_groups.size() >= kMaxGroups && x_groups.find(key) == x_groups.end()) {
    key = "others";
  }
  if (x_groups.empty()) {
    x_next_summary = now + kSummaryEvery;
  }
  Group& group = x_groups[key];
  if (group.count == 0) {
    group.finding = like;
  }
  group.count += count;
  group.last = std::max(group.last, like.last_seen);
  group.finding.severity = std::max(group.finding.severity, like.severity);
  if (group.examples.size() < kExamples) {
    group.examples.push_back(fact_of(like, "script"));
  }
  x_held_back += count;
}

std::vector<abuse::Finding> Flood::due(WallTime now, bool all) {
  std::vector<abuse::Finding> result;
  if (x_groups.empty() || (!all && now < x_next_summary)) {
    return result;
  }
  for (auto& [key, group] : x_groups) {
    abuse::Finding f = std::move(group.finding);
    f.id = FindingId{"host-" + sha256_hex(fmt::format("flood\n{}\n{}\n{}", f.observation_point, key, to_string(f.first_seen))).substr(0, 32)};
    f.summary = fmt::format("{} more of the same kind came too fast to be told one by one; the first: {}", group.count, f.summary);
    f.last_seen = std::max(group.last, f.first_seen);
    f.detected_at = now;
    f.evidence.files.clear();
    f.evidence.facts.insert(f.evidence.facts.begin(),
                            {{"held back", std::to_string(group.count)}, {"examples", fmt::format("{}", fmt::join(group.examples, ", "))}});
    result.push_back(abuse::bounded(std::move(f)));
  }
  x_groups.clear();
  return result;
}

}  // namespace pinfold::agent
