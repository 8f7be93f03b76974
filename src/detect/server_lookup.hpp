/// Servers by address, MAC address and id. Whose a record is: detect/attribution.hpp. Receivers are found by address.
/// MAC addresses that several servers share decide nothing.
/// Cost:    built once an inventory, O(addresses); a look-up is a prefix look-up and, if the record has a MAC, one hash.
/// Threads: none; const after construction.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "detect/observation.hpp"
#include "flow/record.hpp"
#include "inventory/inventory.hpp"
#include "net/prefix_table.hpp"

namespace pinfold::detect {

class ServerLookup {
public:
  /// `points` are the observation points by name; a point that is called like a server's access port ("switch/ifName") is that server's own.
  ServerLookup(std::shared_ptr<const inventory::Inventory> inventory, const std::map<std::string, PointIndex>& points);

  [[nodiscard]] const inventory::Inventory& inventory() const { return *x_inventory; }
  [[nodiscard]] const std::shared_ptr<const inventory::Inventory>& shared_inventory() const { return x_inventory; }
  [[nodiscard]] std::size_t size() const { return x_inventory->servers().size(); }
  [[nodiscard]] std::optional<inventory::ServerIndex> by_address(const net::IpAddress& address) const { return at(place_of(address)); }
  /// `by_address` in two steps: where the answer stands, which can be asked for some records ahead, and what it is.
  using Place = const std::uint32_t*;
  [[nodiscard]] Place place_of(const net::IpAddress& address) const { return x_addresses.place_of(address); }
  [[nodiscard]] static std::optional<inventory::ServerIndex> at(Place place) {
    return *place == net::PrefixTable::kNone ? std::nullopt : std::optional{inventory::ServerIndex{*place}};
  }
  [[nodiscard]] bool knows_macs() const { return !x_macs.empty(); }
  /// By the record's source MAC address.
  [[nodiscard]] std::optional<inventory::ServerIndex> by_mac(const flow::FlowRecord& record) const {
    return record.src_mac && !x_macs.empty() ? by_mac(*record.src_mac) : std::nullopt;
  }
  [[nodiscard]] std::optional<inventory::ServerIndex> by_id(const ServerId& id) const;
  /// The exporter names the sender's MAC address and the server's is on record, but it is another one: only the source address speaks against it.
  [[nodiscard]] bool by_address_only(inventory::ServerIndex sender, const flow::FlowRecord& record) const {
    const auto& mac = x_inventory->server(sender).mac;
    return record.src_mac && mac && *record.src_mac != *mac;
  }
  /// The observation point of the server's own access port, if it exports.
  [[nodiscard]] std::optional<PointIndex> own_point(inventory::ServerIndex server) const { return x_own_points[server.value]; }

  /// Some server's own port.
  [[nodiscard]] bool is_access_port(PointIndex point) const { return point.value < x_is_access_port.size() && x_is_access_port[point.value]; }

private:
  [[nodiscard]] std::optional<inventory::ServerIndex> by_mac(const net::MacAddress& mac) const;

  std::shared_ptr<const inventory::Inventory> x_inventory;
  net::PrefixTable x_addresses;
  std::unordered_map<std::uint64_t, std::optional<inventory::ServerIndex>> x_macs;  ///< nullopt: shared
  std::unordered_map<ServerId, inventory::ServerIndex> x_ids;
  std::vector<std::optional<PointIndex>> x_own_points;
  std::vector<bool> x_is_access_port;  ///< by PointIndex
};

}  // namespace pinfold::detect
