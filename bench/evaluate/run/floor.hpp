/// What no detector could have seen, and what ours say that they do not report: the two floors that recall is measured above.
///   sampling   five sampled packets of the attack with 99 % probability take 11.6 N / pps seconds (the negative binomial's 99th percentile for
///              five successes); an attack that is over before is below it.
///   stated     the thresholds' own least number for that class (detect/thresholds.hpp; every finding states it in words), and under sampling the
///              least number of packets, sessions or targets that must really have been seen, each reached with 99 % probability: attacks are drawn
///              at random moments, so that one at exactly a threshold's rate stays below it every other minute.
/// Windows are the detectors': ten seconds for floods and reflectors; a minute, ten minutes and an hour for the rest.
/// Where an attack is drawn against one host in one episode and many in another, the higher threshold counts.
#pragma once

#include "detect/thresholds.hpp"
#include "evaluate/run/scene.hpp"

namespace pinfold::evaluate {

inline constexpr double kFloorPackets = 11.6;

/// `attack_packets`: outbound packets of the abuse on the wire.
[[nodiscard]] double sampling_floor_seconds(const Scene& scene, std::uint64_t attack_packets);
[[nodiscard]] bool is_above_sampling_floor(const Scene& scene, std::uint64_t attack_packets);
[[nodiscard]] bool is_above_stated_floor(const Scene& scene, std::uint64_t attack_packets, const detect::Thresholds& thresholds);

}  // namespace pinfold::evaluate
