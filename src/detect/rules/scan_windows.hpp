/// The judgement of one server's recent contacts: which group of them passes the port-scan rule within a minute, and when.
/// Rule: in some 60 s of event time, at least `min_targets_per_minute` distinct targets of one group (one port: horizontal; one destination:
/// vertical), of which at least `min_unanswered_percent` never accepted (silence or refusal). A fan-out alone is no scan: crawlers, resolvers
/// and monitors are answered.
///   answers visible, unsampled   each target is matched with its own answer (reverse records, or ACK in the server's own later packets)
///   sampled                      an answer is rarely sampled with its question, so answers and questions of a group are compared as wholes:
///                                a crawler's sampled packets are mostly ACKs, a scanner's are all SYNs
///   answers not visible at all   TCP is judged by its SYN-only share; UDP and ICMP are not judged
/// Cost: two passes over the table; memory for the groups that could pass only.
#pragma once

#include <optional>

#include "detect/rules/scan.hpp"

namespace pinfold::detect {

/// The strongest group that passes, with the time over which it did; samples included.
[[nodiscard]] std::optional<ScanIncident> strongest_scan(const ClientView& view, const PortScanThresholds& thresholds);

}  // namespace pinfold::detect
