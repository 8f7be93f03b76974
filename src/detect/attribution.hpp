/// Who sent a record, by three witnesses that can contradict each other: the source address (anybody can forge it), the exporter's interface
/// where it came in (nobody can), and the source MAC address (only the server's own segment can).
///   by_port    the one server on the access port that the exporter's interface is, by name (collect/interface_table.hpp)
///   by_mac     the server that has this MAC address in the inventory, if only one has
///   by_prefix  the server whose address or prefix it is
/// The port is believed before the MAC, and the MAC before the address, so that nobody can be framed by forged addresses; that they disagree
/// is kept: it is how spoofing is seen.
/// Used by: pipeline. Cost: one hash look-up where the exporter's switch is known, one where the record has a MAC, one prefix look-up.
/// Threads: none; const after construction.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "base/units.hpp"
#include "detect/observation.hpp"
#include "detect/server_lookup.hpp"
#include "flow/record.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::detect {

/// A port as people call it.
struct PortPlace {
  SwitchId switch_id;
  PortName name;
  friend bool operator==(const PortPlace&, const PortPlace&) = default;
};
using PortsByIndex = std::map<std::uint32_t, PortPlace>;
/// By SourceIndex; null where the exporter's switch is not known.
using SourcePorts = std::vector<std::shared_ptr<const PortsByIndex>>;

struct Attribution {
  std::optional<inventory::ServerIndex> by_prefix;
  std::optional<inventory::ServerIndex> by_port;
  std::optional<inventory::ServerIndex> by_mac;

  [[nodiscard]] std::optional<inventory::ServerIndex> on_the_wire() const { return by_port ? by_port : by_mac; }
  [[nodiscard]] std::optional<inventory::ServerIndex> charged() const { return on_the_wire() ? on_the_wire() : by_prefix; }
  /// The source address is not the charged server's, or port and MAC name different servers.
  [[nodiscard]] bool disagrees() const { return on_the_wire() && (on_the_wire() != by_prefix || (by_mac && by_mac != by_port && by_port)); }
};

/// The access ports of one inventory, by what the exporters call them.
class PortServers {
public:
  PortServers() = default;
  /// A port with several servers decides nothing.
  PortServers(const SourcePorts& ports, const inventory::Inventory& inventory);
  [[nodiscard]] std::optional<inventory::ServerIndex> at(SourceIndex source, IfIndex index) const;
  [[nodiscard]] bool empty() const { return x_servers.empty(); }

private:
  std::unordered_map<std::uint64_t, inventory::ServerIndex> x_servers;  ///< by source and ifIndex
};

[[nodiscard]] Attribution attribute(const ServerLookup& lookup, const PortServers& ports, const flow::FlowRecord& record, SourceIndex source);

}  // namespace pinfold::detect
