// An executor with everything it needs in memory: store, switch and clock. It can be killed at any step and started anew.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "enforce/executor.hpp"
#include "enforce/memory_store.hpp"
#include "enforce/sim_switch.hpp"

namespace pinfold::enforce::fakes {

/// A switch with an uplink, customers' ports swp1… and everything the executor needs.
struct World {
  Fate fate;
  ManualClock clock{WallTime{std::chrono::hours{500'000}}};
  MemoryStore store{fate};
  SimSwitch sw{fate, clock};
  inventory::Inventory inventory;
  std::optional<std::string> lapsed;  ///< what the predicate says against the action
  guard::Warrant warrant;             ///< what the desk holds for every action
  bool is_warrant_fresh = true;       ///< evidence and approvals are of this moment, whenever that is
  bool is_on_system_clock = false;    ///< where the executor under test is
  ExecutorSettings settings;
  std::unique_ptr<Executor> executor;

  explicit World(unsigned customers = 3) {
    std::vector<inventory::Customer> owners;
    std::vector<inventory::Server> servers;
    sw.ports["swp24"] = {1, "core:UPLINK", guard::AdminState::Up, {{{2, 0, 0, 0, 0, 254}}}, true};
    for (unsigned i = 1; i <= customers; ++i) {
      const std::string n = std::to_string(1000 + i);
      owners.push_back({CustomerId{n}, "customer " + n, {{ContactId{"ops@c" + n + ".example"}, "en"}}});
      inventory::Server server;
      server.id = ServerId{"srv-" + n};
      server.customer = CustomerId{n};
      server.mac = net::MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(i)}};
      server.port = inventory::AccessPort{SwitchId{"sw1"}, PortName{"swp" + std::to_string(i)}, "cust:srv-" + n};
      sw.ports[server.port->name.value] = {i + 1, server.port->alias, guard::AdminState::Up, {*server.mac}, true};
      servers.push_back(std::move(server));
    }
    inventory = inventory::Inventory(std::move(owners), std::move(servers));
    settings.gateway_macs = {{{2, 0, 0, 0, 0, 254}}};
    settings.owner = "desk 1";
    settings.warrant = [this](records::Transaction&, const ActionRequest&) {
      if (is_warrant_fresh) {
        const WallTime now = is_on_system_clock ? system_clock().wall() : clock.wall();
        warrant.evidence_at = now;
        for (auto& one : warrant.approvals) {
          one.at = now;
        }
      }
      return warrant;
    };
    warrant.approvals = {{StaffId{"anna"}, clock.wall(), true}};
    store.settings.set(arming_setting(SwitchId{"sw1"}), "yes");
    start();
  }

  /// A new process: everything but the store and the switch is gone.
  void start() {
    executor = std::make_unique<Executor>(
        store, [this](const SwitchId& id) { return id.value == "sw1" ? std::make_unique<SimDriver>(sw) : nullptr; }, clock,
        [this](Micros by) {
          fate.step();
          clock.advance(by);
        },
        settings);
  }

  [[nodiscard]] ActionRequest request(unsigned customer, desk::PortWish wish, std::int64_t action = 1) const {
    return {CaseId{customer}, ActionId{action}, ServerId{"srv-" + std::to_string(1000 + customer)}, wish};
  }
  ActionOutcome run(const ActionRequest& r) {
    return executor->run(r, inventory, [this](records::Transaction&, const ActionRequest&) { return lapsed; });
  }
  std::vector<RecoveredAction> recover() {
    return executor->recover(inventory, [this](records::Transaction&, const ActionRequest&) { return lapsed; });
  }
  [[nodiscard]] guard::AdminState admin(const std::string& port) const { return sw.ports.at(port).admin; }
  [[nodiscard]] records::JournalState last_state() const { return store.journal.rows.back().state; }
};

}  // namespace pinfold::enforce::fakes
