/// Reads the sets of one NetFlow v9 or IPFIX datagram: different headers and template sets around the same records.
/// Used by: the decoders of both (netflow9.cpp, ipfix.cpp). Template sets are read in template_sets.cpp, data sets in data_sets.cpp.
/// Bounds:  Limits (decode_types.hpp). Every set is read from its own bytes alone.
/// Errors:  the datagram is refused with the byte; templates that stood before the fault stay known.
/// Threads: none; an object lives for one datagram.
/// Source:  RFC 3954 sections 5 and 6; RFC 7011 sections 3, 7 and 8.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "base/byte_reader.hpp"
#include "flow/exporter_state.hpp"

namespace pinfold::flow {

/// Data sets have ids from here on; those below belong to templates and to the future.
inline constexpr std::uint16_t kFirstDataSet = 256;
inline constexpr std::size_t kSetHeaderLength = 4;

/// The set ids that carry templates, and how those are laid out.
struct Dialect {
  ExportVersion version;
  std::uint16_t template_set;
  std::uint16_t options_set;
};

/// Padding, and what some exporters fill datagrams up with.
[[nodiscard]] inline bool all_zero(ByteSpan bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

class SetDecoder {
public:
  SetDecoder(const Dialect& dialect, const ExportClock& clock, Domain& domain, DecodeContext& context)
      : x_dialect(dialect), x_clock(clock), x_domain(domain), x_whole_exporter(find_whole_exporter(dialect, domain, context)), x_context(context) {}

  /// `in` covers the datagram behind its header, the message `message_length` bytes of it. A set must begin within the message; its end
  /// may lie behind (some exporters leave the last padding out of the message's length), but within the datagram.
  [[nodiscard]] Decoded decode(ByteReader in, std::size_t header_length, std::size_t message_length);
  /// Reads what has waited for the templates that `decode` found. Only after a datagram that was good to its end: waiting sets belong to
  /// others, and must not be lost with a bad one.
  void decode_waiting();

  /// Data records read, of flows and of options.
  [[nodiscard]] std::uint32_t data_records() const { return x_data_records; }
  /// False if a data set could not be read, so that nobody knows how many records it had.
  [[nodiscard]] bool knows_all_records() const { return x_knows_all_records; }

private:
  struct TemplateHead {
    std::uint16_t id;
    std::size_t fields;
    std::size_t scopes;
  };

  [[nodiscard]] Decoded decode_set(std::uint16_t id, ByteReader set, std::size_t offset);
  [[nodiscard]] Decoded decode_templates(ByteReader set, std::size_t offset, bool is_options);
  [[nodiscard]] std::optional<TemplateHead> read_head(ByteReader& set, bool is_options) const;
  [[nodiscard]] std::optional<FieldSpec> read_field(ByteReader& set, bool scope) const;
  [[nodiscard]] Decoded define(std::uint16_t id, std::vector<FieldSpec> fields, bool is_options, std::size_t offset);
  void withdraw(std::uint16_t id, bool is_options);
  [[nodiscard]] Decoded decode_data(const Template& layout, ByteReader set, std::size_t offset, const ExportClock& clock);
  /// All records of the set at once, a field after the other (record_columns.hpp).
  [[nodiscard]] Decoded decode_columns(const Template& layout, ByteSpan set, std::size_t offset, const ExportClock& clock);
  void decode_waiting_for(std::uint16_t id);
  void put_aside(std::uint16_t id, ByteSpan bytes);
  void take_flow(RawRecord& raw, const ExportClock& clock);
  void read_details(ByteSpan details, FlowRecord& flow) const;
  void take_options(const RawRecord& raw);
  /// The domain's rules, or, where it has none, those of domain 0.
  [[nodiscard]] const SamplingRules& sampling() const {
    return x_domain.sampling.empty() && x_whole_exporter != nullptr ? x_whole_exporter->sampling : x_domain.sampling;
  }
  [[nodiscard]] static const Domain* find_whole_exporter(const Dialect& dialect, const Domain& domain, DecodeContext& context);

  const Dialect& x_dialect;
  const ExportClock& x_clock;
  Domain& x_domain;
  const Domain* x_whole_exporter;  ///< domain 0, if it has sampling rules (RFC 7011 section 3.1: for what concerns no domain alone)
  DecodeContext& x_context;
  std::vector<std::uint16_t> x_defined;  ///< templates that this datagram brought
  std::uint32_t x_data_records = 0;
  bool x_knows_all_records = true;
};

}  // namespace pinfold::flow
