#include "config/policy_file.hpp"

#include <fmt/format.h>

#include "base/text_file.hpp"
#include "config/desk_policy.hpp"
#include "config/threshold_keys.hpp"
#include "config/toml_table.hpp"

namespace pinfold::config {
namespace {

using desk::Policy;

constexpr Micros kSecond = std::chrono::seconds{1};

void read_incidents(TableReader& table, const Policy& policy, detect::PortScanThresholds& thresholds) {
  table.duration("settle", thresholds.settle, {Micros{0}, std::chrono::minutes{1}});
  table.duration("update_interval", thresholds.update_interval, {kSecond, std::chrono::hours{1}});
  table.duration("quiet", thresholds.quiet, {kSecond, std::chrono::hours{24}});
  if (thresholds.update_interval >= policy.evidence_max_age) {
    table.fail("update_interval", fmt::format("must be shorter than policy.evidence_max_age ({}): evidence would be too old before it is renewed",
                                              pinfold::to_string(policy.evidence_max_age)));
  }
}

/// [detect.SECTION]: its numbers by the list, what else it has by hand.
void read_detection(TableReader& detect, std::string_view section, PolicyFile& result) {
  detect.table(section, [&](TableReader& table) {
    for (const ThresholdKey& key : threshold_keys()) {
      if (key.section == section) {
        table.number(key.key, key.at(result.thresholds), key.least, key.most);
      }
    }
    if (section == "port_scan") {
      read_incidents(table, result.policy, result.thresholds.port_scan);
    } else if (section == "file_sharing") {
      table.boolean("forbidden", result.thresholds.file_sharing.is_forbidden);
    }
  });
}

void read_role(TableReader& table, std::vector<inventory::RoleOfServer>& roles) {
  inventory::RoleOfServer row;
  inventory::DeclaredRole& declared = row.declared;
  table.require("server", "missing: the server's name in the inventory");
  table.text("server", row.server.value);
  table.require(
      "role",
      "missing: mail_relay, newsletter, monitoring, scanner, config_management, proxy, resolver, game_or_voice, backup, speed_test or file_sharing");
  table.parsed("role", declared.role, inventory::parse_role, "a role (see docs/manual/detection.md)");
  table.require("reason", "missing: who reads this next year wants to know why");
  table.text("reason", declared.reason);
  table.require("until", "missing: a declaration ends, at the latest when somebody looks again");
  table.parsed("until", declared.until, parse_wall_time, "a time like \"2027-06-30T00:00:00Z\"");
  roles.push_back(std::move(row));
}

void read_observation(TableReader& table, detect::ObservationThresholds& thresholds) {
  table.duration("alive", thresholds.alive, {kSecond, std::chrono::hours{1}});
  table.duration("hold", thresholds.hold, {kSecond, std::chrono::hours{1}});
  table.duration("point_hold", thresholds.point_hold, {kSecond, std::chrono::hours{24}});
}

}  // namespace

Expected<PolicyFile, ConfigError> parse_policy(std::string_view text, const std::filesystem::path& file) {
  Faults faults(file.string());
  PolicyFile result;
  if (const auto document = parse_toml(text, faults)) {
    TableReader root(*document, "", faults);
    read_desk_policy(root, result.policy);
    root.table("detect", [&](TableReader& detect) {
      for (const std::string_view section : {"port_scan", "flood", "brute_force", "spam", "bandwidth_burst", "reflector", "file_sharing"}) {
        read_detection(detect, section, result);
      }
      detect.table("observation", [&](TableReader& table) { read_observation(table, result.thresholds.observation); });
    });
    root.tables("role", inventory::kMaxDeclaredRoles, [&](TableReader& table, std::size_t) { read_role(table, result.thresholds.roles); });
    root.finish();
  }
  if (faults.first()) {
    return Unexpected(*faults.first());
  }
  return result;
}

Expected<PolicyFile, ConfigError> load_policy(const std::filesystem::path& file) {
  const auto text = read_text_file(file, kMaxConfigBytes);
  if (!text) {
    return Unexpected(ConfigError{file.string(), 0, "", text.error()});
  }
  return parse_policy(*text, file);
}

}  // namespace pinfold::config
