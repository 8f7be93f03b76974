/// Notices peer-to-peer file sharing (BitTorrent): many peers, each on a high port of its own, a good part of them silent.
/// Off unless the operator's terms of use forbid it (`is_forbidden`): it is legal, and no intrusion.
/// Rule: `min_peers` distinct TCP or UDP peers on ports above 1023 within three minutes of the recent contacts, at least half of the ports different,
///       some answered. Not certain: other peer-to-peer programs look the same, hence little confidence.
/// Not read: handshakes in sampled packets; flow records have no payload. Memory: none of its own. Pure.
#pragma once

#include <optional>

#include "detect/client_tracker.hpp"
#include "detect/rules/sighting.hpp"
#include "detect/thresholds.hpp"

namespace pinfold::detect {

[[nodiscard]] std::optional<Sighting> judge_file_sharing(const ClientView& view, const FileSharingThresholds& thresholds);

}  // namespace pinfold::detect
