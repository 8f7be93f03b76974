/// Which detector judges which servers. A shard is held by lease; its epoch counts the holders, and a finding is kept only in a transaction in which
/// the epoch is still the shard's (the fence): two detectors that both believe in their lease can never both write.
///   hold ─▶ renews ours · lets go of what is above our share (shards / living detectors, rounded up) · takes what nobody holds
/// Used by: engine's detector role. Clock: wall time, passed in; detectors' clocks agree to within a few seconds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace pinfold::records {

/// A detector that has not renewed for so long has lost its shards.
inline constexpr Micros kShardHolds = std::chrono::seconds{10};

struct ShardLease {
  unsigned shard = 0;
  std::uint64_t epoch = 0;
  friend auto operator<=>(const ShardLease&, const ShardLease&) = default;
};

class Shards {
public:
  virtual ~Shards() = default;
  /// To be called several times in kShardHolds, from `transact`. What is ours from now on, by shard.
  [[nodiscard]] virtual std::vector<ShardLease> hold(const std::string& owner, unsigned shards, WallTime now,
                                                     const std::function<bool(const std::string&)>& is_gone) = 0;
  /// The fence.
  [[nodiscard]] virtual bool is_held(const ShardLease& lease, const std::string& owner) const = 0;
  virtual void release(const std::string& owner) = 0;
  [[nodiscard]] virtual unsigned count_held(WallTime now) const = 0;
};

}  // namespace pinfold::records
