#include "detect/rules/slow_scan.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "detect/rules/scan_judge.hpp"

namespace pinfold::detect {
namespace {

constexpr std::uint64_t kMinHostsOfBlockPort = 4;
constexpr std::uint64_t kMinBlockPorts = 3;
constexpr std::uint64_t kMinBlockShare = 70;
constexpr std::size_t kMaxBlockPortsNamed = 10;
constexpr std::uint64_t kInformationHosts = 9;
constexpr std::uint64_t kInformationPercent = 70;

std::uint64_t unanswered_in(const ContactTable& table) {
  std::uint64_t count = 0;
  table.for_each([&](const Contact& contact) { count += contact.is_outbound() && !contact.is_answered() ? 1U : 0U; });
  return count;
}

net::IpAddress neighbours_of(const net::IpAddress& address) { return net::Prefix(address, address.bits() - 8).address(); }

struct SubnetKey {
  net::IpAddress subnet;
  std::uint16_t port = 0;
  std::uint8_t protocol = 0;
  friend auto operator<=>(const SubnetKey&, const SubnetKey&) = default;
};
SubnetKey subnet_of(const ContactKey& key) { return {neighbours_of(key.peer), key.port, key.protocol}; }

/// Of the slow table, one window of it.
struct Groups {
  std::map<std::uint16_t, ScanTally> ports;
  std::map<net::IpAddress, ScanTally> peers;
  ScanTally all;
};

Groups group(const ClientView& view, WallTime from) {
  Groups groups;
  view.slow.for_each([&](const Contact& contact) {
    if (contact.last < from || contact.first < from) {
      return;
    }
    const bool settled = is_settled(view, contact);
    groups.ports[contact.key.port].add(contact, settled);
    groups.peers[contact.key.peer].add(contact, settled);
    groups.all.add(contact, settled);
  });
  return groups;
}

class PatientJudge {
public:
  PatientJudge(const ClientView& view, const PortScanThresholds& thresholds, Micros window, std::uint64_t least)
      : x_view(view), x_thresholds(thresholds), x_judge(view, view.slow, thresholds), x_window(window), x_least(least) {}

  [[nodiscard]] std::optional<ScanIncident> strongest(const Groups& groups) const {
    std::optional<ScanIncident> best;
    const auto offer = [&](const ScanTally& tally, const auto& fill) {
      if (passes(tally) && (!best || tally.outbound > best->seen)) {
        best = incident_of(tally, x_judge, x_view, x_window);
        best->protocol = flow::kTcp;
        fill(*best);
      }
    };
    for (const auto& [port, tally] : groups.ports) {
      offer(tally, [&, at = port](ScanIncident& scan) { scan.port = at; });
    }
    for (const auto& [peer, tally] : groups.peers) {
      offer(tally, [&, at = peer](ScanIncident& scan) {
        scan.kind = ScanKind::Vertical;
        scan.peer = at;
      });
    }
    const Block block = block_of(groups);
    // A block is named as such when it says more than its busiest port alone.
    if (block.ports.size() >= kMinBlockPorts && percent(block.tally, groups.all) >= kMinBlockShare &&
        (!best || block.tally.outbound * 2 > best->seen * 3)) {
      offer(block.tally, [&](ScanIncident& scan) {
        scan.kind = ScanKind::Block;
        scan.ports = block.ports;
      });
    }
    return best;
  }

private:
  struct Block {
    ScanTally tally;
    std::vector<std::uint16_t> ports;  ///< the most tried first
  };

  [[nodiscard]] bool passes(const ScanTally& tally) const {
    return x_judge.is_enough(tally.outbound, x_least) && x_judge.unanswered_percent(tally) >= x_thresholds.min_unanswered_percent_slow;
  }
  [[nodiscard]] static std::uint64_t percent(const ScanTally& part, const ScanTally& whole) {
    return part.outbound * 100 / std::max<std::uint64_t>(whole.outbound, 1);
  }
  [[nodiscard]] Block block_of(const Groups& groups) const {
    Block block;
    std::vector<std::pair<std::uint64_t, std::uint16_t>> sizes;
    for (const auto& [port, tally] : groups.ports) {
      if (tally.outbound >= kMinHostsOfBlockPort && x_judge.unanswered_percent(tally) >= x_thresholds.min_unanswered_percent) {
        block.tally.add(tally);
        sizes.emplace_back(tally.outbound, port);
      }
    }
    std::sort(sizes.begin(), sizes.end(), [](const auto& a, const auto& b) { return std::pair{b.first, a.second} < std::pair{a.first, b.second}; });
    for (const auto& [size, port] : sizes) {
      block.ports.push_back(port);
    }
    return block;
  }

