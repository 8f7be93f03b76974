#include "engine/flows/stream_options.hpp"

#include <fmt/format.h>

namespace pinfold::engine {
namespace {

std::optional<collect::UdpEndpoint> udp(const std::optional<config::Endpoint>& endpoint) {
  return endpoint ? std::optional(collect::UdpEndpoint{endpoint->address, endpoint->port}) : std::nullopt;
}

}  // namespace

stream::NatsOptions nats_options(const config::Config& config) {
  stream::NatsOptions options;
  options.servers = config.stream.servers;
  options.replicas = config.stream.replicas;
  options.buffer_bytes = std::size_t{config.stream.buffer_mb} << 20U;
  options.credentials = config.stream.credentials;
  options.ca = config.stream.ca;
  return options;
}

std::vector<detect::ObservationSource> sources_of(const config::Config& config) {
  std::vector<detect::ObservationSource> sources;
  for (const config::Exporter& exporter : config.flows.exporters) {
    sources.push_back({exporter.observation_point, exporter.rank});
  }
  for (const config::Mirror& mirror : config.flows.mirrors) {
    sources.push_back({mirror.observation_point, mirror.rank});
  }
  return sources;
}

collect::CollectorOptions collector_options(const config::Config& config) {
  collect::CollectorOptions options;
  options.ipfix = udp(config.flows.ipfix);
  options.sflow = udp(config.flows.sflow);
  options.thresholds = config.thresholds;
  options.workers = config.flows.workers;
  for (const config::Exporter& exporter : config.flows.exporters) {
    const auto protocol = exporter.protocol == "sflow" ? collect::Protocol::Sflow : collect::Protocol::Ipfix;
    options.exporters.push_back({exporter.address, protocol, exporter.observation_point, exporter.rank, exporter.interfaces});
  }
  for (const config::Mirror& mirror : config.flows.mirrors) {
    options.mirrors.push_back({mirror.interface, mirror.observation_point, mirror.rank, mirror.sampling});
  }
  return options;
}

std::string stream_report(std::string_view role, const std::string& name) { return fmt::format("{}{}/{}", kStreamReports, role, name); }

}  // namespace pinfold::engine
