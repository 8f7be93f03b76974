/// Keeps what the detectors have learned to be usual (detect/baselines.hpp) over restarts: read back once at the start, written in parts, one a
/// minute, so that every server's is kept once an hour and no write is long; all of it at the end. Lost at a kill: the last hour's learning, an
/// eighth of one hour of the week. Forgotten: servers of which nothing was kept for kMemory. Used by: serve. Clock: injected. Threads: one worker's.
/// Errors: StoreError; a row that cannot be read is left out and said in the log.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "collect/collector.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

class BaselineKeeper {
public:
  static constexpr std::uint32_t kParts = 60;
  static constexpr Micros kMemory = std::chrono::hours{24 * 60};

  /// `collector` may be null: then there is nothing to keep.
  BaselineKeeper(records::Store& store, collect::Collector* collector, const Clock& clock) : x_store(store), x_collector(collector), x_clock(clock) {}

  void recall();
  /// Call as often as you like.
  void keep();
  void finish();

private:
  void write(std::uint32_t part);

  records::Store& x_store;
  collect::Collector* x_collector;
  const Clock& x_clock;
  std::int64_t x_minute = -1;
};

}  // namespace pinfold::engine
