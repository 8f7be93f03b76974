/// What the collector is made with: where to listen, whom to believe, which ports to look at. Filled in from pinfold.toml by the engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "collect/counters.hpp"
#include "detect/summary/maker.hpp"
#include "detect/thresholds.hpp"
#include "net/ip_address.hpp"
#include "records/exporters.hpp"

namespace pinfold::collect {

struct UdpEndpoint {
  net::IpAddress address;
  std::uint16_t port = 0;  ///< 0: the kernel picks one, see Collector::port
};

/// An exporter that may talk to us. Entries of one observation point see the same packets (detect/observation.hpp).
struct AllowedExporter {
  net::IpAddress address;
  Protocol protocol = Protocol::Ipfix;
  std::string observation_point;
  unsigned rank = 0;
  /// Records count only if they came in or went out there; empty: all do. An exporter may number its interfaces anew when it restarts.
  std::vector<IfIndex> interfaces{};
};

inline constexpr std::size_t kMaxMirrors = 8;
inline constexpr unsigned kMaxWorkers = 16;

/// A network interface that a switch mirrors traffic to.
struct Mirror {
  std::string interface;
  std::string observation_point;
  unsigned rank = 0;
  SamplingRate sampling;  ///< one in so many packets is looked at, at random
};

struct CollectorOptions {
  std::optional<UdpEndpoint> ipfix;
  std::optional<UdpEndpoint> sflow;
  std::vector<AllowedExporter> exporters;  ///< the first of two equal (address, protocol) counts
  std::vector<Mirror> mirrors;             ///< at most kMaxMirrors
  detect::Thresholds thresholds;
  /// Asked of the kernel for each socket, which may give less (net.core.rmem_max); bursts of export wait there.
  int receive_buffer_bytes = 16 * 1024 * 1024;
  /// Threads that receive and decode; an exporter stays with one. At most kMaxWorkers.
  unsigned workers = 1;
  /// What was known of exporters before a restart (flow/exporter_memory.hpp).
  std::vector<records::ExporterRow> remembered{};
  /// Tell detectors elsewhere what was seen, instead of judging here (Pipeline::publish_as).
  std::optional<detect::SummaryOrigin> publish_as{};
};

}  // namespace pinfold::collect
