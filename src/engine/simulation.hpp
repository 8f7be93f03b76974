/// Replays the store's recorded cases under another policy and tells what would have gone differently: the contract's Simulation.
/// Used by: the API. (`pinfold policy simulate` prints the same replay case by case, also of recorded files.)
/// Cost:    every event of every case once; progress in per cent. Bounds: kMaxShown cases are listed, all are counted. Clock: none.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "desk/policy.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

inline constexpr std::size_t kMaxShown = 1000;

[[nodiscard]] nlohmann::json simulate(records::Store& store, const desk::Policy& policy, WallTime since,
                                      const std::function<void(unsigned)>& progress);

}  // namespace pinfold::engine
