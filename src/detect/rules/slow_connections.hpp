/// Finds servers that hold a web server's connections open to wear it out (slowloris, slow POST): many connections, hardly anything in them, and no
/// answer, because no request is ever complete.
/// Rule, per destination and plain HTTP port: within two minutes `min_slow_connections` were opened; after 20 s or more, less than half were
/// closed; each sent four packets or more, but less than two a second, small ones (200 bytes on average); every one was accepted, and what came back
/// is acknowledgements (66 bytes a packet), for half of them at least.
/// Left alone: proxies, crawlers and pools (they are answered with pages); health checks and metrics over TCP (they close); scans and SYN floods (not
///          accepted, or not continued).
/// Not found: over TLS (the handshake is an answer); slow reading (the page is one); sampled (a connection shows one packet or none).
/// Floor:   `min_slow_connections`, opened at half that number in ten seconds at least: slower ones are not followed.
/// Source:  R. Hansen, Slowloris, 2009; E. Cambiaso et al., Slow DoS attacks: definition and categorisation, IJTMCC 2013.
/// Memory:  detect/volume_tracker.hpp. Pure.
#pragma once

#include <optional>

#include "detect/rules/sighting.hpp"
#include "detect/thresholds.hpp"
#include "detect/volume_tracker.hpp"

namespace pinfold::detect {

[[nodiscard]] std::optional<Sighting> judge_slow_connections(const VolumeTracker::View& view, const FloodThresholds& thresholds);

}  // namespace pinfold::detect
