/// What the agent takes from itself, so that it is never the customer's problem: capabilities, memory, priority.
/// Errors:  false, and errno says why. Linux only; effects on the calling process (capabilities: the calling thread; call it before
///          any other is started). Source: capabilities(7), prctl(2), setrlimit(2).
#pragma once

#include <cstdint>
#include <initializer_list>

namespace pinfold::agent {

inline constexpr unsigned kCapDacReadSearch = 2;  ///< the numbers of linux/capability.h
inline constexpr unsigned kCapKill = 5;
inline constexpr unsigned kCapSysPtrace = 19;
inline constexpr unsigned kCapBpf = 39;

/// Bytes of heap and other private memory; beyond it an allocation fails and the process ends, to be started again by its unit.
inline constexpr std::uint64_t kMaxMemory = std::uint64_t{192} << 20U;

/// Keeps these of the capabilities it has, for good: no later exec gives others back.
[[nodiscard]] bool drop_capabilities(std::initializer_list<unsigned> kept);
/// Also tunes the allocator for few threads and little memory (glibc). Called once, after what is large was made.
void limit_memory(std::uint64_t bytes);
void set_own_priority(int nice);  ///< as far as it is allowed

}  // namespace pinfold::agent
