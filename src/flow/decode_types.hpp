/// What goes into and comes out of the decoders besides records: who exported, the bounds, what was counted, and why a datagram was refused.
/// Used by: `collect` (live exports), `pinfold flows decode` and `pinfold detect` (files).
/// Bounds:  every table that an exporter can make grow has its limit here. What goes beyond it is refused and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/time.hpp"
#include "flow/record.hpp"
#include "net/ip_address.hpp"

namespace pinfold::flow {

/// Who sends. Templates, sampling rates and sequence numbers are kept per key and, within it, per observation domain (IPFIX), source id
/// (v9), engine (v5), agent and sub-agent (sFlow).
/// `port` stays 0 unless several exporters share one address: exporters change their source port over restarts, and some send
/// templates and data from different ports.
struct ExporterKey {
  net::IpAddress address;
  std::uint16_t port = 0;
  friend bool operator==(const ExporterKey&, const ExporterKey&) = default;
};

struct Limits {
  std::size_t exporters = 1024;
  std::size_t domains_per_exporter = 64;      ///< the one unused for longest makes room
  std::size_t templates_per_exporter = 2048;  ///< over all its domains
  std::size_t fields_per_template = 256;
  std::size_t template_fields_per_exporter = 65536;  ///< over all its templates: what bounds their memory
  Seconds template_lifetime{86'400};                 ///< a template that is not sent again for so long is forgotten (RFC 7011 section 8.4)
  std::size_t sampling_rules_per_domain = 256;
  std::size_t records_per_datagram = 4096;       ///< 64 KiB of 16-byte records; more is a template made to blow us up
  std::size_t pending_bytes_per_domain = 65536;  ///< data sets that wait for their template
  std::size_t pending_sets_per_domain = 64;
  std::size_t samples_per_datagram = 1024;  ///< sFlow
};

enum class Fault : std::uint8_t {
  UnknownVersion,
  Truncated,    ///< a fixed part does not fit into the datagram
  BadLength,    ///< a length or count in the datagram contradicts its surroundings
  BadTemplate,  ///< a template that no record could be read with
  TooManyFields,
  TooManyTemplates,
  TooManyRecords,
  TooManySamples,
  TooManyExporters,
};

/// Why a datagram was refused, and at which of its bytes.
struct DecodeError {
  Fault fault = Fault::Truncated;
  std::size_t offset = 0;
  friend bool operator==(const DecodeError&, const DecodeError&) = default;
};

/// "byte 20: a length or count contradicts its surroundings".
[[nodiscard]] std::string to_string(const DecodeError& error);

/// One datagram's outcome.
struct DecodeStats {
  ExportVersion version = ExportVersion::Ipfix;
  std::size_t records = 0;    ///< flows appended, those that had waited for a template included
  std::size_t templates = 0;  ///< templates and options templates defined or redefined
  std::size_t option_records = 0;
  std::size_t sets_waiting = 0;       ///< data sets put aside because their template is not known yet
  std::size_t sets_dropped = 0;       ///< data sets for which there was no room to wait, or whose template turned out not to fit them
  std::size_t samples_skipped = 0;    ///< sFlow samples that carry no flow: those below, and formats that Pinfold does not read
  std::size_t counter_samples = 0;    ///< sFlow counter samples; generic interface counters among them are given out
  std::size_t discarded_packets = 0;  ///< sFlow notices of dropped packets, which are no traffic
};

/// Sums over the life of an exporter.
struct Counters {
  std::uint64_t datagrams = 0;
  std::uint64_t malformed = 0;  ///< datagrams refused
  std::uint64_t records = 0;
  std::uint64_t templates = 0;
  std::uint64_t option_records = 0;
  std::uint64_t sets_waiting = 0;
  std::uint64_t sets_dropped = 0;
  std::uint64_t samples_skipped = 0;
  std::uint64_t counter_samples = 0;
  std::uint64_t discarded_packets = 0;
  std::uint64_t lost_datagrams = 0;  ///< by gaps in sFlow's and NetFlow v9's sequence numbers, which count datagrams
  std::uint64_t lost_records = 0;    ///< by gaps in NetFlow v5's and IPFIX's, which count records
  WallTime last_seen;
};

}  // namespace pinfold::flow

template <>
struct std::hash<pinfold::flow::ExporterKey> {
  std::size_t operator()(const pinfold::flow::ExporterKey& key) const noexcept {
    return std::hash<pinfold::net::IpAddress>{}(key.address) * 31 + key.port;
  }
};
