/// The rules of the desk: durations, arming, limits. Read from the policy file by `config`, which documents every key and refuses what
/// contradicts itself; here they are plain values. The defaults are what an operator gets who writes nothing.
/// Clock: none. Units: WallTime durations.
#pragma once

#include <cstdint>

#include "abuse/abuse_class.hpp"
#include "base/time.hpp"

namespace pinfold::desk {

enum class Arming : std::uint8_t { Observe, Armed };

struct Policy {
  Micros response_window = std::chrono::hours{24};     ///< from delivery to the deadline: "an address that you check on a daily basis"
  Micros gather = std::chrono::seconds{30};            ///< the first warning waits so long for other evidence to join it in one letter
  Micros quiet_gap = std::chrono::hours{1};            ///< findings further apart than this are two incidents
  Micros watch_window = std::chrono::days{7};          ///< after a response: quiet for so long closes the case
  Micros probation = std::chrono::days{30};            ///< after an enable
  Micros close_after_quiet = std::chrono::days{14};    ///< an unanswered first warning without a second event closes then; memory stays
  Micros silence_within = std::chrono::seconds{90};    ///< after a verified disable the collector must see nothing from the server
  Micros evidence_max_age = std::chrono::minutes{30};  ///< a disable runs only on a second event younger than this (guard G6)
  abuse::Confidence min_confidence{60};                ///< less opens no case and is never "again"

  Arming warnings = Arming::Observe;
  Arming measures = Arming::Observe;
  /// Disable without a person when network and host evidence agree on the second event.
  bool auto_approve_when_both_agree = false;

  /// Ports disabled by Pinfold, counted from the journal (guard G5). Zero allows none.
  std::uint32_t max_disables_per_switch_hour = 2;
  std::uint32_t max_disables_per_site_hour = 5;
  std::uint32_t max_disables_per_site_day = 20;
};

}  // namespace pinfold::desk
