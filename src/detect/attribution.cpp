#include "detect/attribution.hpp"

#include <utility>

namespace pinfold::detect {
namespace {

std::uint64_t key(SourceIndex source, std::uint32_t index) { return std::uint64_t{source.value} << 32U | index; }

}  // namespace

PortServers::PortServers(const SourcePorts& ports, const inventory::Inventory& inventory) {
  std::map<std::pair<SwitchId, PortName>, std::optional<inventory::ServerIndex>> by_name;
  for (std::uint32_t i = 0; i < inventory.servers().size(); ++i) {
    if (const auto& port = inventory.server({i}).port) {
      const auto [at, is_new] = by_name.emplace(std::pair(port->switch_id, port->name), inventory::ServerIndex{i});
      if (!is_new) {
        at->second.reset();
      }
    }
  }
  for (std::uint32_t source = 0; source < ports.size(); ++source) {
    if (ports[source] == nullptr) {
      continue;
    }
    for (const auto& [index, place] : *ports[source]) {
      const auto server = by_name.find({place.switch_id, place.name});
      if (server != by_name.end() && server->second) {
        x_servers.emplace(key({source}, index), *server->second);
      }
    }
  }
}

std::optional<inventory::ServerIndex> PortServers::at(SourceIndex source, IfIndex index) const {
  const auto found = x_servers.find(key(source, index.value));
  return found == x_servers.end() ? std::nullopt : std::optional(found->second);
}

Attribution attribute(const ServerLookup& lookup, const PortServers& ports, const flow::FlowRecord& record, SourceIndex source) {
  Attribution attribution;
  if (record.in_if && !ports.empty()) {
    attribution.by_port = ports.at(source, *record.in_if);
  }
  attribution.by_mac = lookup.by_mac(record);
  attribution.by_prefix = lookup.by_address(record.src);
  return attribution;
}

}  // namespace pinfold::detect
