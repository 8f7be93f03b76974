#include <fmt/format.h>

#include <algorithm>

#include "desk/draft.hpp"
#include "desk/incidents.hpp"
#include "desk/judgement.hpp"

namespace pinfold::desk {
namespace {

/// The proof without its last clause: observe-only shows what would have been done.
Proof prove_as_if_armed(const Draft& d) {
  Policy policy = d.policy();
  policy.measures = Arming::Armed;
  return prove(d.current(), policy, d.moment());
}

/// Everything holds but that we could have heard an answer.
bool only_ears_fail(const Proof& proof) {
  return std::all_of(proof.clauses.begin(), proof.clauses.end(), [](const Clause& c) { return c.holds == (c.name != "ears open"); });
}

/// A bout gets one request: what a person dropped, a guard rail refused, or observe-only noted, is not asked for again every few seconds. What the
/// desk itself dropped (a clause failed for a while) may come again.
bool was_requested(const Case& c, const Incident& bout) {
  return std::any_of(c.actions.begin(), c.actions.end(), [&](const PortAction& a) {
    const bool dropped_by_desk = a.dropped && !a.dropped_by_person;
    return a.wish == PortWish::Down && !dropped_by_desk && a.requested >= bout.first_seen;
  });
}

std::vector<std::string> lines_of(const Proof& proof) {
  std::vector<std::string> lines;
  for (const Clause& clause : proof.clauses) {
    lines.push_back(clause.name + ": " + clause.because);
  }
  return lines;
}

void approve_by_policy(Draft& d, ActionId action) {
  d.record(ApprovalGiven{action, policy_approver(), "network and host evidence agree on the second event"});
  d.set_port(action, PortWish::Down);
}

void consider_disable(Draft& d) {
  const Sighting* second = happened_again(d.current(), d.policy());
  const Incident* bout = second == nullptr ? nullptr : find_incident(d.current(), second->incident);
  if (bout == nullptr || was_requested(d.current(), *bout)) {
    return;
  }
  const Proof proof = prove_as_if_armed(d);
  if (only_ears_fail(proof)) {
    d.call_person(fmt::format(
        "incident {} came after the window, but mail in or the pages were not healthy throughout: an answer may be lost; decide", bout->id.value));
  }
  if (!proof.holds()) {
    return;
  }
  const ActionId action{static_cast<std::int64_t>(d.current().actions.size()) + 1};
  const bool observed_only = d.policy().measures == Arming::Observe;
  const bool automatic = d.policy().auto_approve_when_both_agree && proof.both_agree;
  d.record(DisableRequested{action, lines_of(proof), automatic, observed_only, proof.again_by});
  if (observed_only) {
    return;
  }
  if (automatic) {
    d.set_port(action, PortWish::Down);
  } else {
    d.call_person(fmt::format("action {}: the proof for switching off the port is complete; approve or drop it", action.value));
  }
}

/// The predicate must still hold for as long as the disable waits.
void review_pending(Draft& d, const PortAction& action) {
  const ActionId id = action.id;
  const bool approved = action.is_approved();
  const Proof proof = prove(d.current(), d.policy(), d.moment());
  for (const Clause& clause : proof.clauses) {
    if (!clause.holds) {
      d.record(ActionDropped{id, StaffId{}, "no longer " + clause.name + ": " + clause.because});
      return;
    }
  }
  if (!approved && d.policy().auto_approve_when_both_agree && proof.both_agree) {
    approve_by_policy(d, id);
  }
}

/// After an answer, or on probation, nothing is disabled by policy: a second notice, and a person decides.
void consider_second_notice(Draft& d, const Sighting* evidence, std::string_view after_what) {
  if (evidence == nullptr) {
    return;
  }
  const std::string incident = std::to_string(evidence->incident.value);
  const std::uint32_t seq = evidence->seq;
  const bool queued = d.queue_notice(NoticeKind::SecondNotice);
  d.call_person(queued ? fmt::format("finding #{} (incident {}) came {}; a second notice goes out; decide", seq, incident, after_what)
                       : fmt::format("incident {} came {}, and no contact can be reached; decide", incident, after_what));
}

void consider_closing(Draft& d) {
  const auto when = closes_at(d.current(), d.policy());
  if (!when || d.moment().now < *when) {
    return;
  }
  if (d.current().state == State::Probation) {
    d.record(ProbationEnded{});
  } else {
    d.record(ClosedAfterQuiet{});
  }
}

}  // namespace

void conclude(Draft& d) {
  const Case& c = d.current();
  if (const PortAction* action = c.open_action()) {
    if (action->wish == PortWish::Down) {
      review_pending(d, *action);
    }
    return;
  }
  if (c.state == State::Delivered && d.moment().now >= deadline(c, d.policy()).value_or(d.moment().now)) {
    d.record(WindowPassed{c.first_warning()->id, *deadline(c, d.policy())});
  }
  switch (c.state) {
    case State::Silent: consider_disable(d); break;
    case State::Answered: consider_second_notice(d, contradicts_answer(c, d.policy()), "after the owner's answer"); break;
    case State::Probation: consider_second_notice(d, breaks_probation(c, d.policy()), "on probation"); break;
    case State::Undeliverable:
      if (c.incidents_made > 1) {
        d.call_person(fmt::format("incident {} came, and no contact can be reached; decide", c.incidents_made));
      }
      break;
    default: break;
  }
  if (c.open_action() == nullptr) {
    consider_closing(d);
  }
}

std::optional<WallTime> next_due(const Case& c, const Policy& policy) {
  if (const PortAction* action = c.open_action()) {
    const Sighting* second = happened_again(c, policy);
    const bool ages = action->wish == PortWish::Down && second != nullptr;
    return ages ? std::optional(second->last_seen + policy.evidence_max_age + Micros{1}) : std::nullopt;
  }
  const auto closing = closes_at(c, policy);
  const auto window = c.state == State::Delivered ? deadline(c, policy) : std::nullopt;
  return closing && window ? std::min(closing, window) : (window ? window : closing);
}

}  // namespace pinfold::desk
