/// How the history packs its figures into blobs: LEB128 varints, about 20 bytes for a busy slot, one for a gap.
///   journal blob = version, then { server in its part, minute × 2 + source, slot }…       additions, in no order
///   tier blob    = version, then one slot for each of the hour's 60, 12 or 1
///   slot         = seconds × 2 + 1, six counts (out, in: bytes, packets, flows); or 0 for a gap
/// Used by: history_file.cpp only. Errors: a blob that does not decode, or has more than it should, is a StoreError: the file is damaged.
/// Threads: none. Cost: tens of ns a slot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "records/history.hpp"

namespace pinfold::store {

inline constexpr std::uint64_t kServersPerPart = 1024;
inline constexpr std::size_t kMinutesPerHour = 60;

struct JournalEntry {
  std::uint32_t server_in_part = 0;
  std::uint8_t minute = 0;  ///< of the hour
  records::TrafficSource source = records::TrafficSource::Flows;
  records::Slot slot;
};

[[nodiscard]] std::string encode(const std::vector<JournalEntry>& entries);
[[nodiscard]] std::vector<JournalEntry> decode_journal(std::string_view blob);

using HourSlots = std::vector<records::Slot>;  ///< 60, 12 or 1
[[nodiscard]] std::string encode(const HourSlots& slots);
[[nodiscard]] HourSlots decode_hour(std::string_view blob, std::size_t slots);

/// Sums neighbours: 60 slots to 12, 12 to 1, 60 to 1. Adds up to the same.
[[nodiscard]] HourSlots rolled_up(const HourSlots& slots, std::size_t to);

}  // namespace pinfold::store
