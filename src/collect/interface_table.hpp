/// Exporter address + ifIndex → switch and port name. Filled by the poller from IF-MIB whenever a switch restarts, its table changes, and each hour;
/// an ifIndex lives here and nowhere else: it moves when a switch restarts.
/// A switch that does not answer is forgotten until it does: it may be starting anew. So an index is wrong for at most the time between two polls,
/// and only if the switch restarts faster than that.
/// Used by: engine, which hands `names_of` to the pipeline (detect/attribution.hpp).
/// Bounds:  kMaxPorts names a switch, config::kMaxSwitches switches. Cost: about 100 bytes a port. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/ids.hpp"
#include "base/lock_guarded.hpp"
#include "collect/collector.hpp"
#include "collect/switch_reader.hpp"
#include "detect/attribution.hpp"
#include "net/ip_address.hpp"

namespace pinfold::collect {

/// Which switch exports from this address.
struct ExporterSwitch {
  net::IpAddress exporter;
  SwitchId switch_id;
};

class InterfaceTable {
public:
  explicit InterfaceTable(const std::vector<ExporterSwitch>& exporters);

  /// What the switch says now; replaces what it said before.
  void set(const SwitchId& switch_id, const PortNames& names);
  /// The switch can no longer be believed (it restarted and was not read again): its indexes mean nothing.
  void forget(const SwitchId& switch_id);
  [[nodiscard]] std::optional<detect::PortPlace> find(const net::IpAddress& exporter, IfIndex index) const;
  /// Which switch exports from there, whether or not its ports are known.
  [[nodiscard]] std::optional<SwitchId> switch_at(const net::IpAddress& exporter) const;
  /// Grows with every change.
  [[nodiscard]] std::uint64_t version() const;
  /// For the pipeline: by position in this list of exporters.
  [[nodiscard]] detect::SourcePorts names_of(const std::vector<AllowedExporter>& exporters) const;

private:
  struct State {
    std::map<SwitchId, std::shared_ptr<const detect::PortsByIndex>> switches;
    std::uint64_t version = 0;
  };
  std::map<net::IpAddress, SwitchId> x_exporters;
  LockGuarded<State> x_state;
};

}  // namespace pinfold::collect
