#include "config/policy_file.hpp"

#include <fmt/format.h>

#include "config/desk_policy.hpp"
#include "config/text_file.hpp"
#include "config/toml_table.hpp"

namespace pinfold::config {
namespace {

using desk::Policy;

constexpr Micros kSecond = std::chrono::seconds{1};

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
    read_desk_policy(root, result.policy);
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
