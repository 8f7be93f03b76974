/// Finds servers that are used as mirrors: somebody asks their open DNS, NTP, SSDP … service in the name of a victim, and they answer the victim.
/// The owner has an exposed service, not an intruder: class family exposure, a gentle notice.
/// Rule, per destination and ten-second slot: UDP answers from the port of an amplifier (detect/services.hpp) at `min_pps` and `min_kbps`, larger on
/// average than that service's ordinary answers, and so many times what came in from there as the service's table says.
/// Left alone: resolvers and time servers at work (many clients, small answers), declared resolvers and game servers.
/// Needs:      questions visible; without them nothing is judged.
/// Source:     US-CERT TA14-017A; Rossow, Amplification Hell, NDSS 2014 (amplification and packet rates of victims). Pure.
#pragma once

#include <optional>

#include "detect/rules/sighting.hpp"
#include "detect/thresholds.hpp"
#include "detect/volume_tracker.hpp"

namespace pinfold::detect {

[[nodiscard]] std::optional<Sighting> judge_reflector(const VolumeTracker::View& view, const ReflectorThresholds& thresholds);

}  // namespace pinfold::detect
