#include "flow/decoder.hpp"

#include "flow/protocols.hpp"

namespace pinfold::flow {
namespace {

Decoded decode_as(ExportVersion version, ByteSpan datagram, DecodeContext& context) {
  switch (version) {
    case ExportVersion::NetFlow5: return decode_netflow5(datagram, context);
    case ExportVersion::NetFlow9: return decode_netflow9(datagram, context);
    case ExportVersion::Ipfix: return decode_ipfix(datagram, context);
    case ExportVersion::Sflow5: return decode_sflow5(datagram, context);
    case ExportVersion::Packet: break;
  }
  return refuse(Fault::UnknownVersion, 0);
}

void add(Counters& sum, const DecodeStats& stats) {
  sum.records += stats.records;
  sum.templates += stats.templates;
  sum.option_records += stats.option_records;
  sum.sets_waiting += stats.sets_waiting;
  sum.sets_dropped += stats.sets_dropped;
  sum.samples_skipped += stats.samples_skipped;
  sum.counter_samples += stats.counter_samples;
  sum.discarded_packets += stats.discarded_packets;
}

}  // namespace

std::optional<ExportVersion> sniff(ByteSpan datagram) {
  ByteReader in{datagram};
  switch (in.u16().value_or(0)) {
    case 5: return ExportVersion::NetFlow5;
    case 9: return ExportVersion::NetFlow9;
    case 10: return ExportVersion::Ipfix;
    case 0: return in.u16() == std::uint16_t{5} ? std::optional{ExportVersion::Sflow5} : std::nullopt;
    default: return std::nullopt;
  }
}

Decoder::Decoder(const Limits& limits) : x_limits(limits) {}

Expected<DecodeStats, DecodeError> Decoder::decode(const ExporterKey& exporter, ByteSpan datagram, std::vector<FlowRecord>& out, WallTime received) {
  auto found = x_exporters.find(exporter);
  if (found == x_exporters.end()) {
    if (x_exporters.size() >= x_limits.exporters) {
      return refuse(Fault::TooManyExporters, 0);
    }
    found = x_exporters.try_emplace(exporter).first;
  }
  Counters& counters = found->second.counters;
  ++counters.datagrams;
  counters.last_seen = received;
  const auto version = sniff(datagram);
  x_interface_counters.clear();
  DecodeContext context{x_limits, found->second, out, x_interface_counters, received, out.size(), {}};
  const Decoded done = version ? decode_as(*version, datagram, context) : Decoded{refuse(Fault::UnknownVersion, 0)};
  if (!done) {
    out.resize(context.out_before);
    x_interface_counters.clear();
    context.stats.records = 0;
    add(counters, context.stats);
    ++counters.malformed;
    return Unexpected{done.error()};
  }
  context.stats.records = out.size() - context.out_before;
  add(counters, context.stats);
  return context.stats;
}

std::vector<ExporterKey> Decoder::take_changed() {
  std::vector<ExporterKey> keys;
  for (auto& [key, exporter] : x_exporters) {
    if (exporter.changed) {
      exporter.changed = false;
      keys.push_back(key);
    }
  }
  return keys;
}

std::vector<std::uint8_t> Decoder::remember(const ExporterKey& exporter) const {
  const auto found = x_exporters.find(exporter);
  return write_memory(found == x_exporters.end() ? Domains{} : found->second.domains);
}

Expected<void, MemoryError> Decoder::recall(const ExporterKey& exporter, ByteSpan memory, WallTime now) {
  auto domains = read_memory(memory, x_limits, now);
  if (!domains) {
    return Unexpected{domains.error()};
  }
  if (x_exporters.size() >= x_limits.exporters || x_exporters.contains(exporter)) {
    return Unexpected{MemoryError{MemoryFault::NotWanted, 0}};
  }
  x_exporters[exporter].domains = *std::move(domains);
  return {};
}

Counters Decoder::counters(const ExporterKey& exporter) const {
  const auto found = x_exporters.find(exporter);
  return found == x_exporters.end() ? Counters{} : found->second.counters;
}

std::size_t Decoder::sets_waiting(const ExporterKey& exporter) const {
  std::size_t waiting = 0;
  if (const auto found = x_exporters.find(exporter); found != x_exporters.end()) {
    for (const auto& [key, domain] : found->second.domains) {
      waiting += domain.waiting.size();
    }
  }
  return waiting;
}

}  // namespace pinfold::flow
