/// Splits a whole number over time without losing or inventing any: the parts are differences of `share` at successive borders, so they add up
/// to the total exactly, whatever the borders are.
///   share(total, 0, whole) == 0;  share(total, whole, whole) == total;  never falls when `part` grows.
/// Used by: detect (flows over windows), records (traffic over minutes). Units: the caller's. O(1), no overflow (128-bit product).
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace pinfold {

/// floor(total × part / whole); `part` outside 0..whole is cut to it; all of it when `whole` is not positive.
[[nodiscard]] constexpr std::uint64_t share(std::uint64_t total, Micros part, Micros whole) {
  __extension__ using Wide = unsigned __int128;
  if (part >= whole) {
    return total;
  }
  if (part.count() <= 0) {
    return 0;
  }
  std::uint64_t product = 0;  // nearly always fits, and dividing it is several times cheaper
  if (!__builtin_mul_overflow(total, static_cast<std::uint64_t>(part.count()), &product)) {
    return product / static_cast<std::uint64_t>(whole.count());
  }
  return static_cast<std::uint64_t>(Wide{total} * static_cast<std::uint64_t>(part.count()) / static_cast<std::uint64_t>(whole.count()));
}

}  // namespace pinfold
