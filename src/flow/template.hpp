/// A template of NetFlow v9 or IPFIX, compiled once into the list of reads that its records need.
/// Used by: the decoders of both; not by anyone outside `flow`.
/// Cost:    most templates are read by columns (record_columns.hpp). The others: a record of fixed length costs one step a wanted field,
///          wherever it stands; one with variable-length fields is walked.
/// Bounds:  reads stay within the record's bytes; the caller bounds the number of fields.
/// Source:  RFC 7011 sections 3.4 and 7; RFC 3954 section 5.2.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/byte_reader.hpp"
#include "flow/elements.hpp"
#include "flow/record.hpp"
#include "flow/record_columns.hpp"

namespace pinfold::flow {

/// A field as the template set names it.
struct FieldSpec {
  std::uint32_t enterprise = 0;
  std::uint16_t id = 0;
  std::uint16_t length = 0;
  bool scope = false;  ///< v9 scopes have their own numbers and are not elements; IPFIX scopes are
  friend bool operator==(const FieldSpec&, const FieldSpec&) = default;
};

/// NetFlow v9's scope "Interface" (RFC 3954 section 6.1).
inline constexpr std::uint16_t kScopeInterface = 2;

/// What a record said, before it is known what to do with it: times still need the header, sampling the domain's rules.
struct RawRecord {
  FlowRecord flow;
  std::optional<Micros> first;
  std::optional<Micros> last;
  std::optional<Micros> observed;
  std::optional<std::uint64_t> first_stamp;  ///< of 64 bits, to be read against the export time (from_timestamp)
  std::optional<std::uint64_t> last_stamp;
  std::optional<std::uint64_t> observed_stamp;
  std::optional<Micros> duration;
  std::optional<Micros> system_init;
  std::optional<std::uint32_t> first_uptime;  ///< ms
  std::optional<std::uint32_t> last_uptime;
  std::optional<std::uint64_t> first_delta;  ///< µs before the export time
  std::optional<std::uint64_t> last_delta;
  std::optional<std::uint16_t> icmp;
  std::optional<std::uint64_t> sampler;
  std::optional<std::uint32_t> scope_interface;
  ByteSpan frame;      ///< a sampled packet's first bytes; they lie in the datagram
  ByteSpan ip_packet;  ///< the same, from the IP header on
  ByteSpan details;    ///< records of other templates within this one (RFC 6313, subTemplateMultiList)
  std::uint64_t sampling_interval = 0;
  std::uint64_t packet_interval = 0;  ///< with space: `interval` packets taken, then `space` left out
  std::optional<std::uint64_t> packet_space;
  std::uint64_t sampling_size = 0;  ///< n out of a population of N
  std::uint64_t sampling_population = 0;

  /// One in how many packets, by whatever elements the record has; nullopt if it says nothing.
  [[nodiscard]] std::optional<std::uint32_t> one_in() const;
};

class Template {
public:
  /// nullopt when a record would have no bytes. Without `scopes_are_elements` it is NetFlow v9's: there "outgoing" counters beside others are those
  /// of the answers (firewalls that export sessions), unless the records have a direction of their own. `is_options`: its records describe the
  /// exporter, not flows.
  [[nodiscard]] static std::optional<Template> compile(std::span<const FieldSpec> fields, bool is_options, bool scopes_are_elements);

  [[nodiscard]] bool is_options() const { return x_is_options; }
  /// Its records have addresses or counters; others (statistics, events) are read over.
  [[nodiscard]] bool describes_flows() const { return x_describes_flows; }
  /// A record is at least this long; what remains of a set below it is padding.
  [[nodiscard]] std::size_t min_length() const { return x_min_length; }

  /// All records of a set at once; nullptr for templates that are read by `read`.
  [[nodiscard]] const RecordColumns* columns() const { return x_columns ? &*x_columns : nullptr; }

  /// The record at the front of `in`; false if it does not fit (a variable length that lies), with `in` anywhere.
  [[nodiscard]] bool read(ByteReader& in, RawRecord& out) const;

private:
  struct Step {
    std::uint16_t offset;  ///< variable-length templates: unused
    std::uint16_t length;
    Read read;
    bool interface_scope;
  };

  void compile_columns();

  std::vector<Step> x_steps;  ///< fixed: the wanted fields; variable: all of them, in order
  std::optional<RecordColumns> x_columns;
  std::size_t x_min_length = 0;
  bool x_is_variable = false;
  bool x_is_options = false;
  bool x_describes_flows = false;
};

}  // namespace pinfold::flow
