#include "engine/ports/drivers.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <stdexcept>

#include "desk/case.hpp"
#include "desk/step.hpp"
#include "enforce/drivers/bridge_driver.hpp"
#include "enforce/drivers/paired_driver.hpp"
#include "enforce/drivers/snmp_driver.hpp"
#include "enforce/drivers/ssh_driver.hpp"
#include "enforce/drivers/webhook_driver.hpp"
#include "enforce/process_owner.hpp"
#include "engine/open_store.hpp"

namespace pinfold::engine {

namespace {

namespace drivers = enforce::drivers;

std::unique_ptr<enforce::Driver> make_snmp(const config::Switch& s) {
  const snmp::Settings settings = snmp_settings(s);
  drivers::SnmpOptions options;
  options.quarantine_vlan = s.quarantine_vlan;
  if (s.save_set && s.save_done) {
    options.save = drivers::SnmpSave{s.save_set->name, s.save_set->value, s.save_done->name, s.save_done->value};
  }
  return std::make_unique<drivers::SnmpDriver>(settings, options);
}

std::unique_ptr<enforce::Driver> make_bridge(const config::Switch& s) {
  return std::make_unique<drivers::BridgeDriver>(drivers::BridgeOptions{s.quarantine_vlan});
}

std::unique_ptr<enforce::Driver> make_ssh(const config::Switch& s) {
  auto commands = drivers::load_ssh_template(s.ssh.commands);
  if (!commands) {
    throw std::runtime_error(fmt::format("switch {}: {}", s.id.value, commands.error()));
  }
  drivers::SshAccess access;
  access.host = s.ssh.address.address;
  access.port = s.ssh.address.port;
  access.user = s.ssh.user;
  access.key_file = s.ssh.key_file;
  access.known_hosts = s.ssh.known_hosts;
  return std::make_unique<drivers::SshDriver>(std::move(access), *std::move(commands));
}

std::unique_ptr<enforce::Driver> make_webhook(const config::Switch& s, const Clock& clock) {
  const auto url = fetch::parse_url(s.webhook.url);
  if (!url || (!url->is_https && !fetch::is_loopback(*url))) {
    throw std::runtime_error(fmt::format("switch {}: {} is no usable address", s.id.value, s.webhook.url));
  }
  return std::make_unique<drivers::WebhookDriver>(drivers::WebhookOptions{s.id, *url, s.webhook.secret, s.webhook.ca_file, s.webhook.saves}, clock);
}

std::unique_ptr<enforce::Driver> make_one(const config::Switch& s, const Clock& clock) {
  std::unique_ptr<enforce::Driver> writer;
  switch (s.driver) {
    case config::SwitchDriver::Snmp: return make_snmp(s);
    case config::SwitchDriver::Bridge: return make_bridge(s);
    case config::SwitchDriver::Ssh: writer = make_ssh(s); break;
    case config::SwitchDriver::Webhook: writer = make_webhook(s, clock); break;
  }
  return s.address ? std::make_unique<drivers::PairedDriver>(make_snmp(s), std::move(writer)) : std::move(writer);
}

void wait_for(Micros duration) { poll(nullptr, 0, static_cast<int>(std::chrono::duration_cast<Millis>(duration).count())); }

}  // namespace

std::unique_ptr<enforce::Driver> make_driver(const config::Config& config, const SwitchId& id, const Clock& clock) {
  const auto found = std::find_if(config.switches.begin(), config.switches.end(), [&](const config::Switch& s) { return s.id == id; });
  if (found == config.switches.end()) {
    return nullptr;
  }
  return make_one(*found, clock);
}

void check_switches(const config::Config& config) {
  for (const config::Switch& s : config.switches) {
    static_cast<void>(make_one(s, system_clock()));
  }
}

std::unique_ptr<enforce::Executor> make_executor(const config::Config& config, records::Store& store, const Clock& clock) {
  enforce::ExecutorSettings settings;
  settings.policy = config.policy;
  settings.gateway_macs = {config.gateway_macs.begin(), config.gateway_macs.end()};
  settings.kill_switch = config.kill_switch;
  settings.owner = enforce::process_owner();
  settings.is_gone = who_is_gone(config);
  settings.warrant = [](records::Transaction& tx, const enforce::ActionRequest& request) { return warrant_of(tx, request.case_id, request.action); };
  return std::make_unique<enforce::Executor>(
      store, [config, &clock](const SwitchId& id) { return make_driver(config, id, clock); }, clock, wait_for, settings);
}

guard::Warrant warrant_of(records::Transaction& tx, CaseId id, ActionId action) {
  guard::Warrant warrant;
  std::uint32_t again_by = 0;
  const std::vector<desk::Event> events = tx.cases().events(id);
  for (const desk::Event& event : events) {
    if (const auto* requested = std::get_if<desk::DisableRequested>(&event.body); requested != nullptr && requested->action == action) {
      again_by = requested->again_by;
    } else if (const auto* given = std::get_if<desk::ApprovalGiven>(&event.body); given != nullptr && given->action == action) {
      warrant.approvals.push_back({given->by, event.at, given->by != desk::policy_approver()});
    } else if (const auto* released = std::get_if<desk::HoldReleased>(&event.body); released != nullptr && released->action == action) {
      warrant.approvals.push_back({released->by, event.at, true});  // who lets a hold pass answers for the action
    }
  }
  const desk::Case c = desk::fold(id, events);
  warrant.author = c.opened_by;
  warrant.placed_since = tx.inventory().placed_since(c.server);
  // The newest sighting of an own sensor counts: what was the second event may be seen again and again since.
  for (const auto& [finding, sighting] : c.findings) {
    const bool is_own = sighting.origin == abuse::Origin::Network || sighting.origin == abuse::Origin::Host;
    if (again_by != 0 && is_own && sighting.seq >= again_by) {
      warrant.evidence_at = std::max(warrant.evidence_at.value_or(sighting.last_seen), sighting.last_seen);
    }
  }
  for (const desk::Event& event : events) {
    const auto* recorded = std::get_if<desk::FindingRecorded>(&event.body);
    if (recorded != nullptr && again_by != 0 && event.seq == again_by) {
      warrant.evidence_at = std::max(warrant.evidence_at.value_or(recorded->finding.last_seen), recorded->finding.last_seen);
    }
  }
  return warrant;
}

std::string read_port(const config::Config& config, const inventory::Server& server, const Clock& clock) {
  if (!server.port) {
    return "the inventory has no switch port for this server";
  }
  const auto driver = make_driver(config, server.port->switch_id, clock);
  if (driver == nullptr) {
    return "no such switch is configured";
  }
  const auto facts = driver->inspect(*server.port);
  return facts ? enforce::read_back_text(*facts) : facts.error().what;
}

snmp::Settings snmp_settings(const config::Switch& s) {
  snmp::Settings settings;
  settings.host = s.address->address;
  settings.port = s.address->port;
  settings.community = s.community;
  settings.user = s.user;
  settings.auth_secret = s.auth_secret;
  settings.priv_secret = s.priv_secret;
  return settings;
}

}  // namespace pinfold::engine