  const ClientView& x_view;
  const PortScanThresholds& x_thresholds;
  ScanJudge x_judge;
  Micros x_window;
  std::uint64_t x_least;
};

}  // namespace

std::optional<ScanIncident> subnet_sweep(const ClientView& view, const PortScanThresholds& thresholds) {
  const ScanJudge judge(view, view.recent, thresholds);
  const std::uint64_t least = thresholds.min_subnet_hosts;
  if (least == 0 || judge.is_sampled() || unanswered_in(view.recent) * view.recent.scale() < least) {
    return std::nullopt;
  }
  const WallTime from = view.newest - ClientTracker::kSpell;
  std::map<SubnetKey, ScanTally> subnets;
  view.recent.for_each([&](const Contact& contact) {
    if (contact.is_outbound() && contact.last >= from && judge.can_judge(contact.key.protocol)) {
      subnets[subnet_of(contact.key)].add(contact, is_settled(view, contact));
    }
  });
  std::optional<ScanIncident> best;
  SubnetKey best_key;
  for (const auto& [key, tally] : subnets) {
    const auto min_percent = key.protocol != flow::kUdp ? thresholds.min_unanswered_percent_slow : thresholds.min_unanswered_percent_connectionless;
    const bool passes = judge.estimate(tally.outbound) >= least && judge.unanswered_percent(tally) >= min_percent;
    if (passes && (!best || tally.outbound > best->seen)) {
      best = incident_of(tally, judge, view, ClientTracker::kSpell);
      best_key = key;
    }
  }
  if (best) {
    best->is_sweep = true;
    best->protocol = best_key.protocol;
    best->port = best_key.port;
    best->peer = best_key.subnet;
    best->first_seen = std::max(best->first_seen, from);
    best->samples = busiest(view.recent, [&](const Contact& contact) { return subnet_of(contact.key) == best_key; });
  }
  return best;
}

std::optional<ScanIncident> patient_scan(const ClientView& view, const PortScanThresholds& thresholds, WallTime since) {
  struct Window {
    Micros length;
    std::uint64_t least;
  };
  const std::array<Window, 2> windows = {Window{std::chrono::minutes{10}, thresholds.min_targets_per_ten_minutes},
                                         Window{std::chrono::hours{1}, thresholds.min_targets_per_hour}};
  const ScanJudge judge(view, view.slow, thresholds);
  const std::uint64_t unanswered = judge.estimate(unanswered_in(view.slow));
  for (const Window& window : windows) {
    if (unanswered * 100 < window.least * thresholds.min_unanswered_percent_slow) {
      continue;
    }
    const Groups groups = group(view, std::max(view.newest - window.length, since));
    auto found = PatientJudge(view, thresholds, window.length, window.least).strongest(groups);
    if (found) {
      found->samples = busiest(view.slow, [&](const Contact& contact) {
        const auto& ports = found->ports;
        return found->kind == ScanKind::Vertical     ? contact.key.peer == found->peer
               : found->kind == ScanKind::Horizontal ? contact.key.port == found->port
                                                     : std::find(ports.begin(), ports.end(), contact.key.port) != ports.end();
      });
      found->ports.resize(std::min(found->ports.size(), kMaxBlockPortsNamed));
      return found;
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> silent_hosts(const ClientView& view, const PortScanThresholds& thresholds) {
  const ScanJudge judge(view, view.slow, thresholds);
  ScanTally all;
  view.slow.for_each([&](const Contact& contact) { all.add(contact, is_settled(view, contact)); });
  const std::uint64_t silent = judge.estimate(judge.unanswered(all));
  const bool is_telling = silent >= kInformationHosts && judge.unanswered_percent(all) >= kInformationPercent;
  return is_telling ? std::optional{silent} : std::nullopt;
}

}  // namespace pinfold::detect
