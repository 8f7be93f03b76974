/// Ports of this machine's own Linux bridges over rtnetlink: virtual servers on a hypervisor, isolated where only they are, never at the shared
/// switch port. State is verified in well under 5 ms.
/// The interface is looked up by name in the same socket session that writes to its index, and compared straight before and after the write;
/// what is not a bridge's port is refused. Needs CAP_NET_ADMIN in the bridge's network namespace.
/// Quarantine: the bridge filters VLANs; the quarantine VLAN becomes the port's only untagged one. Added first, the old one removed second: a
///          crash between leaves a port that still reads as not in quarantine, and is finished by recovery.
/// Bonds:   a bond as a bridge's port: the bond and all its members are one action.
/// Errors:  by errno: ENODEV NotFound, EPERM Refused, EAGAIN Timeout, anything else Malformed.
/// Threads: one. One driver object for one action.
/// Source:  rtnetlink(7), bridge(8).
#pragma once

#include <optional>

#include "enforce/driver.hpp"
#include "enforce/drivers/netlink.hpp"

namespace pinfold::enforce::drivers {

struct BridgeOptions {
  std::optional<std::uint16_t> quarantine_vlan;  ///< the measure is this VLAN, not the port down
};

class BridgeDriver final : public Driver {
public:
  explicit BridgeDriver(BridgeOptions options = {}) : x_options(options) {}

  [[nodiscard]] Expected<guard::PortFacts, DriverError> inspect(const inventory::AccessPort& port) override;
  [[nodiscard]] Expected<void, DriverError> set(const guard::PortFacts& facts, guard::AdminState wish) override;
  [[nodiscard]] Expected<guard::PortFacts, DriverError> reread(const inventory::AccessPort& port) override;
  [[nodiscard]] std::string describe_write(const guard::PortFacts& facts, guard::AdminState wish) const override;
  [[nodiscard]] std::optional<PortTraffic> traffic(const guard::PortFacts& facts) override;
  [[nodiscard]] std::optional<AdminStates> admin_states() override;

private:
  [[nodiscard]] Expected<guard::PortFacts, DriverError> read(const Link& link);
  [[nodiscard]] Expected<void, DriverError> write_links(const guard::PortFacts& facts, guard::AdminState wish);
  [[nodiscard]] Expected<void, DriverError> write_vlan(const guard::PortFacts& facts, guard::AdminState wish);
  void read_vlans(const Link& link, guard::PortFacts& facts);
  void read_traffic(guard::PortFacts& facts);
  void read_witnesses(guard::PortFacts& facts);

  BridgeOptions x_options;
  std::optional<Netlink> x_netlink;
  Link x_bridge;  ///< of the port, as last read
};

}  // namespace pinfold::enforce::drivers
