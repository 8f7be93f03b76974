#include "collect/interface_table.hpp"

#include <utility>

namespace pinfold::collect {

InterfaceTable::InterfaceTable(const std::vector<ExporterSwitch>& exporters) {
  for (const ExporterSwitch& exporter : exporters) {
    x_exporters.emplace(exporter.exporter, exporter.switch_id);
  }
}

void InterfaceTable::set(const SwitchId& switch_id, const PortNames& names) {
  auto ports = std::make_shared<detect::PortsByIndex>();
  for (const auto& [index, name] : names) {
    ports->emplace(index, detect::PortPlace{switch_id, name});
  }
  x_state.with([&](State& state) {
    auto& known = state.switches[switch_id];
    if (known == nullptr || *known != *ports) {
      known = std::move(ports);
      ++state.version;
    }
  });
}

void InterfaceTable::forget(const SwitchId& switch_id) {
  x_state.with([&](State& state) { state.version += state.switches.erase(switch_id); });
}

std::optional<detect::PortPlace> InterfaceTable::find(const net::IpAddress& exporter, IfIndex index) const {
  const auto known = x_exporters.find(exporter);
  if (known == x_exporters.end()) {
    return std::nullopt;
  }
  return x_state.with([&](const State& state) -> std::optional<detect::PortPlace> {
    const auto ports = state.switches.find(known->second);
    if (ports == state.switches.end()) {
      return std::nullopt;
    }
    const auto port = ports->second->find(index.value);
    return port == ports->second->end() ? std::nullopt : std::optional(port->second);
  });
}

std::optional<SwitchId> InterfaceTable::switch_at(const net::IpAddress& exporter) const {
  const auto known = x_exporters.find(exporter);
  return known == x_exporters.end() ? std::nullopt : std::optional(known->second);
}

std::uint64_t InterfaceTable::version() const {
  return x_state.with([](const State& state) { return state.version; });
}

detect::SourcePorts InterfaceTable::names_of(const std::vector<AllowedExporter>& exporters) const {
  return x_state.with([&](const State& state) {
    detect::SourcePorts names;
    for (const AllowedExporter& exporter : exporters) {
      const auto known = x_exporters.find(exporter.address);
      const auto ports = known == x_exporters.end() ? state.switches.end() : state.switches.find(known->second);
      names.push_back(ports == state.switches.end() ? nullptr : ports->second);
    }
    return names;
  });
}

}  // namespace pinfold::collect
