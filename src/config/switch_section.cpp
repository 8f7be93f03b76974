#include <fmt/format.h>

#include <utility>

#include "config/fields.hpp"
#include "config/reading.hpp"

namespace pinfold::config {
namespace {

constexpr std::size_t kMaxUserName = 32;       ///< RFC 3414 section 5, usmUserName
constexpr std::size_t kMinWebhookSecret = 24;  ///< Standard Webhooks: 24 to 64 bytes
constexpr std::int64_t kMaxVlan = 4094;

void read_snmp(TableReader& table, const Reading& reading, Switch& one) {
  if (one.driver == SwitchDriver::Bridge || (one.driver != SwitchDriver::Snmp && !table.has("address"))) {
    return;
  }
  table.require("address");
  Endpoint address;
  table.remote_endpoint("address", address);
  one.address = address;
  if (table.has("community_file")) {
    one.community = reading.secret(table, "community_file", 1);
    return;
  }
  table.require("user");
  table.text("user", one.user);
  if (one.user.size() > kMaxUserName) {
    table.fail("user", fmt::format("longer than {} bytes, which SNMPv3 does not allow", kMaxUserName));
  }
  one.auth_secret = reading.secret(table, "auth_secret_file");
  one.priv_secret = reading.secret(table, "priv_secret_file");
}

void read_measure(TableReader& table, Switch& one) {
  if (one.driver == SwitchDriver::Snmp || one.driver == SwitchDriver::Bridge) {
    std::uint16_t vlan = 0;
    table.number("quarantine_vlan", vlan, 1, kMaxVlan);
    one.quarantine_vlan = vlan == 0 ? std::nullopt : std::optional(vlan);
  }
  if (one.driver != SwitchDriver::Snmp) {
    return;
  }
  for (const auto& [key, target] : {std::pair("save_set", &one.save_set), std::pair("save_done", &one.save_done)}) {
    SnmpObject object;
    table.parsed(key, object, parse_snmp_object, "an object and a value like \"1.3.6.1.4.1.9.2.1.54.0=1\"");
    if (table.has(key)) {
      *target = object;
    }
  }
  if (one.save_set.has_value() != one.save_done.has_value()) {
    table.fail(one.save_set ? "save_set" : "save_done", "save_set and save_done go together: what is not checked is not saved");
  }
}

void read_ssh(TableReader& table, const Reading& reading, Switch& one) {
  table.require("address");
  table.remote_endpoint("address", one.ssh.address);
  table.require("user");
  table.parsed("user", one.ssh.user, parse_local_part, "a plain user name");
  one.ssh.key_file = reading.file(table, "key_file");
  one.ssh.known_hosts = reading.file(table, "known_hosts_file");
  table.require("template");
  table.text("template", one.ssh.commands);
  if (one.ssh.commands.find('/') != std::string::npos) {
    one.ssh.commands = reading.resolve(one.ssh.commands).string();
  }
}

void read_webhook(TableReader& table, const Reading& reading, Switch& one) {
  table.require("url");
  table.parsed("url", one.webhook.url, parse_webhook_url, "an address like \"https://…\" (http only for this machine: the answers are believed)");
  one.webhook.secret = reading.secret(table, "secret_file", kMinWebhookSecret);
  if (table.has("ca_file")) {
    one.webhook.ca_file = reading.file(table, "ca_file").string();
  }
  table.boolean("saves", one.webhook.saves);
}

void read_switch(TableReader& table, Reading& reading) {
  Switch one;
  table.require("id");
  table.text("id", one.id.value);
  if (const auto chosen = table.choice("driver", {"snmp", "bridge", "ssh", "webhook"})) {
    one.driver = static_cast<SwitchDriver>(*chosen);
  }
  read_snmp(table, reading, one);
  read_measure(table, one);
  if (one.driver == SwitchDriver::Ssh) {
    table.require("ssh", "missing: driver = \"ssh\" needs a table [switch.ssh]");
    table.table("ssh", [&](TableReader& inner) { read_ssh(inner, reading, one); });
  } else if (one.driver == SwitchDriver::Webhook) {
    table.require("webhook", "missing: driver = \"webhook\" needs a table [switch.webhook]");
    table.table("webhook", [&](TableReader& inner) { read_webhook(inner, reading, one); });
  }
  for (std::size_t i = 0; i < reading.config.switches.size(); ++i) {
    if (reading.config.switches[i].id == one.id) {
      table.fail("id", fmt::format("the same as of switch[{}]", i + 1));
    }
  }
  reading.config.switches.push_back(std::move(one));
}

}  // namespace

void read_switches(TableReader& root, Reading& reading) {
  root.tables("switch", kMaxSwitches, [&](TableReader& table, std::size_t) { read_switch(table, reading); });
}

}  // namespace pinfold::config
