/// What an interface carried between two readings of its counters, or why that cannot be said. Pure.
/// Used by: interface_poller.
/// Units:   octets as the interface counts them, framing included (RFC 2863 section 3.1.4); "in" and "out" as the switch sees them.
/// Clock:   lengths are of our monotonic clock, places in time of our wall clock at the second reading, so that a step of the wall clock bends no
///          rate. The agent's sysUpTime only tells restarts.
/// Wraps:   64-bit counters are taken modulo 2^64. A difference that the interface's speed cannot explain (twice ifHighSpeed, or
///          kFastest where it is not told) is no wrap but a counter that was set back: a gap.
/// Gaps:    a restart of the agent, a discontinuity or a missing reading yields nothing for that interval; nothing is guessed.
/// Source:  RFC 2863 (IF-MIB: ifXTable, ifCounterDiscontinuityTime), RFC 3418 (sysUpTime), RFC 2578 section 7.1.10 (Counter64).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/expected.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "records/history.hpp"

namespace pinfold::collect {

struct InterfaceReading {
  MonoTime at;  ///< when the answer was there
  WallTime wall;
  std::optional<std::uint32_t> uptime;         ///< sysUpTime, 10 ms
  std::optional<std::uint32_t> discontinuity;  ///< ifCounterDiscontinuityTime
  std::optional<std::uint64_t> octets_in;      ///< ifHCInOctets
  std::optional<std::uint64_t> octets_out;
  std::array<std::optional<std::uint64_t>, 3> packets_in;  ///< ifHCIn{Ucast,Multicast,Broadcast}Pkts
  std::array<std::optional<std::uint64_t>, 3> packets_out;
  std::optional<std::uint32_t> discards_in;  ///< ifInDiscards
  std::optional<std::uint32_t> discards_out;
  std::uint64_t megabits = 0;  ///< ifHighSpeed; 0 = not told
};

struct InterfaceInterval {
  WallTime begin;
  WallTime end;
  Bytes bytes_in;
  Bytes bytes_out;
  Packets packets_in;  ///< 0 where the agent does not count them
  Packets packets_out;
  Packets discards_in;
  Packets discards_out;
};

enum class NoRate : std::uint8_t { Missing, OutOfOrder, TooLong, Restarted, Discontinuity, Implausible };
inline constexpr std::size_t kNoRates = 6;
[[nodiscard]] const char* to_string(NoRate reason);

/// Readings further apart say how much, but no longer when.
inline constexpr Micros kLongestInterval = std::chrono::minutes{15};
/// 1.6 Tbit/s Ethernet.
inline constexpr std::uint64_t kFastestMegabits = 1'600'000;

[[nodiscard]] Expected<InterfaceInterval, NoRate> rate(const InterfaceReading& before, const InterfaceReading& after);

/// The agent started again between two sights of its sysUpTime, `elapsed` apart (wraps after 497 days are no restart).
[[nodiscard]] bool restarted(std::uint32_t uptime_before, std::uint32_t uptime_after, Nanos elapsed);

/// The interval, cut into minutes; bytes, packets and seconds add up to the whole. What goes into the port comes out of the server.
[[nodiscard]] std::vector<records::TrafficSample> samples_of(const ServerId& server, const InterfaceInterval& interval);

}  // namespace pinfold::collect
