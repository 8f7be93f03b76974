/// Which findings are one bout of abuse. By event time, never by time of arrival: a late finding goes where it belongs, and one that fills the gap
/// between two incidents makes them one.
/// Used by: step (choose), apply (fold). Private to the desk. Clock: none; "recorded" is the time of the event. Cost: O(incidents + sightings).
#pragma once

#include "desk/case.hpp"

namespace pinfold::desk {

struct Span {
  WallTime first;
  WallTime last;
};
/// When the finding's abuse took place, as far as it may say so: not after it was recorded, and not ending before it began.
[[nodiscard]] Span span_of(const abuse::Finding& finding, WallTime recorded);

struct Placement {
  IncidentId incident;  ///< an existing one, or the next new id
  bool is_new = false;
  std::vector<IncidentId> joins;
};
/// A finding stays in the incident of its earlier statement; else it joins those from which no more than `quiet_gap` separates it.
[[nodiscard]] Placement place(const Case& c, const abuse::Finding& finding, WallTime recorded, Micros quiet_gap);

/// The fold of a FindingRecorded.
void record_finding(Case& c, std::uint32_t seq, WallTime recorded, const FindingRecorded& event);

[[nodiscard]] const Incident* find_incident(const Case& c, IncidentId id);
/// The latest event time of any finding; nullopt: none yet.
[[nodiscard]] std::optional<WallTime> last_activity(const Case& c);

}  // namespace pinfold::desk
