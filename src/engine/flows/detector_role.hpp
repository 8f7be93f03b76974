/// `pinfold serve --role detector`: judges what collectors elsewhere have seen. Any number of these processes share the shards among them.
///
///   store: lease ─▶ shard ─▶ consumer of flow.<shard> ─▶ ShardJudge ─▶ finding ─▶ store: inbox, in a transaction that checks the lease's epoch
///
/// A shard that is taken over begins kRewind in the past, so that windows are whole again; what the holder before it had found already is found
/// again and is the same incident to the desk. A finding whose lease is gone is thrown away: the new holder makes it.
/// Errors:  a store or a stream that is away is tried again; findings wait in memory, at most kMaxWaiting, then the oldest are dropped and counted.
/// Threads: its own. Clock: injected.
#pragma once

#include <memory>

#include "base/step_guard.hpp"
#include "config/config.hpp"

namespace pinfold::engine {

class DetectorRole {
public:
  static constexpr Micros kRewind = std::chrono::minutes{5};
  static constexpr std::size_t kMaxWaiting = 10'000;

  DetectorRole(const config::Config& config, const StepGuard& clock);
  ~DetectorRole();
  DetectorRole(const DetectorRole&) = delete;
  DetectorRole& operator=(const DetectorRole&) = delete;

private:
  struct Parts;
  std::unique_ptr<Parts> x_parts;
};

}  // namespace pinfold::engine
