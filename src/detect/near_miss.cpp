#include "detect/near_miss.hpp"

#include <algorithm>
#include <utility>

namespace pinfold::detect {
namespace {

std::int64_t minute_of(WallTime at) { return at.since_epoch / std::chrono::minutes{1}; }

}  // namespace

void NearMisses::note(NearMiss miss) {
  const Key key{miss.server, miss.series, minute_of(miss.at)};
  if (const auto known = x_numbers.find(key); known != x_numbers.end()) {
    NearMiss& at = x_misses[known->second - x_pushed_out];
    if (std::tie(at.did_pass, at.value) < std::tie(miss.did_pass, miss.value)) {
      at = std::move(miss);
    }
    return;
  }
  if (x_misses.size() == kMost) {
    const NearMiss& oldest = x_misses.front();
    x_numbers.erase({oldest.server, oldest.series, minute_of(oldest.at)});
    x_misses.pop_front();
    ++x_pushed_out;
  }
  x_numbers.emplace(key, x_pushed_out + x_misses.size());
  x_misses.push_back(std::move(miss));
}

}  // namespace pinfold::detect
