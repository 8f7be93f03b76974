/// The arithmetic that all port-scan rules share: estimates from samples, shares of unanswered contacts.
#pragma once

#include <algorithm>
#include <cstdint>

#include "detect/client_tracker.hpp"
#include "detect/rules/scan.hpp"

namespace pinfold::detect {

/// Contacts of one group in one span of time.
struct ScanTally {
  std::uint64_t outbound = 0;  ///< targets: answered, or unanswered for longer than `settle`
  std::uint64_t unanswered = 0;
  std::uint64_t refused = 0;
  std::uint64_t answers = 0;  ///< seen at all, whether or not their question was
  WallTime first{Micros::max()};
  WallTime last{};

  void add(const Contact& contact, bool is_settled) {
    answers += contact.is_answered() ? 1U : 0U;
    if (!contact.is_outbound() || !is_settled) {
      return;
    }
    ++outbound;
    first = std::min(first, contact.first);
    last = std::max(last, contact.last);
    if (!contact.is_answered()) {
      ++unanswered;
      refused += contact.has(ContactSign::Refused) ? 1U : 0U;
    }
  }
  void add(const ScanTally& other) {
    outbound += other.outbound;
    unanswered += other.unanswered;
    refused += other.refused;
    answers += other.answers;
    first = std::min(first, other.first);
    last = std::max(last, other.last);
  }
};

class ScanJudge {
public:
  ScanJudge(const ClientView& view, const ContactTable& table, const PortScanThresholds& thresholds)
      : x_rate(view.rate), x_answers_visible(view.answers_visible), x_scale(table.scale()), x_thresholds(thresholds) {}

  [[nodiscard]] bool is_sampled() const { return x_rate.one_in() > 1; }
  [[nodiscard]] std::uint64_t estimate(std::uint64_t count) const {
    return saturating_multiply(saturating_multiply(count, x_scale), x_rate.one_in());
  }
  [[nodiscard]] bool is_enough(std::uint64_t seen, std::uint64_t least) const {
    const bool is_no_chance = x_scale == 1 || seen >= kLeastOfCrowded;
    return estimate(seen) >= least && is_no_chance && (!is_sampled() || seen * x_scale >= x_thresholds.min_sampled_targets);
  }
  [[nodiscard]] std::uint64_t unanswered(const ScanTally& tally) const {
    return is_sampled() ? tally.outbound - std::min(tally.outbound, tally.answers) : tally.unanswered;
  }
  [[nodiscard]] std::uint32_t unanswered_percent(const ScanTally& tally) const {
    return static_cast<std::uint32_t>(unanswered(tally) * 100 / std::max<std::uint64_t>(tally.outbound, 1));
  }
  /// TCP says by itself that it was never answered; of UDP and ICMP only the answers can tell.
  [[nodiscard]] bool can_judge(std::uint8_t protocol) const { return protocol == flow::kTcp || x_answers_visible; }

private:
  /// Entries of a table that holds a sample only, before an estimate from them counts: two dead peers of a thousand are nobody's scan.
  static constexpr std::uint64_t kLeastOfCrowded = 20;

  SamplingRate x_rate;
  bool x_answers_visible;
  std::uint64_t x_scale;
  const PortScanThresholds& x_thresholds;
};

/// Fills what the tally and the view know.
[[nodiscard]] inline ScanIncident incident_of(const ScanTally& tally, const ScanJudge& judge, const ClientView& view, Micros longest) {
  ScanIncident incident;
  incident.seen = tally.outbound;
  incident.targets = judge.estimate(tally.outbound);
  incident.unanswered_percent = judge.unanswered_percent(tally);
  incident.refused_percent = static_cast<std::uint32_t>(tally.refused * 100 / std::max<std::uint64_t>(tally.outbound, 1));
  incident.span = std::min<Micros>(tally.last - tally.first, longest);
  incident.first_seen = tally.first;
  incident.last_seen = tally.last;
  incident.rate = view.rate;
  incident.source = view.source;
  incident.answers_visible = view.answers_visible;
  return incident;
}

/// Those with the most packets first, at most kMaxScanSamples, of the unanswered contacts that `wanted` takes.
template <typename Wanted>
[[nodiscard]] std::vector<Contact> busiest(const ContactTable& table, Wanted&& wanted) {
  std::vector<Contact> contacts;
  table.for_each([&](const Contact& contact) {
    if (contact.is_outbound() && !contact.is_answered() && wanted(contact)) {
      contacts.push_back(contact);
    }
  });
  const auto before = [](const Contact& a, const Contact& b) { return std::pair{b.packets, a.key} < std::pair{a.packets, b.key}; };
  const auto kept = static_cast<std::ptrdiff_t>(std::min(contacts.size(), kMaxScanSamples));
  std::partial_sort(contacts.begin(), contacts.begin() + kept, contacts.end(), before);
  contacts.resize(static_cast<std::size_t>(kept));
  return contacts;
}

}  // namespace pinfold::detect
