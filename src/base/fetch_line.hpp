/// Asks for the cache line at an address, to be written soon. Nothing happens where there is no memory.
/// A function that does nothing else has no effect which a compiler must keep, and the calls of it are dropped; the empty statement is one.
/// `fetch_ahead` goes through items whose lines were asked for some items before.
/// Used by: detect, for rows and tables that do not fit any cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace pinfold {

inline constexpr std::size_t kCacheLine = 64;  ///< bytes; of every processor that this runs on

inline void fetch_line(const void* at) {
  __builtin_prefetch(at, 1);
  asm volatile("");  // NOLINT(hicpp-no-assembler): empty
}

/// Calls `use(item)` for each in turn, `soon(item)` kSoon items before that and `early(item)` kEarly items before: what the first of the two asks
/// for, the second may look at.
template <std::size_t kEarly, std::size_t kSoon, typename Item, typename Early, typename Soon, typename Use>
void fetch_ahead(std::span<Item> items, Early&& early, Soon&& soon, Use&& use) {
  static_assert(kEarly > kSoon);
  const std::size_t count = items.size();
  for (std::size_t i = 0; i < std::min(kEarly, count); ++i) {
    early(items[i]);
  }
  for (std::size_t i = 0; i < std::min(kSoon, count); ++i) {
    soon(items[i]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kEarly < count) {
      early(items[i + kEarly]);
    }
    if (i + kSoon < count) {
      soon(items[i + kSoon]);
    }
    use(items[i]);
  }
}

}  // namespace pinfold
