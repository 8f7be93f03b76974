/// Asks for the cache line at an address, to be written soon. Nothing happens where there is no memory.
/// A function that does nothing else has no effect which a compiler must keep, and the calls of it are dropped; the empty statement is one.
/// Used by: detect, for rows and tables that do not fit any cache.
#pragma once

#include <cstddef>

namespace pinfold {

inline constexpr std::size_t kCacheLine = 64;  ///< bytes; of every processor that this runs on

inline void fetch_line(const void* at) {
  __builtin_prefetch(at, 1);
  asm volatile("");  // NOLINT(hicpp-no-assembler): empty
}

}  // namespace pinfold
