#include "detect/server_lookup.hpp"

#include <utility>

namespace pinfold::detect {
namespace {

std::uint64_t bits_of(const net::MacAddress& mac) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : mac.bytes) {
    number = (number << 8U) | byte;
  }
  return number;
}

}  // namespace

ServerLookup::ServerLookup(std::shared_ptr<const inventory::Inventory> inventory, const std::map<std::string, PointIndex>& points)
    : x_inventory(std::move(inventory)), x_own_points(x_inventory->servers().size()), x_is_access_port(points.size()) {
  for (std::uint32_t i = 0; i < x_inventory->servers().size(); ++i) {
    const inventory::ServerIndex index{i};
    const inventory::Server& server = x_inventory->server(index);
    x_ids.emplace(server.id, index);
    for (const net::Prefix& prefix : server.addresses) {
      x_addresses.insert(prefix, i);
    }
    if (server.mac) {
      const auto [at, is_new] = x_macs.emplace(bits_of(*server.mac), index);
      if (!is_new) {
        at->second.reset();
      }
    }
    if (server.port) {
      if (const auto point = points.find(server.port->switch_id.value + "/" + server.port->name.value); point != points.end()) {
        x_own_points[i] = point->second;
        x_is_access_port[point->second.value] = true;
      }
    }
  }
}

std::optional<inventory::ServerIndex> ServerLookup::by_mac(const net::MacAddress& mac) const {
  const auto known = x_macs.find(bits_of(mac));
  return known != x_macs.end() ? known->second : std::nullopt;
}

std::optional<inventory::ServerIndex> ServerLookup::by_id(const ServerId& id) const {
  const auto found = x_ids.find(id);
  return found != x_ids.end() ? std::optional{found->second} : std::nullopt;
}

}  // namespace pinfold::detect
