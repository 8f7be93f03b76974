#include "detect/server_lookup.hpp"

#include <utility>

namespace pinfold::detect {
namespace {

std::uint64_t number_of(const net::MacAddress& mac) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : mac.bytes) {
    number = (number << 8U) | byte;
  }
  return number;
}

}  // namespace

ServerLookup::ServerLookup(std::shared_ptr<const inventory::Inventory> inventory, const std::map<std::string, PointIndex>& points)
    : x_inventory(std::move(inventory)), x_own_points(x_inventory->servers().size()) {
  for (std::uint32_t i = 0; i < x_inventory->servers().size(); ++i) {
    const inventory::ServerIndex index{i};
    const inventory::Server& server = x_inventory->server(index);
    x_ids.emplace(server.id, index);
    for (const net::Prefix& prefix : server.addresses) {
      x_addresses.insert(prefix, i);
    }
    if (server.mac) {
      const auto [at, is_new] = x_macs.emplace(number_of(*server.mac), index);
      if (!is_new) {
        at->second.reset();
      }
    }
    if (server.port) {
      if (const auto point = points.find(server.port->switch_id.value + "/" + server.port->name.value); point != points.end()) {
        x_own_points[i] = point->second;
      }
    }
  }
}

std::optional<inventory::ServerIndex> ServerLookup::by_address(const net::IpAddress& address) const {
  const auto found = x_addresses.find(address);
  return found ? std::optional{inventory::ServerIndex{*found}} : std::nullopt;
}

std::optional<inventory::ServerIndex> ServerLookup::by_mac(const flow::FlowRecord& record) const {
  if (!record.src_mac || x_macs.empty()) {
    return std::nullopt;
  }
  const auto known = x_macs.find(number_of(*record.src_mac));
  return known == x_macs.end() ? std::nullopt : known->second;
}

std::optional<inventory::ServerIndex> ServerLookup::by_id(const ServerId& id) const {
  const auto found = x_ids.find(id);
  return found != x_ids.end() ? std::optional{found->second} : std::nullopt;
}

}  // namespace pinfold::detect
