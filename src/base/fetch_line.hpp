/// Asks for the cache line at an address, to be written soon. Nothing happens where there is no memory.
/// A function that does nothing else has no effect which a compiler must keep, and the calls of it are dropped; the empty statement is one.
/// Used by: detect, for rows and tables that do not fit any cache.
#pragma once

namespace pinfold {

inline void fetch_line(const void* at) {
  __builtin_prefetch(at, 1);
  asm volatile("");  // NOLINT(hicpp-no-assembler): empty
}

}  // namespace pinfold
