#include "desk/policy.hpp"

#include <algorithm>

namespace pinfold::desk {
namespace {

/// The base value, unless class or level differ; where both do, the milder one.
template <typename T, typename Milder>
T pick(T base, const std::optional<T>& by_class, const std::optional<T>& by_level, Milder milder) {
  if (by_class && by_level) {
    return milder(*by_class, *by_level);
  }
  return by_class.value_or(by_level.value_or(base));
}

}  // namespace

Rules rules_for(const Policy& policy, abuse::AbuseClass abuse_class, std::uint8_t level, unsigned earlier_cases) {
  static const Differences none;
  const auto by_class = policy.classes.find(abuse_class);
  const auto by_level = policy.levels.find(level);
  const Differences& c = by_class == policy.classes.end() ? none : by_class->second;
  const Differences& l = by_level == policy.levels.end() ? none : by_level->second.rules;
  const auto longer = [](Micros a, Micros b) { return std::max(a, b); };
  const auto less_armed = [](Arming a, Arming b) { return std::min(a, b); };
  Rules rules;
  rules.response_window = pick(policy.response_window, c.response_window, l.response_window, longer);
  if (earlier_cases > 0) {
    rules.response_window =
        std::min(rules.response_window, pick(policy.repeat_response_window, c.repeat_response_window, l.repeat_response_window, longer));
  }
  rules.warnings = pick(policy.warnings, c.warnings, l.warnings, less_armed);
  rules.measures = pick(policy.measures, c.measures, l.measures, less_armed);
  rules.approval = pick(policy.approval, c.approval, l.approval, [](Approval a, Approval b) { return std::max(a, b); });
  return rules;
}

const ServiceTerms& terms_of(const Policy& policy, const inventory::Server* server) {
  static const ServiceTerms least;
  const auto found = server == nullptr ? policy.levels.end() : policy.levels.find(server->level.value);
  return found == policy.levels.end() ? least : found->second;
}

const ServiceTerms& terms_of(const Policy& policy, const inventory::Inventory& all, const ServerId& server) {
  return terms_of(policy, all.find(server));
}

std::optional<WallTime> quiet_until(const std::optional<QuietHours>& hours, WallTime now) {
  if (!hours) {
    return std::nullopt;
  }
  const auto midnight = std::chrono::floor<std::chrono::days>(now.since_epoch);
  const Micros today = now.since_epoch - midnight;
  const bool over_midnight = hours->from > hours->until;
  const bool is_quiet = over_midnight ? today >= hours->from || today < hours->until : today >= hours->from && today < hours->until;
  if (!is_quiet) {
    return std::nullopt;
  }
  return WallTime{Micros{midnight} + hours->until + (over_midnight && today >= hours->from ? Micros{std::chrono::days{1}} : Micros{0})};
}

const Maintenance* maintenance_at(const Policy& policy, const ServerId& server, WallTime now) {
  const auto found = std::find_if(policy.maintenance.begin(), policy.maintenance.end(), [&](const Maintenance& m) {
    const bool covers = m.servers.empty() || std::find(m.servers.begin(), m.servers.end(), server) != m.servers.end();
    return covers && m.from <= now && now < m.until;
  });
  return found == policy.maintenance.end() ? nullptr : &*found;
}

}  // namespace pinfold::desk
