/// Scans that a minute's count of one port does not show: sweeps of a subnet, patient scans, scans of a few ports together.
/// Sweep:   `min_subnet_hosts` distinct hosts of one /24 (/120) on one port within a minute, `min_unanswered_percent_slow` of them silent.
///          Only unsampled, and UDP and ICMP only where answers are visible (UDP: `min_unanswered_percent_connectionless`).
/// Patient: `min_targets_per_ten_minutes` or `min_targets_per_hour` distinct TCP targets of one port, one destination, or (block) of all ports
///          that several destinations were tried on, `min_unanswered_percent_slow` of them unanswered.
/// Block:   peer-to-peer clients also fail with hundreds of hosts, but each on a port of its own: `kMinBlockShare` per cent of the contacts must
///          be on ports that at least kMinHostsOfBlockPort hosts were tried on.
/// Memory:  the groups of one pass. Cost: a pass over the tables when enough of their contacts are unanswered, else one count. Pure.
#pragma once

#include <optional>

#include "detect/rules/scan.hpp"

namespace pinfold::detect {

[[nodiscard]] std::optional<ScanIncident> subnet_sweep(const ClientView& view, const PortScanThresholds& thresholds);
/// Only of contacts that began after `since`.
[[nodiscard]] std::optional<ScanIncident> patient_scan(const ClientView& view, const PortScanThresholds& thresholds, WallTime since);

}  // namespace pinfold::detect
