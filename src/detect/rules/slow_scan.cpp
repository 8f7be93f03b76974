#include "detect/rules/slow_scan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "detect/rules/scan_judge.hpp"
#include "detect/rules/words.hpp"

namespace pinfold::detect {
namespace {

constexpr std::uint64_t kMinHostsOfBlockPort = 4;
constexpr std::uint64_t kMinBlockPorts = 2;
constexpr std::uint64_t kMinBlockShare = 50;
constexpr std::uint64_t kNextToNobody = 95;  ///< per cent unanswered
constexpr Micros kPingBurst = std::chrono::seconds{10};
constexpr std::uint64_t kMinSilentPings = 33;  ///< per cent
constexpr std::uint64_t kMaxPacketsAPort = 4;
constexpr std::uint16_t kFirstTraceroutePort = 33'434;
constexpr std::uint16_t kLastTraceroutePort = 33'690;
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
  std::map<ContactKey, ScanTally> targets;
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
    groups.targets[contact.key].add(contact, settled);
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
    // A block is named as such when it says more than its busiest port or host alone.
    const Block block = block_of(groups);
    if (block.ports.size() >= kMinBlockPorts && is_block(block, groups) && (!best || block.tally.outbound * 2 > best->seen * 3)) {
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
    std::uint64_t connected = 0;       ///< targets that share their host or port with others
  };

  [[nodiscard]] bool passes(const ScanTally& tally) const {
    // Of whom is answered there are more packets to catch, so that sampling shows too few of those that are not.
    const std::uint32_t percent = x_judge.is_sampled() ? x_thresholds.min_unanswered_percent : x_thresholds.min_unanswered_percent_slow;
    return (x_judge.is_enough(tally.outbound, x_least) && is_surely_above(tally, percent)) ||
           (x_window > kShortWindow && x_judge.is_enough(tally.outbound, (x_least + 1) / 2) && x_judge.unanswered_percent(tally) >= kNextToNobody);
  }
  /// Of a hundred contacts a client whose peers are dead by three quarters loses more than eighty every now and then: the share has to be above the
  /// limit by what chance explains (one-sided 99 % of a binomial).
  [[nodiscard]] bool is_surely_above(const ScanTally& tally, std::uint32_t percent) const {
    constexpr double kSigmas = 2.33;
    const auto all = static_cast<double>(std::max<std::uint64_t>(tally.outbound, 1));
    const double limit = percent / 100.0;
    return static_cast<double>(x_judge.unanswered(tally)) / all >= limit + kSigmas * std::sqrt(limit * (1 - limit) / all);
  }
  [[nodiscard]] bool is_block(const Block& block, const Groups& groups) const {
    const bool has_pattern = block.connected * 100 >= groups.all.outbound * kMinBlockShare;
    return has_pattern || x_judge.unanswered_percent(block.tally) >= kNextToNobody ||
           (x_judge.is_sampled() && x_judge.unanswered_percent(block.tally) >= x_thresholds.min_unanswered_percent_slow);
  }
  /// Everything that was tried on ports and hosts which did not answer; a port that usually answers is the server's ordinary business.
  [[nodiscard]] Block block_of(const Groups& groups) const {
    Block block;
    std::map<std::uint16_t, std::uint64_t> sizes;
    for (const auto& [key, tally] : groups.targets) {
      const ScanTally& port = groups.ports.at(key.port);
      const ScanTally& peer = groups.peers.at(key.peer);
      if (port.outbound >= kMinHostsOfBlockPort && x_judge.unanswered_percent(port) < x_thresholds.min_unanswered_percent) {
        continue;
      }
      block.tally.add(tally);
      sizes[key.port] += tally.outbound;
      block.connected += port.outbound >= kMinHostsOfBlockPort || peer.outbound > 1 ? tally.outbound : 0U;
    }
    std::vector<std::pair<std::uint64_t, std::uint16_t>> sorted;
    for (const auto& [port, size] : sizes) {
      sorted.emplace_back(size, port);
    }
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return std::pair{b.first, a.second} < std::pair{a.first, b.second}; });
    for (const auto& [size, port] : sorted) {
      block.ports.push_back(port);
    }
    return block;
  }

  static constexpr Micros kShortWindow = std::chrono::minutes{10};
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
  if (least == 0 || judge.is_sampled() || unanswered_in(view.recent) * view.recent.scale() * 4 < least) {
    return std::nullopt;
  }
  const WallTime from = view.newest - ClientTracker::kSpell;
  const WallTime burst_from = view.newest - kPingBurst;
  std::map<SubnetKey, ScanTally> subnets;
  std::map<SubnetKey, ScanTally> bursts;
  view.recent.for_each([&](const Contact& contact) {
    if (!contact.is_outbound() || contact.last < from || !judge.can_judge(contact.key.protocol)) {
      return;
    }
    subnets[subnet_of(contact.key)].add(contact, is_settled(view, contact));
    if (is_icmp(contact.key.protocol) && contact.first >= burst_from) {
      bursts[subnet_of(contact.key)].add(contact, is_settled(view, contact));
    }
  });
  std::optional<ScanIncident> best;
  SubnetKey best_key;
  const auto offer = [&](const SubnetKey& key, const ScanTally& tally, std::uint64_t enough, std::uint64_t min_percent) {
    const bool passes = judge.estimate(tally.outbound) >= enough && judge.unanswered_percent(tally) >= min_percent;
    if (passes && (!best || tally.outbound > best->seen)) {
      best = incident_of(tally, judge, view, ClientTracker::kSpell);
      best_key = key;
    }
  };
  for (const auto& [key, tally] : subnets) {
    offer(key, tally, least, key.protocol != flow::kUdp ? thresholds.min_unanswered_percent_slow : thresholds.min_unanswered_percent_connectionless);
  }
  for (const auto& [key, tally] : bursts) {
    offer(key, tally, (least * 3 + 3) / 4, kMinSilentPings);
  }
  if (best) {
    best->measure = "port_scan.min_subnet_hosts";
    best->is_sweep = true;
    best->protocol = best_key.protocol;
    best->port = best_key.port;
    best->peer = best_key.subnet;
    best->first_seen = std::max(best->first_seen, from);
    best->samples = busiest(view.recent, [&](const Contact& contact) { return subnet_of(contact.key) == best_key; });
  }
  return best;
}

