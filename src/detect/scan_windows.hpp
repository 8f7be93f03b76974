/// The judgement of one server's contacts: which group of them passes the port-scan rule, and when. The arithmetic behind PortScanDetector.
/// Cost: two passes over the table; memory for the groups that could pass only.
#pragma once

#include <optional>

#include "detect/port_scan.hpp"

namespace pinfold::detect {

struct ScanView {
  const ContactTable& table;
  SamplingRate rate;
  bool answers_visible = false;
  std::int64_t newest_slot = 0;
  WallTime now;
};

/// The strongest group that passes, with the time over which it did; samples included, `source` left to the caller.
[[nodiscard]] std::optional<ScanIncident> strongest_scan(const ScanView& view, const PortScanThresholds& thresholds);

}  // namespace pinfold::detect
