#include "config/desk_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "abuse/abuse_class.hpp"
#include "base/text.hpp"

namespace pinfold::config {
namespace {

using desk::Approval;
using desk::Arming;
using desk::Policy;
using pinfold::to_string;

constexpr Micros kSecond = std::chrono::seconds{1};
constexpr DurationBounds kWindow{kSecond, std::chrono::days{90}};
constexpr std::uint8_t kLevels = 5;
constexpr std::size_t kMaxServersNamed = 10'000;

constexpr std::array kClasses{abuse::AbuseClass::PortScan,    abuse::AbuseClass::Flood,           abuse::AbuseClass::BruteForce,
                              abuse::AbuseClass::Spam,        abuse::AbuseClass::BandwidthBurst,  abuse::AbuseClass::Reflector,
                              abuse::AbuseClass::FileSharing, abuse::AbuseClass::MaliciousScript, abuse::AbuseClass::VulnerableApp,
                              abuse::AbuseClass::Phishing,    abuse::AbuseClass::MalwareHosting,  abuse::AbuseClass::Copyright,
                              abuse::AbuseClass::Compromised, abuse::AbuseClass::OpenService,     abuse::AbuseClass::Other};

std::optional<Arming> arming(TableReader& table, std::string_view key) {
  const auto chosen = table.choice(key, {"observe", "armed"});
  return chosen ? std::optional(*chosen == 0 ? Arming::Observe : Arming::Armed) : std::nullopt;
}

std::optional<Approval> approval(TableReader& table, std::string_view key) {
  const auto chosen = table.choice(key, {"auto", "one", "two"});
  return chosen ? std::optional(static_cast<Approval>(*chosen)) : std::nullopt;
}

void optional_duration(TableReader& table, std::string_view key, std::optional<Micros>& target, const DurationBounds& bounds) {
  Micros value{0};
  table.duration(key, value, bounds);
  if (table.has(key)) {
    target = value;
  }
}

void read_durations(TableReader& table, Policy& policy) {
  table.duration("response_window", policy.response_window, kWindow);
  table.duration("repeat_response_window", policy.repeat_response_window, kWindow);
  table.duration("gather", policy.gather, {kSecond, std::chrono::hours{1}});
  table.duration("quiet_gap", policy.quiet_gap, {kSecond, std::chrono::days{7}});
  table.duration("watch_window", policy.watch_window, {kSecond, std::chrono::days{365}});
  table.duration("probation", policy.probation, {kSecond, std::chrono::days{3650}});
  table.duration("close_after_quiet", policy.close_after_quiet, {kSecond, std::chrono::days{365}});
  // Exports arrive a few seconds after the packets; less would find silence missing where there is silence.
  table.duration("silence_within", policy.silence_within, {5 * kSecond, std::chrono::hours{1}});
  table.duration("evidence_max_age", policy.evidence_max_age, {kSecond, std::chrono::hours{24}});
  table.duration("remind_after", policy.remind_after, {std::chrono::minutes{1}, std::chrono::days{30}});
  table.duration("escalate_after", policy.escalate_after, {std::chrono::minutes{1}, std::chrono::days{7}});
  table.duration("verify_contacts_every", policy.verify_contacts_every, {std::chrono::days{1}, std::chrono::days{3650}});
  // Mail servers retry for hours before they bounce: a shorter time would presume the delivery of what is still waiting in a queue.
  optional_duration(table, "presume_delivered_after", policy.presume_delivered_after, {std::chrono::hours{4}, std::chrono::days{7}});
}

void read_approval(TableReader& table, Policy& policy) {
  bool auto_approve = false;
  table.boolean("auto_approve_when_both_agree", auto_approve);
  if (const auto chosen = approval(table, "approval")) {
    policy.approval = *chosen;
    if (table.has("auto_approve_when_both_agree")) {
      table.fail("auto_approve_when_both_agree", "says in other words what approval says: leave one of them out");
    }
  } else if (auto_approve) {
    policy.approval = Approval::Auto;
  }
  if (policy.approval == Approval::Auto && policy.measures != Arming::Armed) {
    table.fail(auto_approve ? "auto_approve_when_both_agree" : "approval", "makes sense only with measures = \"armed\"");
  }
}

/// Durations that only together make no sense.
void refuse_odd_durations(TableReader& table, const Policy& policy) {
  if (policy.quiet_gap >= policy.close_after_quiet) {
    table.fail(table.has("quiet_gap") ? "quiet_gap" : "close_after_quiet",
               fmt::format("quiet_gap ({}) must be shorter than close_after_quiet ({}): a case would close in the middle of a bout",
                           to_string(policy.quiet_gap), to_string(policy.close_after_quiet)));
  }
  if (policy.escalate_after > policy.remind_after) {
    table.fail(table.has("escalate_after") ? "escalate_after" : "remind_after",
               fmt::format("escalate_after ({}) must not be longer than remind_after ({}): the first would be called again before the second ever is",
                           to_string(policy.escalate_after), to_string(policy.remind_after)));
  }
  if (policy.presume_delivered_after && *policy.presume_delivered_after >= policy.close_after_quiet) {
    table.fail("presume_delivered_after", fmt::format("must be shorter than close_after_quiet ({}): the case would close before the window begins",
                                                      to_string(policy.close_after_quiet)));
  }
}

/// "21:00-06:30", UTC.
std::optional<desk::QuietHours> parse_hours(std::string_view text) {
  const auto minutes_of = [](std::string_view part) -> std::optional<std::chrono::minutes> {
    const bool shaped = part.size() == 5 && part[2] == ':';
    const auto hours = shaped ? parse_number(part.substr(0, 2)) : std::nullopt;
    const auto minutes = shaped ? parse_number(part.substr(3)) : std::nullopt;
    return hours && minutes && *hours < 24 && *minutes < 60 ? std::optional(std::chrono::minutes{static_cast<int>(*hours * 60 + *minutes)})
                                                            : std::nullopt;
  };
  const auto from = minutes_of(text.substr(0, std::min<std::size_t>(text.size(), 5)));
  const auto until = text.size() == 11 && text[5] == '-' ? minutes_of(text.substr(6)) : std::nullopt;
  return from && until && *from != *until ? std::optional(desk::QuietHours{*from, *until}) : std::nullopt;
}

void read_policy(TableReader& table, Policy& policy) {
  read_durations(table, policy);
  table.number("min_confidence", policy.min_confidence.percent, 1, 100);
  policy.warnings = arming(table, "warnings").value_or(policy.warnings);
  policy.measures = arming(table, "measures").value_or(policy.measures);
  table.boolean("remind_owner", policy.remind_owner);
  if (desk::QuietHours hours; table.has("quiet_hours")) {
    table.parsed("quiet_hours", hours, parse_hours, "hours of the day in UTC like \"21:00-06:00\"");
    policy.quiet_hours = hours;
  }
  policy.ask_contacts = arming(table, "ask_contacts").value_or(policy.ask_contacts);
  if (policy.measures == Arming::Armed && policy.warnings != Arming::Armed) {
    table.fail("measures", "cannot be armed while warnings are not: nothing is disabled without a delivered warning");
  }
  read_approval(table, policy);
  if (policy.close_after_quiet <= policy.response_window) {
    table.fail("close_after_quiet", fmt::format("must be longer than response_window ({}): the case would close before the owner's time is up",
                                                to_string(policy.response_window)));
  }
  if (table.has("repeat_response_window") && policy.repeat_response_window > policy.response_window) {
    table.fail("repeat_response_window", fmt::format("must not be longer than response_window ({}): who had a case before has less time, not more",
                                                     to_string(policy.response_window)));
  }
  if (table.has("gather") && policy.gather >= policy.evidence_max_age) {
    table.fail("gather", fmt::format("must be shorter than evidence_max_age ({}): the evidence would be too old before anybody is asked",
                                     to_string(policy.evidence_max_age)));
  }
  refuse_odd_durations(table, policy);
}

/// A limit that another one keeps from ever being reached says something else than it does.
void refuse_odd_limits(TableReader& table, const Policy& policy) {
  const auto refuse = [&](std::string_view key, std::uint32_t value, std::string_view other, std::uint32_t most) {
    if (value > most) {
      table.fail(table.has(key) ? key : other, fmt::format("{} ({}) is more than {} ({}), so it can never be reached", key, value, other, most));
    }
  };
  refuse("max_disables_per_switch_hour", policy.max_disables_per_switch_hour, "max_disables_per_site_hour", policy.max_disables_per_site_hour);
  refuse("max_disables_per_site_hour", policy.max_disables_per_site_hour, "max_disables_per_site_day", policy.max_disables_per_site_day);
  refuse("max_disables_per_site_hour", policy.max_disables_per_site_hour, "max_disable_requests_per_hour", policy.max_disable_requests_per_hour);
}

void read_limits(TableReader& table, Policy& policy) {
  table.number("max_disables_per_switch_hour", policy.max_disables_per_switch_hour, 0, 1000);
  table.number("max_disables_per_switch_day", policy.max_disables_per_switch_day, 0, 10'000);
  table.number("max_disables_per_site_hour", policy.max_disables_per_site_hour, 0, 1000);
  table.number("max_disables_per_site_day", policy.max_disables_per_site_day, 0, 10'000);
  table.number("max_servers_down_per_customer", policy.max_servers_down_per_customer, 0, 10'000);
  table.duration("person_first", policy.person_first, {});
  table.number("max_notices_per_hour", policy.max_notices_per_hour, 1, 1'000'000);
  table.number("max_disable_requests_per_hour", policy.max_disable_requests_per_hour, 1, 100'000);
  refuse_odd_limits(table, policy);
}

void read_differences(TableReader& table, const Policy& policy, desk::Differences& rules) {
  optional_duration(table, "response_window", rules.response_window, kWindow);
  optional_duration(table, "repeat_response_window", rules.repeat_response_window, kWindow);
  rules.warnings = arming(table, "warnings");
  rules.measures = arming(table, "measures");
  rules.approval = approval(table, "approval");
  if (rules.response_window && *rules.response_window >= policy.close_after_quiet) {
    table.fail("response_window",
               fmt::format("must be shorter than policy.close_after_quiet ({}): the case would close before the owner's time is up",
                           to_string(policy.close_after_quiet)));
  }
  if (rules.repeat_response_window && *rules.repeat_response_window > rules.response_window.value_or(policy.response_window)) {
    table.fail("repeat_response_window", "must not be longer than response_window: who had a case before has less time, not more");
  }
}

/// A measure that is armed where the warning is only observed could never fulfil its own proof, and says something else than it does.
void refuse_measures_without_warnings(TableReader& table, const Policy& policy, abuse::AbuseClass abuse_class, std::uint8_t level) {
  const desk::Rules rules = desk::rules_for(policy, abuse_class, level, 0);
  if (rules.measures == Arming::Armed && rules.warnings != Arming::Armed) {
    table.fail(table.has("measures") ? "measures" : "warnings",
               fmt::format("measures for {}{} would be armed while their warnings are not: nothing is disabled without a delivered warning",
                           to_string(abuse_class), level == 0 ? "" : fmt::format(" at level {}", level)));
  }
}

/// Where measures are only observed nobody approves anything: an automatic approval there was meant for something else.
void refuse_auto_without_measures(TableReader& table, const desk::Rules& rules) {
  if (table.has("approval") && rules.approval == Approval::Auto && rules.measures != Arming::Armed) {
    table.fail("approval", "\"auto\" makes sense only where measures are armed");
  }
}

void read_classes(TableReader& classes, Policy& policy) {
  for (const abuse::AbuseClass abuse_class : kClasses) {
    classes.table(abuse::to_string(abuse_class), [&](TableReader& table) {
      read_differences(table, policy, policy.classes[abuse_class]);
      refuse_measures_without_warnings(table, policy, abuse_class, 0);
      refuse_auto_without_measures(table, desk::rules_for(policy, abuse_class, 0, 0));
    });
  }
}

void read_levels(TableReader& levels, Policy& policy) {
  for (std::uint8_t level = 1; level <= kLevels; ++level) {
    levels.table(std::to_string(level), [&](TableReader& table) {
      desk::ServiceTerms& terms = policy.levels[level];
      table.text("name", terms.name);
      table.boolean("agent_expected", terms.agent_expected);
      terms.audit_included = table.choice("audit", {"on_request", "included"}).value_or(0) == 1;
      terms.staff_remediates = table.choice("remediation", {"advice", "staff"}).value_or(0) == 1;
      read_differences(table, policy, terms.rules);
      for (const abuse::AbuseClass abuse_class : kClasses) {
        refuse_measures_without_warnings(table, policy, abuse_class, level);
      }
      const desk::Rules most = [&] {  // armed for any class is enough
        desk::Rules rules = desk::rules_for(policy, kClasses.front(), level, 0);
        for (const abuse::AbuseClass abuse_class : kClasses) {
          rules.measures = std::max(rules.measures, desk::rules_for(policy, abuse_class, level, 0).measures);
          rules.approval = std::min(rules.approval, desk::rules_for(policy, abuse_class, level, 0).approval);
        }
        return rules;
      }();
      refuse_auto_without_measures(table, most);
    });
  }
}

void read_maintenance(TableReader& table, Policy& policy) {
  desk::Maintenance work;
  const auto a_time = [&](std::string_view key, WallTime& target) {
    table.require(key);
    table.parsed(key, target, parse_wall_time, "a time like \"2026-11-23T04:00:00Z\"");
  };
  a_time("from", work.from);
  a_time("until", work.until);
  if (work.until <= work.from) {
    table.fail("until", "must be later than from");
  }
  for (std::string& server : table.texts("servers", kMaxServersNamed)) {
    work.servers.emplace_back(std::move(server));
  }
  table.require("reason");
  table.text("reason", work.reason);
  policy.maintenance.push_back(std::move(work));
}

void read_on_call(TableReader& table, Policy& policy) {
  desk::OnCall person;
  table.require("name");
  table.text("name", person.name);
  table.text("mail", person.mail);
  table.text("webhook", person.webhook);
  if (person.mail.empty() && person.webhook.empty()) {
    table.fail("name", "has neither mail nor webhook: nobody could be called");
  }
  if (!person.mail.empty() && person.mail.find('@') == std::string::npos) {
    table.fail("mail", "is not a mail address");
  }
  if (!person.webhook.empty() && person.webhook.rfind("http", 0) != 0) {
    table.fail("webhook", "is not a URL");
  }
  for (const desk::OnCall& other : policy.on_call) {
    const bool is_same = other.name == person.name || (!person.mail.empty() && other.mail == person.mail) ||
                         (!person.webhook.empty() && other.webhook == person.webhook);
    if (is_same) {
      table.fail("name", fmt::format("the same person or place as \"{}\" before: a call that nobody takes would go nowhere else", other.name));
    }
  }
  policy.on_call.push_back(std::move(person));
}

}  // namespace

void read_desk_policy(TableReader& root, Policy& policy) {
  root.table("policy", [&](TableReader& table) { read_policy(table, policy); });
  root.table("limits", [&](TableReader& table) { read_limits(table, policy); });
  root.table("class", [&](TableReader& table) { read_classes(table, policy); });
  root.table("level", [&](TableReader& table) { read_levels(table, policy); });
  root.tables("maintenance", desk::kMaxMaintenance, [&](TableReader& table, std::size_t) { read_maintenance(table, policy); });
  root.tables("on_call", desk::kMaxOnCall, [&](TableReader& table, std::size_t) { read_on_call(table, policy); });
}

}  // namespace pinfold::config
