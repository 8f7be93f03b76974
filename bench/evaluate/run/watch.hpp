/// The detector under test, as it runs live: records come in when the exporter gives them up, findings are taken twice a second.
/// Detection times therefore hold the exporter's own delay. The only file that knows the Pipeline's interface.
/// Threads: none; each call has a Pipeline of its own.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "abuse/finding.hpp"
#include "detect/thresholds.hpp"
#include "evaluate/traffic/exporter.hpp"

namespace pinfold::evaluate {

struct Seen {
  abuse::Finding finding;      ///< as it stood last
  WallTime first_detected_at;  ///< when it was first given out
};

struct WatchSettings {
  std::vector<net::IpAddress> servers;
  std::string declared;  ///< role of every server (inventory/roles.hpp); empty: none
  detect::Thresholds thresholds;
  /// The exporter has shown that it sees both directions, as one of a whole network does within seconds: a scene has one server only, and that one
  /// may get nothing sampled for minutes.
  bool shows_both_ways = false;
  /// The records are read by two collectors, which tell a third process what they saw (detect/summary), and that one judges.
  bool through_collectors = false;
};

/// In order of detection. Findings of severity Info are kept: the caller decides whether they accuse.
[[nodiscard]] std::vector<Seen> watch(std::span<const ReceivedRecord> records, const WatchSettings& settings);

/// A statement that would start a warning, as opposed to information that asks for more.
[[nodiscard]] bool accuses(const abuse::Finding& finding);

}  // namespace pinfold::evaluate
