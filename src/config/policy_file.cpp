#include "config/policy_file.hpp"

#include <fmt/format.h>

#include "base/text_file.hpp"
#include "config/toml_table.hpp"

namespace pinfold::config {
namespace {

using desk::Arming;
using desk::Policy;

constexpr Micros kSecond = std::chrono::seconds{1};

void read_arming(TableReader& table, std::string_view key, Arming& target) {
  if (const auto chosen = table.choice(key, {"observe", "armed"})) {
    target = *chosen == 0 ? Arming::Observe : Arming::Armed;
  }
}

void read_policy(TableReader& table, Policy& policy) {
  table.duration("response_window", policy.response_window, {kSecond, std::chrono::days{90}});
  table.duration("gather", policy.gather, {kSecond, std::chrono::hours{1}});
  table.duration("quiet_gap", policy.quiet_gap, {kSecond, std::chrono::days{7}});
  table.duration("watch_window", policy.watch_window, {kSecond, std::chrono::days{365}});
  table.duration("probation", policy.probation, {kSecond, std::chrono::days{3650}});
  table.duration("close_after_quiet", policy.close_after_quiet, {kSecond, std::chrono::days{365}});
  // Exports arrive a few seconds after the packets; less would find silence missing where there is silence.
  table.duration("silence_within", policy.silence_within, {5 * kSecond, std::chrono::hours{1}});
  table.duration("evidence_max_age", policy.evidence_max_age, {kSecond, std::chrono::hours{24}});
  table.number("min_confidence", policy.min_confidence.percent, 1, 100);
  read_arming(table, "warnings", policy.warnings);
  read_arming(table, "measures", policy.measures);
  table.boolean("auto_approve_when_both_agree", policy.auto_approve_when_both_agree);

  if (policy.measures == Arming::Armed && policy.warnings != Arming::Armed) {
    table.fail("measures", "cannot be armed while warnings are not: nothing is disabled without a delivered warning");
  }
  if (policy.auto_approve_when_both_agree && policy.measures != Arming::Armed) {
    table.fail("auto_approve_when_both_agree", "makes sense only with measures = \"armed\"");
  }
  if (policy.close_after_quiet <= policy.response_window) {
    table.fail("close_after_quiet", fmt::format("must be longer than response_window ({}): the case would close before the owner's time is up",
                                                pinfold::to_string(policy.response_window)));
  }
}

void read_limits(TableReader& table, Policy& policy) {
  table.number("max_disables_per_switch_hour", policy.max_disables_per_switch_hour, 0, 1000);
  table.number("max_disables_per_site_hour", policy.max_disables_per_site_hour, 0, 1000);
  table.number("max_disables_per_site_day", policy.max_disables_per_site_day, 0, 10'000);
}

void read_port_scan(TableReader& table, const Policy& policy, detect::PortScanThresholds& thresholds) {
  table.number("min_targets_per_minute", thresholds.min_targets_per_minute, 1, 1'000'000);
  table.number("min_unanswered_percent", thresholds.min_unanswered_percent, 1, 100);
  table.number("min_unanswered_percent_connectionless", thresholds.min_unanswered_percent_connectionless, 1, 100);
  table.number("min_sampled_targets", thresholds.min_sampled_targets, 1, 1'000'000);
  table.duration("settle", thresholds.settle, {Micros{0}, std::chrono::minutes{1}});
  table.duration("update_interval", thresholds.update_interval, {kSecond, std::chrono::hours{1}});
  table.duration("quiet", thresholds.quiet, {kSecond, std::chrono::hours{24}});
  if (thresholds.update_interval >= policy.evidence_max_age) {
    table.fail("update_interval", fmt::format("must be shorter than policy.evidence_max_age ({}): evidence would be too old before it is renewed",
                                              pinfold::to_string(policy.evidence_max_age)));
  }
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
    root.table("policy", [&](TableReader& table) { read_policy(table, result.policy); });
    root.table("limits", [&](TableReader& table) { read_limits(table, result.policy); });
    root.table("detect", [&](TableReader& detect) {
      detect.table("port_scan", [&](TableReader& table) { read_port_scan(table, result.policy, result.thresholds.port_scan); });
      detect.table("observation", [&](TableReader& table) { read_observation(table, result.thresholds.observation); });
    });
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
