/// What the decoders remember of an exporter between datagrams: templates, sampling rates, waiting data, sequence numbers, sums.
/// Used by: the decoders only. Bounds: decode_types.hpp (Limits). Threads: none; the Decoder's owner serialises.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/expected.hpp"
#include "flow/decode_types.hpp"
#include "flow/flow_times.hpp"
#include "flow/interface_counters.hpp"
#include "flow/sampling_rules.hpp"
#include "flow/sequence.hpp"
#include "flow/template.hpp"

namespace pinfold::flow {

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

struct KnownTemplate {
  Template layout;
  std::vector<FieldSpec> fields;  ///< as defined: tells a repetition from a redefinition, and is what survives a restart
  WallTime refreshed;             ///< when the exporter last sent it
};

struct Domain {
  std::unordered_map<std::uint16_t, KnownTemplate> templates;
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
  bool changed = false;  ///< templates or sampling rules are not what they were when somebody last asked (Decoder::take_changed)

  [[nodiscard]] bool has_room_for(std::size_t fields, const Limits& limits) const;
  /// Forgets templates that the exporter has not sent for longer than their lifetime.
  void expire_templates(WallTime now, const Limits& limits);
  /// Finds or makes the domain; a new one beyond the limit replaces the one that was unused for longest.
  [[nodiscard]] Domain& domain(const DomainKey& key, const Limits& limits);
};

/// One call of Decoder::decode, as the protocols see it.
struct DecodeContext {
  const Limits& limits;
  Exporter& exporter;
  std::vector<FlowRecord>& out;
  std::vector<InterfaceCounters>& counters_out;
  WallTime received;
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
