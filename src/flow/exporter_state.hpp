/// What the decoders remember of an exporter between datagrams: templates, sampling rates, waiting data, sequence numbers, sums.
/// Used by: the decoders only. Bounds: decode_types.hpp (Limits). Threads: none; the Decoder's owner serialises.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/expected.hpp"
#include "flow/decode_types.hpp"
#include "flow/sequence.hpp"
#include "flow/template.hpp"

namespace pinfold::flow {

/// The clock of one export datagram, for times that are relative to it.
struct ExportClock {
  Micros export_time{0};                       ///< UTC, from the header
  std::optional<std::uint32_t> uptime_millis;  ///< the exporter's uptime at export_time; IPFIX headers do not have it
};

/// A moment given as uptime in ms, as UTC. Right over the wraps of the 32-bit uptime (every 49.7 days) for flows that began less than
/// 49.7 days before the export; uptimes slightly after the header's are moments after the export (exporters stamp the header early).
[[nodiscard]] inline Micros time_of_uptime(Micros export_time, std::uint32_t uptime_at_export, std::uint32_t uptime) {
  constexpr std::uint32_t kFutureSlackMillis = 3'600'000;  // up to this far after the header's is the future; anything else lies in the past
  const std::uint32_t ahead = uptime - uptime_at_export;
  if (ahead <= kFutureSlackMillis) {
    return export_time + Millis{ahead};
  }
  const std::uint32_t age = uptime_at_export - uptime;
  return std::max(Micros{0}, export_time - Millis{age});
}

/// A data set that came before its template.
struct WaitingSet {
  std::uint16_t template_id = 0;
  ExportClock clock;
  std::vector<std::uint8_t> bytes;
};

/// An observation domain (IPFIX), source (v9), engine (v5), or sub-agent (sFlow).
struct DomainKey {
  ExportVersion version = ExportVersion::Ipfix;
  std::uint32_t id = 0;
  net::IpAddress agent;  ///< sFlow: the agent that the datagram names; others: unset
  friend auto operator<=>(const DomainKey&, const DomainKey&) = default;
};

/// One in how many packets, and for which records that holds.
class SamplingRules {
public:
  void set_default(std::uint32_t one_in) { x_default = one_in; }
  void set_sampler(std::uint64_t sampler, std::uint32_t one_in, std::size_t limit) { put(x_samplers, sampler, one_in, limit); }
  void set_interface(std::uint64_t interface, std::uint32_t one_in, std::size_t limit) { put(x_interfaces, interface, one_in, limit); }
  /// The record's own word first, then its sampler, its interface, and the domain.
  [[nodiscard]] SamplingRate rate_of(const RawRecord& record) const;
  /// The same for a record that has no word of its own.
  [[nodiscard]] SamplingRate rate_of(std::optional<std::uint64_t> sampler, std::optional<IfIndex> in_if) const;
  /// No rule looks at the record: rate_of({}, {}) holds for all.
  [[nodiscard]] bool is_uniform() const { return x_samplers.empty() && x_interfaces.empty(); }

private:
  using Table = std::unordered_map<std::uint64_t, std::uint32_t>;
  static void put(Table& table, std::uint64_t key, std::uint32_t one_in, std::size_t limit);

  Table x_samplers;
  Table x_interfaces;
  std::uint32_t x_default = 1;
};

struct Domain {
  std::unordered_map<std::uint16_t, Template> templates;
  SamplingRules sampling;
  std::optional<Micros> system_init;
  std::vector<WaitingSet> waiting;
  std::size_t waiting_bytes = 0;
  SequenceTracker sequence;
  std::uint64_t last_used = 0;  ///< the exporter's count of datagrams at that time
};

struct Exporter {
  std::map<DomainKey, Domain> domains;
  Counters counters;

  [[nodiscard]] std::size_t template_count() const;
  /// Finds or makes the domain; a new one beyond the limit replaces the one that was unused for longest.
  [[nodiscard]] Domain& domain(const DomainKey& key, const Limits& limits);
};

/// One call of Decoder::decode, as the protocols see it.
struct DecodeContext {
  const Limits& limits;
  Exporter& exporter;
  std::vector<FlowRecord>& out;
  std::size_t out_before = 0;  ///< out.size() at the start
  DecodeStats stats;

  [[nodiscard]] bool is_full() const { return room() == 0; }
  /// How many more records the datagram may have.
  [[nodiscard]] std::size_t room() const {
    const std::size_t used = out.size() - out_before + stats.option_records;
    return used < limits.records_per_datagram ? limits.records_per_datagram - used : 0;
  }
};

using Decoded = Expected<void, DecodeError>;

[[nodiscard]] inline Unexpected<DecodeError> refuse(Fault fault, std::size_t offset) { return Unexpected{DecodeError{fault, offset}}; }

/// Adds `change` to a sum of losses, which late arrivals make smaller again.
void add_loss(std::uint64_t& sum, std::int64_t change);

}  // namespace pinfold::flow
