/// Scans that a minute's count of one port does not show: sweeps of a subnet, a few dozen ports of one host, patient scans, scans of ports and hosts
/// together.
/// Sweep:   `min_subnet_hosts` distinct hosts of one /24 (/120) on one port within a minute, `min_unanswered_percent_slow` of them silent; pings:
///          three quarters of that number within ten seconds, a third of them silent, none pinged in the minute before (a monitor comes back).
///          Only unsampled, and UDP and ICMP only where answers are visible (UDP: `min_unanswered_percent_connectionless`).
/// Ports:   `min_ports_per_minute` of one host, none tried in the last hundred minutes before, refused or silent, at most four packets each on
/// average
///          (UDP: twice as many, without the ports that traceroute counts through). Only unsampled.
/// Patient: `min_targets_per_ten_minutes` or `min_targets_per_hour` distinct TCP targets of one port, one destination, or (block) of many ports and
///          hosts, surely more than `min_unanswered_percent_slow` of them unanswered (one-sided 99 % of a binomial: one looks every second); half the
///          hour's number when 95 % are.
/// Block:   peer-to-peer clients also fail with hundreds of hosts, but each on a port of its own: at least kMinBlockShare per cent of the targets
/// must
///          share their host with another port, or their port with kMinHostsOfBlockPort hosts. When 95 % never answered, no pattern is asked for, nor
///          when sampling has hidden it: peer-to-peer clients are answered by half of the world.
/// Memory:  the groups of one pass. Cost: a pass over the tables when enough of their contacts are unanswered, else one count. Pure.
#pragma once

#include <optional>

#include "detect/rules/scan.hpp"

namespace pinfold::detect {

[[nodiscard]] std::optional<ScanIncident> subnet_sweep(const ClientView& view, const PortScanThresholds& thresholds);
[[nodiscard]] std::optional<ScanIncident> ports_of_one_host(const ClientView& view, const PortScanThresholds& thresholds);
/// Only of contacts that began after `since`.
[[nodiscard]] std::optional<ScanIncident> patient_scan(const ClientView& view, const PortScanThresholds& thresholds, WallTime since);

}  // namespace pinfold::detect
