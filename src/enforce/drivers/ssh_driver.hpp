/// Switch ports through a vendor's command line over SSH, spoken to as a template says (ssh_template.hpp).
/// A command line knows ports by name, so there is no index to go stale; what it says about a port's state is looked for in its output. What
/// the template does not look for is unreadable, which holds: give such a switch an SNMP agent to read from (paired_driver.hpp).
/// The running configuration is never read back: FRR's says "shutdown" of interfaces that are up, or not there at all.
/// Errors:  run_ssh's; output that a template counts as failed is Malformed after a write (earlier commands may have had an effect: read).
/// Threads: one. One driver object for one action.
#pragma once

#include "enforce/driver.hpp"
#include "enforce/drivers/ssh_session.hpp"
#include "enforce/drivers/ssh_template.hpp"

namespace pinfold::enforce::drivers {

class SshDriver final : public Driver {
public:
  SshDriver(SshAccess access, SshTemplate commands) : x_access(std::move(access)), x_template(std::move(commands)) {}

  [[nodiscard]] Expected<guard::PortFacts, DriverError> inspect(const inventory::AccessPort& port) override;
  [[nodiscard]] Expected<void, DriverError> set(const guard::PortFacts& facts, guard::AdminState wish) override;
  [[nodiscard]] Expected<guard::PortFacts, DriverError> reread(const inventory::AccessPort& port) override;
  [[nodiscard]] std::string describe_write(const guard::PortFacts& facts, guard::AdminState wish) const override;
  [[nodiscard]] std::optional<PortTraffic> traffic(const guard::PortFacts& facts) override;
  [[nodiscard]] bool can_save() const override { return !x_template.save.empty(); }
  [[nodiscard]] Expected<void, DriverError> save() override;

private:
  /// The output of all the commands; a command that the switch did not understand is an error.
  [[nodiscard]] Expected<std::string, DriverError> speak(const SshTemplate::Commands& commands, std::string_view port) const;
  void read_macs(std::string_view output, guard::PortFacts& facts) const;

  SshAccess x_access;
  SshTemplate x_template;
};

}  // namespace pinfold::enforce::drivers
