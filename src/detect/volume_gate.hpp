/// What decides whether a server is busy: worth a table of its destinations (detect/volume_tracker.hpp). Packets by class and connections opened, in
/// one slot of ten seconds, against marks far below what any rule asks for. Units:   packets and connections scaled by the sampling rate. Memory:
/// half a cache line a server. Cost: O(1). Threads: none. Source:  plain web connections to one destination: R. S. Boyer and J S. Moore, MJRTY, A
/// Fast Majority Vote Algorithm, 1981.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "detect/thresholds.hpp"
#include "flow/record.hpp"

namespace pinfold::detect {

enum class VolumeClass : std::uint8_t { Syn, Udp, Echo, Answer, Other };
inline constexpr std::size_t kVolumeClasses = 5;
/// nullopt: counts nowhere.
[[nodiscard]] std::optional<VolumeClass> volume_class_of(const flow::FlowRecord& record);
/// TCP connections that an outbound record opened, scaled.
[[nodiscard]] std::uint64_t connections_opened_by(const flow::FlowRecord& record);
/// An inbound record that is remembered even of a server that is not busy yet.
[[nodiscard]] bool is_large_answer(const flow::FlowRecord& record);

/// What in one slot makes a server worth a table of destinations: an eighth of what these thresholds ask for.
struct BusyMarks {
  std::array<std::uint32_t, kVolumeClasses> packets{};
  std::uint32_t opened = 0;
  std::uint32_t opened_plain = 0;  ///< to plain web ports
};
[[nodiscard]] BusyMarks busy_marks(const FloodThresholds& flood, const ReflectorThresholds& reflector);

/// What of an outbound record fell into one slot, on average.
struct VolumeShare {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t seen = 0;  ///< packets as exported
  Micros lasted{};         ///< in that slot
};
[[nodiscard]] VolumeShare volume_share_of(const flow::FlowRecord& record);
/// SYNs of a packet or of a flow of nothing else; a flow record that has seen one is one connection.
[[nodiscard]] std::uint32_t opened_by(const flow::FlowRecord& record, VolumeClass kind, std::uint64_t packets);
[[nodiscard]] bool is_to_plain_web(const flow::FlowRecord& record);
/// An inbound record to a service of ours that could answer somebody else.
[[nodiscard]] bool is_question(const flow::FlowRecord& record);
/// Of an address, the same for the life of the process.
[[nodiscard]] std::uint32_t hash_of_peer(const net::IpAddress& peer);

/// What of a server stands in the way of its becoming busy; whoever owns the servers' rows keeps it there, beside what each record touches anyway.
struct VolumeGate {
  std::uint32_t slot = 0;                               ///< of kSlot
  std::array<std::uint32_t, kVolumeClasses> packets{};  ///< since that slot began, saturating
  std::uint32_t opened = 0;
  std::uint16_t opened_plain = 0;  ///< held connections to `plain_web` that are more than those to other plain web servers
  std::uint16_t plain_web = 0;     ///< hashed

  /// Counts an outbound record of `kind`. True: the server has passed a mark, taken so many times. What is late counts as well: it can only make a
  /// server busy a little early.
  [[nodiscard]] bool passes(const flow::FlowRecord& record, VolumeClass kind, const VolumeShare& share, std::int64_t number, const BusyMarks& marks,
                            std::uint64_t times);
};
static_assert(sizeof(VolumeGate) == 32);

}  // namespace pinfold::detect
