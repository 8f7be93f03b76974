#include <fmt/format.h>

#include <algorithm>

#include "desk/draft.hpp"
#include "desk/incidents.hpp"
#include "desk/judgement.hpp"

namespace pinfold::desk {
namespace {

/// A bout gets one request: what a person dropped, a guard rail refused, or observe-only noted, is not asked for again every few seconds. What the
/// desk itself dropped (a clause failed for a while) may come again, unless a guard rail held it.
bool was_requested(const Case& c, const Incident& bout) {
  return std::any_of(c.actions.begin(), c.actions.end(), [&](const PortAction& a) {
    const bool dropped_by_desk = a.dropped && !a.dropped_by_person && !a.held;
    return a.wish == PortWish::Down && !dropped_by_desk && a.requested >= bout.first_seen;
  });
}

/// Everything holds but that we could have heard an answer.
bool only_ears_fail(const Proof& proof) {
  return std::all_of(proof.clauses.begin(), proof.clauses.end(),
                     [](const Clause& c) { return c.holds == (c.name != kEarsClause) || c.name == kArmedClause; });
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
  const Proof proof = prove(d.current(), d.policy(), d.moment());
  const Clause* failing = proof.first_failing(kArmedClause);
  if (failing != nullptr && failing->name == kEarsClause && only_ears_fail(proof)) {
    d.call_person(deaf_question(d.current()), Draft::Urgency::CanWait);
  }
  if (failing != nullptr) {
    return;
  }
  const ActionId action{static_cast<std::int64_t>(d.current().actions.size()) + 1};
  const Rules rules = rules_of(d.current(), second->abuse_class, d.policy());
  const bool observed_only = rules.measures == Arming::Observe;
  const bool automatic = rules.approval == Approval::Auto && proof.both_agree;
  DisableRequested request{action, lines_of(proof), automatic, observed_only, proof.again_by};
  request.needed = rules.approval == Approval::TwoPersons ? 2 : 1;
  d.record(std::move(request));
  if (!observed_only && automatic) {
    d.set_port(action, PortWish::Down);
  }
}

/// What a person ordered waits for approvals; an emergency ends when our sensors no longer see it.
void review_order(Draft& d, const PortAction& action) {
  const Sighting* seen = latest_own(d.current(), d.policy());
  const bool is_over = seen == nullptr || d.moment().now - seen->last_seen > d.policy().evidence_max_age;
  if (action.ground == Ground::Emergency && is_over) {
    d.record(ActionDropped{action.id, StaffId{}, "our own sensors no longer see it: the emergency is over"});
  }
}

/// The predicate must still hold for as long as the disable waits.
void review_proof(Draft& d, const PortAction& action) {
  const ActionId id = action.id;
  const bool approved = action.is_approved();
  const Proof proof = prove(d.current(), d.policy(), d.moment());
  if (const Clause* failing = proof.first_failing()) {
    d.record(ActionDropped{id, StaffId{}, "no longer " + failing->name + ": " + failing->because});
    return;
  }
  const Sighting* second = happened_again(d.current(), d.policy());
  if (!approved && proof.both_agree && rules_of(d.current(), second->abuse_class, d.policy()).approval == Approval::Auto) {
    approve_by_policy(d, id);
  }
}

void review_pending(Draft& d, const PortAction& action) {
  const ActionId id = action.id;
  if (action.ground == Ground::Policy) {
    review_proof(d, action);
  } else {
    review_order(d, action);
  }
  if (const auto question = approval_question(d.current(), d.policy()); question && d.moment().now >= question->due) {
    const auto urgency = question->can_wait ? Draft::Urgency::CanWait : Draft::Urgency::Now;
    // What can wait stands for all the requests that nobody decided: it is not over with this one.
    d.call_person(question->words, urgency, question->can_wait ? std::nullopt : std::optional(id));
  }
}

/// People were called less than `remind_after` ago because an answer did not hold: for one case a call a day is enough, however often its owner
/// answers. Told by the second notices that arrived: each was called out that came so long after the last that was.
bool is_called_today(const Draft& d) {
  std::optional<WallTime> called;
  for (const Notice& n : d.current().notices) {
    if (n.kind == NoticeKind::SecondNotice && n.delivered && (!called || *n.delivered - *called >= d.policy().remind_after)) {
      called = n.delivered;
    }
  }
  return called && d.moment().now - *called < d.policy().remind_after;
}

/// After an answer, or on probation, nothing is disabled by policy: a second notice, and a person decides.
void consider_second_notice(Draft& d, const Sighting* evidence, std::string_view after_what) {
  if (evidence == nullptr) {
    return;
  }
  const std::string incident = std::to_string(evidence->incident.value);
  const std::uint32_t seq = evidence->seq;
  const bool is_known = d.current().state == State::Answered && is_called_today(d);
  const bool queued = d.queue_notice(NoticeKind::SecondNotice);
  if (queued && is_known) {
    return;  // it stands in the lists, and ages into a reminder
  }
  d.call_person(queued ? fmt::format("finding #{} (incident {}) came {}; a second notice goes out; decide", seq, incident, after_what)
                       : fmt::format("it came again {}, and no contact can be reached; decide", after_what),
                Draft::Urgency::CanWait);
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

namespace {

void climb(Draft& d) {
  const Case& c = d.current();
  if (const auto presumed = presumed_delivered_at(c, d.policy()); presumed && d.moment().now >= *presumed) {
    d.record(NoticeDelivered{c.first_warning()->id, DeliveryProof::Presumed,
                             fmt::format("no bounce within {}", pinfold::to_string(*d.policy().presume_delivered_after))});
  }
  if (c.state == State::Delivered && d.moment().now >= deadline(c, d.policy()).value_or(d.moment().now)) {
    d.record(WindowPassed{c.first_warning()->id, *deadline(c, d.policy())});
  }
  if (const auto half = half_time(c, d.policy()); half && d.moment().now >= *half) {
    d.write_to(c.first_warning()->contact, NoticeKind::Reminder);
  }
  switch (c.state) {
    case State::Silent: consider_disable(d); break;
    case State::Answered:
      consider_second_notice(d, contradicts_answer(c, d.policy()), fmt::format("after the owner's answer (#{})", c.response_by));
      break;
    case State::Probation: consider_second_notice(d, breaks_probation(c, d.policy()), "on probation"); break;
    case State::Triage: static_cast<void>(c.nobody_to_write() && d.queue_notice(NoticeKind::Warning)); break;
    case State::Undeliverable:
      if (d.queue_notice(NoticeKind::Warning)) {
        break;  // the inventory has a contact meanwhile that has not failed
      }
      if (c.incidents_made > 1) {
        d.call_person(fmt::format("it came again, and no contact can be reached since {}; decide", to_people(c.state_since)),
                      Draft::Urgency::CanWait);
      }
      break;
    default: break;
  }
  if (c.open_action() == nullptr) {
    consider_closing(d);
  }
}

/// Until when the evidence for what waits is young enough.
std::optional<WallTime> goes_stale(const Case& c, const PortAction& action, const Policy& policy) {
  const Sighting* evidence = action.ground == Ground::Policy      ? happened_again(c, policy)
                             : action.ground == Ground::Emergency ? latest_own(c, policy)
                                                                  : nullptr;
  return evidence == nullptr ? std::nullopt : std::optional(evidence->last_seen + policy.evidence_max_age + Micros{1});
}

}  // namespace

void conclude(Draft& d) {
  const Case& c = d.current();
  if (const PortAction* action = c.open_action(); action == nullptr) {
    climb(d);
  } else if (action->wish == PortWish::Down) {
    review_pending(d, *action);
  }
  if (const auto reminder = next_reminder(c, d.policy()); reminder && !is_final(c.state) && d.moment().now >= reminder->due) {
    d.call_person(reminder->words, Draft::Urgency::CanWait);
  }
}

std::optional<WallTime> next_due(const Case& c, const Policy& policy) {
  if (is_final(c.state)) {
    return std::nullopt;
  }
  std::optional<WallTime> earliest;
  const auto consider = [&](std::optional<WallTime> due) {
    if (due && (!earliest || *due < *earliest)) {
      earliest = due;
    }
  };
  const auto due_of = [](const std::optional<Question>& question) { return question ? std::optional(question->due) : std::nullopt; };
  consider(due_of(next_reminder(c, policy)));
  if (const PortAction* action = c.open_action()) {
    if (action->wish == PortWish::Down) {
      consider(goes_stale(c, *action, policy));
      consider(due_of(approval_question(c, policy)));
    }
    return earliest;
  }
  consider(closes_at(c, policy));
  consider(presumed_delivered_at(c, policy));
  consider(half_time(c, policy));
  consider(c.state == State::Delivered ? deadline(c, policy) : std::nullopt);
  return earliest;
}

}  // namespace pinfold::desk
