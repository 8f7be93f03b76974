/// Counts of 32 bits that stay at their largest instead of beginning anew: rows of many servers have no room for more.
/// Used by: the trackers' tables. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace pinfold::detect {

[[nodiscard]] constexpr std::uint32_t add_small(std::uint32_t count, std::uint64_t more) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(count + std::min(more, kMost - count));
}

}  // namespace pinfold::detect
