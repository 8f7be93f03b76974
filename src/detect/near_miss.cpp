#include "detect/near_miss.hpp"

#include <algorithm>
#include <utility>

namespace pinfold::detect {
namespace {

std::int64_t minute_of(WallTime at) { return at.since_epoch / std::chrono::minutes{1}; }

}  // namespace

void NearMisses::note(NearMiss miss) {
  const Key key{miss.server, miss.measure, minute_of(miss.at)};
  if (const auto known = x_numbers.find(key); known != x_numbers.end()) {
    NearMiss& at = x_misses[known->second - x_pushed_out];
    if (std::tie(at.did_pass, at.value) < std::tie(miss.did_pass, miss.value)) {
      at = std::move(miss);
    }
    return;
  }
  if (x_misses.size() == kMost) {
    const NearMiss& oldest = x_misses.front();
    x_numbers.erase({oldest.server, oldest.measure, minute_of(oldest.at)});
    x_misses.pop_front();
    ++x_pushed_out;
  }
  x_numbers.emplace(key, x_pushed_out + x_misses.size());
  x_misses.push_back(std::move(miss));
}

std::vector<NearMiss> NearMisses::take(WallTime now) {
  // Event times come late by an exporter's time-outs; what comes later still makes a line of its own.
  constexpr Micros kLate = std::chrono::minutes{2};
  std::vector<NearMiss> over;
  std::deque<NearMiss> kept;
  for (NearMiss& miss : x_misses) {
    if (miss.at + kLate < now) {
      over.push_back(std::move(miss));
    } else {
      kept.push_back(std::move(miss));
    }
  }
  x_misses = std::move(kept);
  x_numbers.clear();
  for (std::size_t i = 0; i < x_misses.size(); ++i) {
    x_numbers.emplace(Key{x_misses[i].server, x_misses[i].measure, minute_of(x_misses[i].at)}, x_pushed_out + i);
  }
  return over;
}

}  // namespace pinfold::detect
