#include "detect/scan_windows.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace pinfold::detect {
namespace {

constexpr auto kSlots = static_cast<std::size_t>(PortScanDetector::kSlots);
constexpr auto kSlotsPerWindow = static_cast<std::size_t>(PortScanDetector::kSlotsPerWindow);

struct GroupKey {
  ScanKind kind = ScanKind::Horizontal;
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;
  net::IpAddress peer;
  friend auto operator<=>(const GroupKey&, const GroupKey&) = default;
};

GroupKey horizontal(const ContactKey& key) { return {ScanKind::Horizontal, key.protocol, key.port, {}}; }
GroupKey vertical(const ContactKey& key) { return {ScanKind::Vertical, key.protocol, 0, key.peer}; }

struct Slot {
  std::uint64_t outbound = 0;  ///< targets: answered, or unanswered for longer than `settle`
  std::uint64_t unanswered = 0;
  std::uint64_t refused = 0;
  std::uint64_t answers = 0;  ///< seen at all, whether or not their question was
  WallTime first{Micros::max()};
  WallTime last{};

  void add(const Slot& other) {
    outbound += other.outbound;
    unanswered += other.unanswered;
    refused += other.refused;
    answers += other.answers;
    first = std::min(first, other.first);
    last = std::max(last, other.last);
  }
};
/// Oldest first; the last one is the view's newest_slot.
using Slots = std::array<Slot, kSlots>;

std::optional<std::size_t> slot_of(const ScanView& view, const Contact& contact) {
  const std::int64_t age = view.newest_slot - contact.last.since_epoch / PortScanDetector::kSlot;
  if (age < 0 || age >= PortScanDetector::kSlots) {
    return std::nullopt;
  }
  return kSlots - 1 - static_cast<std::size_t>(age);
}

void add_contact(Slot& slot, const Contact& contact, bool is_settled) {
  slot.answers += contact.is_answered() ? 1U : 0U;
  if (!contact.is_outbound() || (!contact.is_answered() && !is_settled)) {
    return;
  }
  ++slot.outbound;
  slot.first = std::min(slot.first, contact.first);
  slot.last = std::max(slot.last, contact.last);
  if (!contact.is_answered()) {
    ++slot.unanswered;
    slot.refused += contact.has(ContactSign::Refused) ? 1U : 0U;
  }
}

class Judge {
public:
  Judge(const ScanView& view, const PortScanThresholds& thresholds) : x_view(view), x_thresholds(thresholds) {}

