/// Notices servers that send far more than they usually do at that hour of the week. Not abuse by itself: severity info and little confidence,
/// so that no case is opened; it is a reason to look at the server (ask its agent for a snapshot, offer an audit).
/// Rule: the outbound rate of a whole ten-minute window is at least `min_mbps` and `times_usual` what is usual; a server without
///       `min_hours_known` of its own past is compared with its service level's, and one without either is not judged.
/// Left alone: declared backup and speed-test servers; growth (the baseline follows).
/// Memory: detect/baselines.hpp. Pure.
#pragma once

#include <optional>

#include "detect/baselines.hpp"
#include "detect/rules/sighting.hpp"
#include "detect/thresholds.hpp"

namespace pinfold::detect {

[[nodiscard]] std::optional<Sighting> judge_burst(const WindowOfPast& window, SamplingRate rate, std::uint64_t packets_seen,
                                                  const std::optional<Baselines::UsualRate>& usual, const BurstThresholds& thresholds);

}  // namespace pinfold::detect
