/// What is known of an exporter, as bytes: its templates and sampling rules. Without them a desk that starts again would read nothing from an
/// exporter until it repeats its templates, half an hour later with some.
/// Used by: Decoder::remember and ::recall; `collect` keeps the bytes in the store (records::Exporters).
/// Bounds:  kMaxMemoryBytes; on the way in all of Limits, as if the exporter had sent it. The bytes come from a file that anybody may have
///          damaged, and are read like a datagram: whole and without contradiction, or not at all.
/// Threads: none. The same knowledge always gives the same bytes.
///
/// Layout, network byte order, version 1:
///   "PFXM" u8 version=1  u16 domains
///   domain    u8 protocol (1 NetFlow v9, 2 IPFIX)  u32 id  i64 system_init µs (-1: unknown)  u32 default rate (0: not told)
///             u16 samplers {u64 id, u32 one_in}  u16 interfaces {u64 index, u32 one_in}  u16 templates
///   template  u16 id  u8 is_options  u16 fields {u32 enterprise, u16 id, u16 length, u8 scope}
/// Lists are in the order of their numbers, without repetition. Waiting data, sequence numbers and sums are not kept.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/expected.hpp"
#include "base/time.hpp"
#include "flow/exporter_state.hpp"

namespace pinfold::flow {

/// What the default Limits let an exporter fill stays below this.
inline constexpr std::size_t kMaxMemoryBytes = 1U << 20U;

enum class MemoryFault : std::uint8_t {
  NotMemory,     ///< does not begin as such bytes do
  OtherVersion,  ///< written by another edition
  Truncated,
  TrailingBytes,
  OutOfOrder,  ///< a list that repeats itself or is not sorted
  BadValue,    ///< a number that no exporter could have said
  BadTemplate,
  TooMuch,    ///< beyond a limit
  NotWanted,  ///< the exporter was heard already, or there is no room for another
};

struct MemoryError {
  MemoryFault fault = MemoryFault::NotMemory;
  std::size_t offset = 0;
  friend bool operator==(const MemoryError&, const MemoryError&) = default;
};
/// "byte 12: a number that no exporter could have said".
[[nodiscard]] std::string to_string(const MemoryError& error);

using Domains = std::map<DomainKey, Domain>;

/// Empty when there is nothing to remember.
[[nodiscard]] std::vector<std::uint8_t> write_memory(const Domains& domains);
/// The templates' lifetimes begin at `now`.
[[nodiscard]] Expected<Domains, MemoryError> read_memory(ByteSpan bytes, const Limits& limits, WallTime now);

}  // namespace pinfold::flow