  [[nodiscard]] std::uint64_t estimate(std::uint64_t count) const {
    return saturating_multiply(saturating_multiply(count, x_view.table.scale()), x_view.rate.one_in());
  }
  [[nodiscard]] bool is_enough(std::uint64_t seen) const {
    return estimate(seen) >= x_thresholds.min_targets_per_minute &&
           (!is_sampled() || seen * x_view.table.scale() >= x_thresholds.min_sampled_targets);
  }
  [[nodiscard]] std::uint64_t unanswered(const Slot& window) const {
    return is_sampled() ? window.outbound - std::min(window.outbound, window.answers) : window.unanswered;
  }
  [[nodiscard]] std::uint32_t unanswered_percent(const Slot& window) const {
    return static_cast<std::uint32_t>(unanswered(window) * 100 / std::max<std::uint64_t>(window.outbound, 1));
  }
  [[nodiscard]] bool passes(const Slot& window, std::uint8_t protocol) const {
    if (protocol != flow::kTcp && !x_view.answers_visible) {
      return false;
    }
    const auto min_percent = protocol == flow::kTcp ? x_thresholds.min_unanswered_percent : x_thresholds.min_unanswered_percent_connectionless;
    return is_enough(window.outbound) && unanswered_percent(window) >= min_percent;
  }
  /// Enough for a scan at half the threshold: less is a straggler.
  [[nodiscard]] bool is_busy(const Slot& slot) const {
    return slot.outbound > 0 && estimate(slot.outbound) * 2 * kSlotsPerWindow >= x_thresholds.min_targets_per_minute;
  }

private:
  [[nodiscard]] bool is_sampled() const { return x_view.rate.one_in() > 1; }
  const ScanView& x_view;
  const PortScanThresholds& x_thresholds;
};

std::map<GroupKey, Slots> candidate_groups(const ScanView& view, const Judge& judge, Micros settle) {
  std::map<GroupKey, std::uint64_t> sizes;
  view.table.for_each([&](const Contact& contact) {
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
  view.table.for_each([&](const Contact& contact) {
    const auto slot = slot_of(view, contact);
    if (!slot) {
      return;
    }
    for (const GroupKey& key : {horizontal(contact.key), vertical(contact.key)}) {
      if (const auto group = groups.find(key); group != groups.end()) {
        add_contact(group->second[*slot], contact, view.now - contact.received >= settle);
      }
    }
  });
  return groups;
}

Slot window_ending_at(const Slots& slots, std::size_t end) {
  Slot sum;
  for (std::size_t i = end + 1 - kSlotsPerWindow; i <= end; ++i) {
    sum.add(slots[i]);
  }
  return sum;
}

/// The newest unbroken run of windows that pass, and the fiercest of them.
std::optional<ScanIncident> judge_group(const GroupKey& key, const Slots& slots, std::int64_t newest_slot, const Judge& judge) {
  std::optional<std::size_t> newest;
  std::size_t oldest = 0;
  std::optional<ScanIncident> found;
  for (std::size_t end = kSlots; end-- > kSlotsPerWindow - 1;) {
    const Slot window = window_ending_at(slots, end);
    if (!judge.passes(window, key.protocol)) {
      if (newest) {
        break;
      }
      continue;
    }
    newest = newest.value_or(end);
    oldest = end + 1 - kSlotsPerWindow;
    if (!found || window.outbound > found->seen) {
      found = ScanIncident{};
      found->seen = window.outbound;
      found->targets = judge.estimate(window.outbound);
      found->unanswered_percent = judge.unanswered_percent(window);
      found->refused_percent = static_cast<std::uint32_t>(window.refused * 100 / window.outbound);
      found->span = std::min<Micros>(window.last - window.first, PortScanDetector::kSlotsPerWindow * PortScanDetector::kSlot);
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
  found->kind = key.kind;
  found->protocol = key.protocol;
  found->port = key.port;
  found->peer = key.peer;
  const std::int64_t oldest_slot = newest_slot - static_cast<std::int64_t>(kSlots - 1 - oldest);
  // A target's first contact may lie far before the scan.
  found->first_seen = std::max(slots[oldest].first, WallTime{oldest_slot * PortScanDetector::kSlot});
  found->last_seen = slots[*newest].last;
  return found;
}

std::vector<Contact> busiest(const ContactTable& table, const GroupKey& wanted) {
  std::vector<Contact> contacts;
  table.for_each([&](const Contact& contact) {
    if (contact.is_outbound() && !contact.is_answered() && (horizontal(contact.key) == wanted || vertical(contact.key) == wanted)) {
      contacts.push_back(contact);
    }
  });
  const auto before = [](const Contact& a, const Contact& b) { return std::pair{b.packets, a.key} < std::pair{a.packets, b.key}; };
  const auto kept = static_cast<std::ptrdiff_t>(std::min(contacts.size(), PortScanDetector::kMaxSamples));
  std::partial_sort(contacts.begin(), contacts.begin() + kept, contacts.end(), before);
  contacts.resize(static_cast<std::size_t>(kept));
  return contacts;
}

}  // namespace

std::optional<ScanIncident> strongest_scan(const ScanView& view, const PortScanThresholds& thresholds) {
  const Judge judge(view, thresholds);
  std::optional<ScanIncident> best;
  GroupKey best_key;
  for (const auto& [key, slots] : candidate_groups(view, judge, thresholds.settle)) {
    auto found = judge_group(key, slots, view.newest_slot, judge);
    if (found && (!best || found->seen > best->seen)) {
      best = std::move(found);
      best_key = key;
    }
  }
  if (best) {
    best->rate = view.rate;
    best->answers_visible = view.answers_visible;
    best->samples = busiest(view.table, best_key);
  }
  return best;
}

}  // namespace pinfold::detect