std::optional<ScanIncident> ports_of_one_host(const ClientView& view, const PortScanThresholds& thresholds) {
  const ScanJudge judge(view, view.recent, thresholds);
  if (judge.is_sampled() || unanswered_in(view.recent) * view.recent.scale() < thresholds.min_ports_per_minute) {
    return std::nullopt;
  }
  struct Host {
    ScanTally tally;
    std::uint64_t packets = 0;
  };
  const WallTime from = view.newest - ClientTracker::kSpell;
  const auto is_new = [&](const Contact& contact) {
    const Contact* known = contact.key.protocol == flow::kTcp ? view.slow.find(contact.key) : nullptr;
    return contact.first >= from && (known == nullptr || known->first >= from);
  };
  const auto is_traceroute = [](const ContactKey& key) {
    return key.protocol == flow::kUdp && key.port >= kFirstTraceroutePort && key.port <= kLastTraceroutePort;
  };
  std::map<std::pair<std::uint8_t, net::IpAddress>, Host> hosts;
  view.recent.for_each([&](const Contact& contact) {
    if (contact.is_outbound() && !is_icmp(contact.key.protocol) && judge.can_judge(contact.key.protocol) && !is_traceroute(contact.key) &&
        is_new(contact)) {
      Host& host = hosts[{contact.key.protocol, contact.key.peer}];
      host.tally.add(contact, is_settled(view, contact));
      host.packets += contact.packets;
    }
  });
  std::optional<ScanIncident> best;
  for (const auto& [key, host] : hosts) {
    const bool is_tcp = key.first == flow::kTcp;
    const std::uint64_t least = std::uint64_t{thresholds.min_ports_per_minute} * (is_tcp ? 1U : 2U);
    const std::uint32_t min_percent = is_tcp ? thresholds.min_unanswered_percent_slow : thresholds.min_unanswered_percent_connectionless;
    const bool passes = judge.estimate(host.tally.outbound) >= least && judge.unanswered_percent(host.tally) >= min_percent &&
                        host.packets <= host.tally.outbound * kMaxPacketsAPort;
    if (passes && (!best || host.tally.outbound > best->seen)) {
      best = incident_of(host.tally, judge, view, ClientTracker::kSpell);
      best->measure = "port_scan.min_ports_per_minute";
      best->kind = ScanKind::Vertical;
      best->protocol = key.first;
      best->peer = key.second;
    }
  }
  if (best) {
    best->samples =
        busiest(view.recent, [&](const Contact& contact) { return contact.key.protocol == best->protocol && contact.key.peer == best->peer; });
  }
  return best;
}

std::optional<ScanIncident> patient_scan(const ClientView& view, const PortScanThresholds& thresholds, WallTime since) {
  struct Window {
    Micros length;
    std::uint64_t least;
    std::string_view measure;
  };
  const std::array<Window, 2> windows = {
      Window{std::chrono::minutes{10}, thresholds.min_targets_per_ten_minutes, "port_scan.min_targets_per_ten_minutes"},
      Window{std::chrono::hours{1}, thresholds.min_targets_per_hour, "port_scan.min_targets_per_hour"}};
  const ScanJudge judge(view, view.slow, thresholds);
  const std::uint64_t unanswered = judge.estimate(unanswered_in(view.slow));
  for (const Window& window : windows) {
    if (unanswered * 100 * 2 < window.least * thresholds.min_unanswered_percent_slow) {
      continue;
    }
    const Groups groups = group(view, std::max(view.newest - window.length, since));
    auto found = PatientJudge(view, thresholds, window.length, window.least).strongest(groups);
    if (found) {
      found->measure = window.measure;
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
