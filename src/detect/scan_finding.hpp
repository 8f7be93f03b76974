/// A port scan in words: the ScanIncident as the finding that a customer and a member of staff read.
/// Bounds: abuse::bounded. Pure text; cost is not on the hot path (once in ten seconds a running incident).
#pragma once

#include "abuse/finding.hpp"
#include "detect/port_scan.hpp"

namespace pinfold::detect {

struct FindingContext {
  ServerId server;
  std::string observation_point;
  std::uint64_t lost_datagrams = 0;
  WallTime now;
};

[[nodiscard]] abuse::Finding scan_finding(const ScanIncident& scan, const PortScanThresholds& thresholds, FindingContext context);

}  // namespace pinfold::detect
