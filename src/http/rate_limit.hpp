/// How often somebody may do something: at most `most` times in each minute, counted by key (an address, a case).
/// Used by: pages that strangers reach.
/// Clock:   given. Threads: any. Bounds: kMaxKeys keys a minute; when so many have come, further new ones are refused until the next minute.
#pragma once

#include <string>
#include <unordered_map>

#include "base/lock_guarded.hpp"
#include "base/time.hpp"

namespace pinfold::http {

class RateLimit {
public:
  static constexpr std::size_t kMaxKeys = 10'000;
  explicit RateLimit(unsigned most) : x_most(most) {}

  /// Counts one and says whether it is allowed.
  [[nodiscard]] bool take(const std::string& key, WallTime now) {
    const auto minute = std::chrono::floor<std::chrono::minutes>(now.since_epoch).count();
    return x_counts.with([&](Counts& counts) {
      if (counts.minute != minute) {
        counts = {minute, {}};
      }
      if (counts.by_key.size() >= kMaxKeys && !counts.by_key.contains(key)) {
        return false;
      }
      return ++counts.by_key[key] <= x_most;
    });
  }

private:
  struct Counts {
    std::int64_t minute = 0;
    std::unordered_map<std::string, unsigned> by_key;
  };
  unsigned x_most;
  LockGuarded<Counts> x_counts;
};

}  // namespace pinfold::http
