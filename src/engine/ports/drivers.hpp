/// The configuration's switches as drivers, and the executor over them; what the desk holds for an action as the guards' warrant.
/// Used by: the port worker, and the command line for looking at a port.
/// Errors:  a template or an address that the configuration names and that is unusable: std::runtime_error from check_switches, at start.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "enforce/executor.hpp"
#include "snmp/session.hpp"

namespace pinfold::engine {

/// nullptr: no such switch is configured.
[[nodiscard]] std::unique_ptr<enforce::Driver> make_driver(const config::Config& config, const SwitchId& id, const Clock& clock);
/// Of a switch that has an SNMP agent (`address`).
[[nodiscard]] snmp::Settings snmp_settings(const config::Switch& s);
/// Every SSH template and webhook address, before anything depends on it.
void check_switches(const config::Config& config);

/// Its leases are this process's.
[[nodiscard]] std::unique_ptr<enforce::Executor> make_executor(const config::Config& config, records::Store& store, const Clock& clock);

/// The second event's time and the approvals of an action, from the case's events.
[[nodiscard]] guard::Warrant warrant_of(records::Transaction& tx, CaseId id, ActionId action);

/// "ifAdminStatus up, ifOperStatus up", or why it could not be read. For people.
[[nodiscard]] std::string read_port(const config::Config& config, const inventory::Server& server, const Clock& clock);

}  // namespace pinfold::engine
