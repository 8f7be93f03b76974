/// Keeps the windows that came near a detection threshold for thirty days, with the threshold that was in force: once a minute from the collector
/// into the store. Used by: serve. Clock: injected. Threads: one worker's. Lost at a kill: the last three minutes. Errors: StoreError; what could not
/// be written is tried again with the next minute's, up to kMaxPending, then dropped.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "collect/collector.hpp"
#include "detect/thresholds.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

class NearMissKeeper {
public:
  static constexpr std::size_t kMaxPending = 100'000;

  /// `collector` may be null: then there is nothing to keep.
  NearMissKeeper(records::Store& store, const detect::Thresholds& thresholds, collect::Collector* collector, const Clock& clock)
      : x_store(store), x_thresholds(thresholds), x_collector(collector), x_clock(clock) {}

  void keep();

private:
  records::Store& x_store;
  detect::Thresholds x_thresholds;
  collect::Collector* x_collector;
  const Clock& x_clock;
  std::vector<records::NearMissRow> x_pending;
  std::int64_t x_minute = -1;
};

/// With the threshold that was in force; what no threshold of the policy file decided is left out.
[[nodiscard]] std::vector<records::NearMissRow> rows_of(const std::vector<detect::NearMiss>& misses, const detect::Thresholds& thresholds);

}  // namespace pinfold::engine
