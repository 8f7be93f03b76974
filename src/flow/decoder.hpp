/// Decodes flow exports of every kind that Pinfold takes, one datagram a call, whatever mixture of exporters sends them.
/// Used by: `collect` (a decoder a shard) and the readers of files. The version in the first bytes picks the protocol.
/// Units:   records as exported, before scaling (record.hpp).
/// Clock:   none; `received` is only kept as the exporter's last sign of life.
/// Threads: none; the owner serialises. Exporters must stay with one decoder, so that templates are whole.
/// Cost:    amortised no allocation a datagram: `out` is reused by the caller, templates are compiled once.
/// Bounds:  Limits (decode_types.hpp) for everything that an exporter can make grow.
/// Errors:  malformed input costs its own datagram: none of its flows is given out. Templates and sampling rates that stood before the
///          fault are kept; they were whole.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/expected.hpp"
#include "base/time.hpp"
#include "flow/decode_types.hpp"
#include "flow/exporter_memory.hpp"
#include "flow/exporter_state.hpp"
#include "flow/interface_counters.hpp"

namespace pinfold::flow {

/// The protocol that the datagram claims to be; nullopt for none that Pinfold knows.
[[nodiscard]] std::optional<ExportVersion> sniff(ByteSpan datagram);

class Decoder {
public:
  explicit Decoder(const Limits& limits = {});

  /// Appends the datagram's flows to `out`, and those that had waited for a template which it brings.
  [[nodiscard]] Expected<DecodeStats, DecodeError> decode(const ExporterKey& exporter, ByteSpan datagram, std::vector<FlowRecord>& out,
                                                          WallTime received);

  /// The interface counters of the datagram that `decode` last took, in its order; valid until the next one. Empty after a refused one.
  [[nodiscard]] const std::vector<InterfaceCounters>& interface_counters() const { return x_interface_counters; }

  /// What must survive a restart (exporter_memory.hpp): exporters whose templates or sampling rules are news since the last call; what is
  /// known of one, as bytes; and those bytes back, before the exporter was heard again.
  [[nodiscard]] std::vector<ExporterKey> take_changed();
  [[nodiscard]] std::vector<std::uint8_t> remember(const ExporterKey& exporter) const;
  [[nodiscard]] Expected<void, MemoryError> recall(const ExporterKey& exporter, ByteSpan memory, WallTime now);

  /// All zero for an exporter that was never heard.
  [[nodiscard]] Counters counters(const ExporterKey& exporter) const;
  /// Data sets that wait for their template right now.
  [[nodiscard]] std::size_t sets_waiting(const ExporterKey& exporter) const;

private:
  Limits x_limits;
  std::unordered_map<ExporterKey, Exporter> x_exporters;
  std::vector<InterfaceCounters> x_interface_counters;
};

}  // namespace pinfold::flow
