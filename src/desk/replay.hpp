/// The same past under another policy: takes from a case's recorded events what came from outside, and lets the ladder decide anew.
/// Used by: `pinfold policy simulate`. Pure; the clock is that of the events. Cost: O(events) steps.
///
/// What the record cannot know is assumed, and counted: a notice that was never really sent is taken as delivered a minute later; a port action
/// that nobody carried out is taken as verified five seconds after it was approved. Ears are taken as open until the record says that they were not
/// (a person was asked because an answer may have been lost); from then on as open since that time. What no longer fits (an approval of an action
/// that is not asked for) is left out, and counted.
#pragma once

#include <string>
#include <vector>

#include "desk/step.hpp"

namespace pinfold::desk {

/// When a case passed the steps that an owner feels; nullopt: never.
struct Milestones {
  std::optional<WallTime> warned;
  std::optional<WallTime> second_notice;
  std::optional<WallTime> would_disable;  ///< asked for, or would have been (observe only)
  std::optional<WallTime> disabled;
  std::optional<WallTime> enabled;
  std::string ended;  ///< the state after the last event
  unsigned calls = 0;
  friend bool operator==(const Milestones&, const Milestones&) = default;
};
[[nodiscard]] Milestones milestones(const std::vector<Event>& events);

struct Replayed {
  std::vector<Event> events;
  unsigned assumed = 0;   ///< results that the record does not have
  unsigned left_out = 0;  ///< inputs that no longer fit
};
/// `recorded` begins with CaseOpened and a finding; anything else gives an empty result. `until`: time goes on so long behind the last event.
[[nodiscard]] Replayed replay(CaseId id, const std::vector<Event>& recorded, const Policy& policy, WallTime until);

/// One line a difference that an owner would have felt: "warned 2026-11-23 04:12 UTC instead of never". Empty: none.
[[nodiscard]] std::vector<std::string> differences(const Milestones& then, const Milestones& now);

}  // namespace pinfold::desk
