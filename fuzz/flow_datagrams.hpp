/// Shared by the fuzz targets of the flow decoders: a sequence of datagrams, each behind a 16-bit length, and what holds for any of them.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/assert.hpp"
#include "base/byte_reader.hpp"
#include "flow/decoder.hpp"
#include "flow/record_json.hpp"

namespace pinfold::fuzz {

inline const flow::ExporterKey kExporter{net::IpAddress::v4(0xC0000201), 0};

/// Small ones, so that the fuzzer reaches them.
inline flow::Limits small_limits() {
  flow::Limits limits;
  limits.domains_per_exporter = 4;
  limits.pending_bytes_per_domain = 4096;
  limits.pending_sets_per_domain = 8;
  limits.templates_per_exporter = 16;
  limits.template_fields_per_exporter = 128;
  limits.sampling_rules_per_domain = 4;
  limits.records_per_datagram = 64;
  return limits;
}

/// A refused datagram leaves nothing behind, faults lie within it, the limits are kept, and every flow can be printed.
inline std::vector<flow::FlowRecord> take(flow::Decoder& decoder, const flow::ExporterKey& exporter, ByteSpan datagram, const flow::Limits& limits,
                                          WallTime now = {}) {
  std::vector<flow::FlowRecord> flows;
  const auto done = decoder.decode(exporter, datagram, flows, now);
  PINFOLD_ASSERT(done || (flows.empty() && decoder.interface_counters().empty()));
  PINFOLD_ASSERT(done || done.error().offset <= datagram.size());
  PINFOLD_ASSERT(!done || (done->records == flows.size() && flows.size() <= limits.records_per_datagram));
  PINFOLD_ASSERT(decoder.sets_waiting(exporter) <= limits.pending_sets_per_domain * limits.domains_per_exporter);
  for (const flow::FlowRecord& flow : flows) {
    PINFOLD_ASSERT(!flow::to_json(flow, exporter.address).empty());
  }
  const flow::Counters counters = decoder.counters(exporter);
  PINFOLD_ASSERT(counters.malformed <= counters.datagrams);
  return flows;
}

/// The next datagram of the input; nullopt at its end.
inline std::optional<ByteSpan> next_datagram(ByteReader& in) {
  const auto length = in.u16();
  return length ? in.bytes(std::min<std::size_t>(*length, in.remaining())) : std::nullopt;
}

/// All datagrams of the input that claim to be of that protocol, from one exporter, so that templates, withdrawals and waiting data meet.
template <typename Check>
void decode_all(ByteSpan input, flow::ExportVersion version, Check check) {
  const flow::Limits limits = small_limits();
  flow::Decoder decoder(limits);
  ByteReader in{input};
  while (const auto datagram = next_datagram(in)) {
    if (flow::sniff(*datagram) == version) {  // each other protocol has a target of its own
      check(take(decoder, kExporter, *datagram, limits));
    }
  }
}

}  // namespace pinfold::fuzz
