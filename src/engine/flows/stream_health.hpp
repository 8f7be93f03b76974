/// What collectors and detectors elsewhere have left in the store, as a desk shows it: metrics, and a part of its health each.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "http/staff_pages.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

/// One that has not reported for so long is down; after a day it is forgotten.
inline constexpr Micros kStreamSilence = std::chrono::seconds{30};

/// `pinfold_stream_*{role,name}`, and "collector NAME" and "detector NAME" among the parts.
void add_stream_health(records::Transaction& tx, WallTime now, http::Health& health);
/// By "role/name"; `heard`: reported within kStreamSilence. What is forgotten is left out.
[[nodiscard]] nlohmann::json stream_reports(records::Transaction& tx, WallTime now);

}  // namespace pinfold::engine
