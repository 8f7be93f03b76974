/// What the detectors compare with. Read from the policy file by `config`; the reason for each default stands in its comment.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace pinfold::detect {

struct PortScanThresholds {
  /// Distinct destinations (horizontal) or ports of one destination (vertical) in one minute. Ordinary hosts reach 119–527 a *day* on one port
  /// (research/flows); a scanner reaches hundreds a minute.
  std::uint32_t min_targets_per_minute = 100;
  /// Share of contacts that were never answered, in per cent. A crawler or resolver is answered.
  std::uint32_t min_unanswered_percent = 70;
  /// The same for UDP and ICMP, where nothing in the packet itself tells a probe from a question: peer-to-peer clients lose more than half.
  std::uint32_t min_unanswered_percent_connectionless = 90;
  /// Under sampling, at least so many distinct targets must really have been seen: estimates from fewer are guesses.
  std::uint32_t min_sampled_targets = 20;
  /// A contact counts as unanswered only so long after its record came in: the answer may be in the exporter's next datagram.
  Micros settle = std::chrono::seconds{2};
  /// A running incident updates its finding at most so often.
  Micros update_interval = std::chrono::seconds{10};
  /// Without a matching record for so long, the incident is over for the detector.
  Micros quiet = std::chrono::minutes{2};
};

/// Which of several exporters of the same packets is believed (detect/observation.hpp).
struct ObservationThresholds {
  /// An exporter that has sent nothing for so long is dead. An idle network must not look like that: some exporters then send only a
  /// template once a minute.
  Micros alive = std::chrono::seconds{90};
  /// A better exporter that came back must live so long before it is believed again.
  Micros hold = std::chrono::minutes{1};
  /// A server moves to another observation point when its own has not shown it for so long: longer than the usual active timeouts.
  Micros point_hold = std::chrono::minutes{5};
};

struct Thresholds {
  PortScanThresholds port_scan;
  ObservationThresholds observation;
};

}  // namespace pinfold::detect
