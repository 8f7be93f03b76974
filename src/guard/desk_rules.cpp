// G5 to G8: how many ports, how old the evidence is, who approved, and whether the operator lets the program write at all.
#include "base/text.hpp"
#include "guard/rules.hpp"

namespace pinfold::guard {

using desk::GuardVerdict;

GuardVerdict blast_radius(const Question& q, const desk::Policy& policy) {
  Rule rule(kBlastRadius);
  const RecentDisables& recent = q.recent;
  rule.values(
      fmt::format("in flight on the switch {}, disabled on the switch in the last hour {} of {}, in the last day {} of {}, on the site in the last "
                  "hour {} of {}, "
                  "in the last day {} of {}, held down on the switch {}, of the customer {} of {}, ports up {}",
                  recent.in_flight_on_switch, recent.on_switch_hour, policy.max_disables_per_switch_hour, recent.on_switch_day,
                  policy.max_disables_per_switch_day, recent.on_site_hour, policy.max_disables_per_site_hour, recent.on_site_day,
                  policy.max_disables_per_site_day, recent.ports_down_on_switch, recent.down_of_customer, policy.max_servers_down_per_customer,
                  shown(q.facts.switch_ports_up)));
  if (recent.in_flight_on_switch > 0) {
    rule.hold("another action on this switch is not finished");
  }
  if (recent.on_switch_hour >= policy.max_disables_per_switch_hour) {
    rule.hold("the switch's limit for an hour is reached");
  }
  if (recent.on_switch_day >= policy.max_disables_per_switch_day) {
    rule.hold("the switch's limit for a day is reached");
  }
  if (recent.down_of_customer >= policy.max_servers_down_per_customer) {
    rule.hold("so many of the customer's servers are down already");
  }
  if (recent.on_site_hour >= policy.max_disables_per_site_hour) {
    rule.hold("the site's limit for an hour is reached");
  }
  if (recent.on_site_day >= policy.max_disables_per_site_day) {
    rule.hold("the site's limit for a day is reached");
  }
  if (!q.facts.switch_ports_up) {
    rule.hold("how many ports of the switch are up is unreadable");
  } else if (recent.ports_down_on_switch >= std::max(1U, *q.facts.switch_ports_up / 100)) {
    rule.hold("Pinfold would hold down more than 1 % of the switch's ports");
  }
  return std::move(rule).verdict();
}

/// The desk's predicate (warned, delivered, unanswered) is asked in the same transaction; this rule is about the clock alone.
GuardVerdict staleness(const Question& q, const desk::Policy& policy) {
  Rule rule(kStaleness);
  if (!q.warrant) {
    rule.values("no action of a case");
    rule.hold("no action of a case is asked about, so there is no evidence to weigh");
    return std::move(rule).verdict();
  }
  const auto& at = q.warrant->evidence_at;
  rule.values(fmt::format("second event {}, now {}, at most {} old", at ? pinfold::to_string(*at) : "unknown", pinfold::to_string(q.now),
                          pinfold::to_string(policy.evidence_max_age)));
  if (!at) {
    rule.hold("when the second event was is unknown");
  } else if (*at > q.now + kClockSkew) {
    rule.hold("the second event lies in the future of this clock");
  } else if (q.now - *at > policy.evidence_max_age) {
    rule.hold("the second event is too old to act on");
  }
  return std::move(rule).verdict();
}

namespace {

/// Young enough, and given for the port that the record names now.
[[nodiscard]] bool stands(const Warrant::Approval& one, const Question& q) {
  return one.at <= q.now + kClockSkew && q.now - one.at <= kApprovalLife && (!q.warrant->placed_since || one.at >= *q.warrant->placed_since);
}

}  // namespace

std::set<StaffId> standing_persons(const Question& q) {
  std::set<StaffId> persons;
  if (q.warrant) {
    for (const Warrant::Approval& one : q.warrant->approvals) {
      if (one.is_person && !one.by.value.empty() && stands(one, q)) {
        persons.insert(one.by);
      }
    }
  }
  return persons;
}

std::string names_of(const std::set<StaffId>& persons) {
  std::string text;
  for (const StaffId& person : persons) {
    text += (text.empty() ? "" : ", ") + printable(person.value);
  }
  return text;
}

GuardVerdict approval(const Question& q, const desk::Policy& policy) {
  Rule rule(kApproval);
  if (!q.warrant) {
    rule.values("no action of a case");
    rule.hold("no action of a case is asked about, so nobody can have approved it");
    return std::move(rule).verdict();
  }
  const std::set<StaffId> persons = standing_persons(q);
  const bool by_policy = std::any_of(q.warrant->approvals.begin(), q.warrant->approvals.end(),
                                     [&](const Warrant::Approval& one) { return !one.is_person && stands(one, q); });
  rule.values(fmt::format("approvals {}, standing: {}{}", q.warrant->approvals.size(), persons.empty() ? "no person" : names_of(persons),
                          by_policy ? ", the policy" : "") +
              fmt::format(", switch armed since {}", q.armed_since ? pinfold::to_string(*q.armed_since) : "unknown"));
  if (q.warrant->approvals.empty()) {
    rule.hold("nobody has approved it");
  } else if (persons.empty() && !by_policy) {
    rule.hold(fmt::format("no approval is younger than {} and given for this port", pinfold::to_string(kApprovalLife)));
  } else if (persons.empty() && policy.person_first > Micros{0} && (!q.armed_since || q.now - *q.armed_since < policy.person_first)) {
    rule.hold(fmt::format("for {} after a switch is armed, a person approves every disable", pinfold::to_string(policy.person_first)));
  }
  return std::move(rule).verdict();
}

GuardVerdict dry_run(const Question& q) {
  Rule rule(kDryRun);
  rule.values(q.switch_armed ? "the switch is armed" : "the switch is not armed");
  if (!q.switch_armed) {
    rule.refuse("dry run: the operator has not armed this switch (`pinfold switch arm`)");
  }
  return std::move(rule).verdict();
}

}  // namespace pinfold::guard
