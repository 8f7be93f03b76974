#include "detect/rules/scan_windows.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "detect/rules/scan_judge.hpp"

namespace pinfold::detect {
namespace {

constexpr auto kSlots = static_cast<std::size_t>(ClientTracker::kSlots);
constexpr std::size_t kSlotsPerWindow = 6;

struct GroupKey {
  ScanKind kind = ScanKind::Horizontal;
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;
  net::IpAddress peer;
  friend auto operator<=>(const GroupKey&, const GroupKey&) = default;
};

GroupKey horizontal(const ContactKey& key) { return {ScanKind::Horizontal, key.protocol, key.port, {}}; }
GroupKey vertical(const ContactKey& key) { return {ScanKind::Vertical, key.protocol, 0, key.peer}; }

/// Oldest first; the last one is the view's newest_slot.
using Slots = std::array<ScanTally, kSlots>;

std::optional<std::size_t> slot_of(const ClientView& view, const Contact& contact) {
  const std::int64_t age = view.newest_slot - contact.last.since_epoch / kSlot;
  if (age < 0 || age >= ClientTracker::kSlots) {
    return std::nullopt;
  }
  return kSlots - 1 - static_cast<std::size_t>(age);
}

class Judge : public ScanJudge {
public:
  Judge(const ClientView& view, const PortScanThresholds& thresholds) : ScanJudge(view, view.recent, thresholds), x_thresholds(thresholds) {}

  [[nodiscard]] bool is_enough(std::uint64_t seen) const { return ScanJudge::is_enough(seen, x_thresholds.min_targets_per_minute); }
  [[nodiscard]] bool passes(const ScanTally& window, std::uint8_t protocol) const {
    const auto min_percent = protocol == flow::kTcp ? x_thresholds.min_unanswered_percent : x_thresholds.min_unanswered_percent_connectionless;
    return can_judge(protocol) && is_enough(window.outbound) && unanswered_percent(window) >= min_percent;
  }
  /// Enough for a scan at half the threshold: less is a straggler.
  [[nodiscard]] bool is_busy(const ScanTally& slot) const {
    return slot.outbound > 0 && estimate(slot.outbound) * 2 * kSlotsPerWindow >= x_thresholds.min_targets_per_minute;
  }

private:
  const PortScanThresholds& x_thresholds;
};

std::map<GroupKey, Slots> candidate_groups(const ClientView& view, const Judge& judge) {
  std::map<GroupKey, std::uint64_t> sizes;
  view.recent.for_each([&](const Contact& contact) {
    if (contact.is_outbound()) {
      ++sizes[horizontal(contact.key)];
      ++sizes[vertical(contact.key)];
    }
  });
  std::map<GroupKey, Slots> groups;
  for (const auto& [key, size] : sizes) {
    if (judge.is_enough(size)) {
      groups.emplace(key, Slots{});
    }
  }
  if (groups.empty()) {
    return groups;
  }
  view.recent.for_each([&](const Contact& contact) {
    const auto slot = slot_of(view, contact);
    if (!slot) {
      return;
    }
    for (const GroupKey& key : {horizontal(contact.key), vertical(contact.key)}) {
      if (const auto group = groups.find(key); group != groups.end()) {
        group->second[*slot].add(contact, is_settled(view, contact));
      }
    }
  });
  return groups;
}

ScanTally window_ending_at(const Slots& slots, std::size_t end) {
  ScanTally sum;
  for (std::size_t i = end + 1 - kSlotsPerWindow; i <= end; ++i) {
    sum.add(slots[i]);
  }
  return sum;
}

/// The newest unbroken run of windows that pass, and the fiercest of them.
std::optional<ScanIncident> judge_group(const GroupKey& key, const Slots& slots, const ClientView& view, const Judge& judge) {
  std::optional<std::size_t> newest;
  std::size_t oldest = 0;
  std::optional<ScanIncident> found;
  for (std::size_t end = kSlots; end-- > kSlotsPerWindow - 1;) {
    const ScanTally window = window_ending_at(slots, end);
    if (!judge.passes(window, key.protocol)) {
      if (newest) {
        break;
      }
      continue;
    }
    newest = newest.value_or(end);
    oldest = end + 1 - kSlotsPerWindow;
    if (!found || window.outbound > found->seen) {
      found = incident_of(window, judge, view, kSlotsPerWindow * kSlot);
    }
  }
  if (!found) {
    return std::nullopt;
  }
  // Some slot of a window that passes holds at least the average, so both searches end inside.
  while (!judge.is_busy(slots[*newest])) {
    --*newest;
  }
  while (!judge.is_busy(slots[oldest])) {
    ++oldest;
  }
  found->measure = "port_scan.min_targets_per_minute";
  found->kind = key.kind;
  found->protocol = key.protocol;
  found->port = key.port;
  found->peer = key.peer;
  const std::int64_t oldest_slot = view.newest_slot - static_cast<std::int64_t>(kSlots - 1 - oldest);
  // A target's first contact may lie far before the scan.
  found->first_seen = std::max(slots[oldest].first, WallTime{oldest_slot * kSlot});
  found->last_seen = slots[*newest].last;
  return found;
}

}  // namespace

std::optional<ScanIncident> strongest_scan(const ClientView& view, const PortScanThresholds& thresholds) {
  const Judge judge(view, thresholds);
  std::optional<ScanIncident> best;
  GroupKey best_key;
  for (const auto& [key, slots] : candidate_groups(view, judge)) {
    auto found = judge_group(key, slots, view, judge);
    if (found && (!best || found->seen > best->seen)) {
      best = std::move(found);
      best_key = key;
    }
  }
  if (best) {
    best->samples =
        busiest(view.recent, [&](const Contact& contact) { return horizontal(contact.key) == best_key || vertical(contact.key) == best_key; });
  }
  return best;
}

}  // namespace pinfold::detect
