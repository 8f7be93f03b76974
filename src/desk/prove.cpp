#include <fmt/format.h>

#include <algorithm>

#include "desk/judgement.hpp"
#include "desk/step.hpp"
#include "desk/words.hpp"

namespace pinfold::desk {
namespace {

using pinfold::to_string;  // of durations: the desk's own would hide it

Clause warned(const Case& c) {
  Clause clause{"warned", false, "no warning was written yet", "a finding that is sure enough, with warnings armed"};
  if (const Notice* n = c.first_warning()) {
    clause.holds = !n->observed_only && !n->failed && (n->submitted || n->delivered);
    clause.because = fmt::format("#{} warning {} to {} {}", n->queued_by, n->id.value, n->contact.value,
                                 n->observed_only ? "was written, not sent (observe only)" : (clause.holds ? "sent" : "not sent yet"));
  }
  if (clause.holds) {
    clause.would_change = "nothing: it went out";
  }
  return clause;
}

Clause delivered(const Case& c) {
  Clause clause{"delivered", false, "nobody's mail server has taken a warning", "a delivery report for the warning"};
  const Notice* n = c.first_warning();
  if (n != nullptr && n->failed) {
    clause.because = fmt::format("warning {} to {} failed: {}", n->id.value, n->contact.value, *n->failed);
  } else if (n != nullptr && n->reached()) {
    clause.holds = true;
    clause.because = fmt::format("#{} warning {} taken by the mail server of {} {} ({})", n->delivered_by, n->id.value, n->contact.value,
                                 to_string(*n->delivered), to_string(n->proof));
    clause.would_change = "a bounce that comes after all";
  }
  return clause;
}

Clause window_passed(const Case& c, const Policy& policy, WallTime now) {
  const auto end = deadline(c, policy);
  if (!end) {
    return {"window passed", false, "the window starts with the delivery", "a delivery, then " + to_string(window_now(c, policy))};
  }
  const Micros window = *end - *c.first_warning()->delivered;
  return {"window passed", now >= *end, fmt::format("delivery + {} = {}, now {}", to_string(window), to_string(*end), to_string(now)),
          now >= *end ? "nothing" : "time alone"};
}

Clause no_response(const Case& c) {
  if (c.objection_since) {
    return {"no response", false, fmt::format("#{} the owner objects since {}", c.response_by, to_string(*c.objection_since)),
            "a person decides the objection"};
  }
  if (c.answered()) {
    return {"no response", false, fmt::format("#{} answer at {}", c.response_by, to_string(*c.last_response)),
            "nothing in this case: after an answer, people decide"};
  }
  if (!c.unjudged_mails.empty()) {
    return {"no response", false,
            fmt::format("{} unclear mail(s) wait for a person, the first SHA-256 {}", c.unjudged_mails.size(),
                        c.unjudged_mails.begin()->first.substr(0, 12)),
            "a person judges the mail"};
  }
  return {"no response", true, "no valid answer since the warning", "an answer by mail, link, portal, ticket or phone"};
}

Clause ears_open(const Case& c, const Ears& ears) {
  const Notice* n = c.first_warning();
  Clause clause{std::string(kEarsClause), false, "mail in or the pages are not healthy now",
                "mail in and pages healthy from before the delivery until now"};
  if (ears.open_since) {
    clause.holds = n != nullptr && n->reached() && *ears.open_since <= *n->delivered;
    clause.because = "mail in and pages healthy since " + to_string(*ears.open_since);
  }
  return clause;
}

Clause nothing_unclassified(const Ears& ears) {
  return {"nothing unclassified", ears.unclassified == 0, fmt::format("{} mail(s) not yet read", ears.unclassified),
          ears.unclassified == 0 ? "a mail that cannot be read by program" : "the mails are read"};
}

Clause again(const Case& c, const Policy& policy, WallTime now, const Sighting* second) {
  Clause clause{"again", false, "own sensors saw nothing after the window", "a finding of our own whose event time lies after the window"};
  if (second != nullptr) {
    const bool is_past = second->last_seen <= now;
    clause.holds = is_past;
    clause.because = fmt::format("#{} {} finding, last seen {}, incident {}{}", second->seq, to_string(second->origin), to_string(second->last_seen),
                                 second->incident.value, is_past ? "" : "; that lies in the future of this clock");
    clause.would_change = is_past ? "a bounce that moves the window" : "time alone, or this clock is wrong";
  } else if (!deadline(c, policy)) {
    clause.because = "there is no window yet";
  }
  return clause;
}

Clause fresh(const Policy& policy, WallTime now, const Sighting* second) {
  Clause clause{"fresh", false, "there is no second event", "a newer finding"};
  if (second != nullptr) {
    clause.holds = now - second->last_seen <= policy.evidence_max_age;
    clause.because = fmt::format("#{} is {} old, at most {}", second->seq,
                                 to_string(Micros(std::chrono::duration_cast<Seconds>(std::max(now - second->last_seen, Micros{0})))),
                                 to_string(policy.evidence_max_age));
  }
  return clause;
}

/// For the class of the second event, at this server's level.
Clause armed(const Case& c, const Policy& policy, const Sighting* second) {
  const Arming arming = second == nullptr ? policy.measures : rules_of(c, second->abuse_class, policy).measures;
  const bool is_armed = arming == Arming::Armed;
  return {std::string(kArmedClause), is_armed,
          second == nullptr
              ? (is_armed ? "measures are armed" : "measures are only observed")
              : fmt::format("measures for {} at level {} are {}", title(second->abuse_class), c.level, is_armed ? "armed" : "only observed"),
          "the operator arms or disarms measures"};
}

/// The operator's announced work, or the circuit breaker.
Clause nothing_stops(const Case& c, const Policy& policy, const Moment& moment) {
  if (moment.breaker_open) {
    return {"nothing stops it", false, "the circuit breaker is open: too many disables were asked for at once", "a person resets the breaker"};
  }
  if (const Maintenance* work = maintenance_at(policy, c.server, moment.now)) {
    return {"nothing stops it", false, fmt::format("announced maintenance until {}: {}", to_string(work->until), work->reason), "time alone"};
  }
  return {"nothing stops it", true, "no maintenance is announced, the circuit breaker is closed", "announced maintenance, or the circuit breaker"};
}

/// Once people have talked, the port follows what they agreed: probation, and a person.
Clause not_settled(const Case& c) {
  if (c.last_discussion) {
    return {"not settled", false,
            fmt::format("#{} a systems administrator talked with the owner at {}", c.discussion_by, to_string(*c.last_discussion)),
            "nothing in this case: after a talk, people decide"};
  }
  if (is_final(c.state)) {
    return {"not settled", false, "the case is closed", "a new case"};
  }
  return {"not settled", true, "no talk with the owner is on record", "a recorded discussion"};
}

/// Of a person's order: it waits for approvals, and for nothing that has come in between.
std::optional<std::string> why_not_ordered(const Case& c, const PortAction& down, const Policy& policy, WallTime now) {
  if (c.state != State::DisablePending) {
    return fmt::format("the case is {} meanwhile", to_string(c.state));
  }
  const Sighting* seen = latest_own(c, policy);
  if (rules_of(c, seen == nullptr ? abuse::AbuseClass::Other : seen->abuse_class, policy).measures != Arming::Armed) {
    return "measures are only observed";
  }
  if (down.ground == Ground::Emergency) {
    const bool fresh_enough = seen != nullptr && now - seen->last_seen <= policy.evidence_max_age;
    return fresh_enough ? std::nullopt : std::optional<std::string>("our own sensors no longer see it: the emergency is over");
  }
  if (!c.unjudged_mails.empty() || c.response_by > down.requested_by) {
    return "the owner has written meanwhile";
  }
  return std::nullopt;
}

std::optional<std::string> why_not_up(const Case& c, const PortAction& up) {
  std::uint32_t last_down = 0;
  for (const PortAction& a : c.actions) {
    if (a.wish == PortWish::Down && a.requested_by < up.requested_by) {
      last_down = std::max(last_down, a.requested_by);
    }
  }
  if (c.state != State::Enabling || c.discussion_by <= last_down) {
    return "there is no discussion newer than the disable";
  }
  return std::nullopt;
}

}  // namespace

bool Proof::holds() const { return !clauses.empty() && first_failing() == nullptr; }

const Clause* Proof::first_failing(std::string_view except) const {
  const auto found = std::find_if(clauses.begin(), clauses.end(), [&](const Clause& clause) { return !clause.holds && clause.name != except; });
  return found == clauses.end() ? nullptr : &*found;
}

Proof prove(const Case& c, const Policy& policy, const Moment& moment) {
  Proof proof;
  const Sighting* second = happened_again(c, policy);
  proof.clauses = {warned(c),
                   delivered(c),
                   window_passed(c, policy, moment.now),
                   no_response(c),
                   not_settled(c),
                   ears_open(c, moment.ears),
                   nothing_unclassified(moment.ears),
                   again(c, policy, moment.now, second),
                   fresh(policy, moment.now, second),
                   nothing_stops(c, policy, moment),
                   armed(c, policy, second)};
  if (second != nullptr) {
    proof.again_by = second->seq;
    proof.both_agree = both_origins_agree(c, *second, policy);
  }
  return proof;
}

std::optional<std::string> why_not_now(const Case& c, ActionId id, const Policy& policy, const Moment& moment) {
  const PortAction* action = c.find_action(id);
  if (action == nullptr) {
    return fmt::format("{} has no action {}", to_string(c.id), id.value);
  }
  if (action->observed_only) {
    return "measures are only observed";
  }
  if (action->dropped) {
    return "the action was dropped";
  }
  if (action->result) {
    return fmt::format("the action is finished: {}", to_string(*action->result));
  }
  if (action->wish == PortWish::Up) {
    return why_not_up(c, *action);
  }
  if (!action->is_approved()) {
    return action->approvals.empty() ? "nobody has approved it" : "not enough people have approved it";
  }
  if (action->ground != Ground::Policy) {
    return why_not_ordered(c, *action, policy, moment.now);
  }
  const Proof proof = prove(c, policy, moment);
  const Clause* failing = proof.first_failing();
  return failing == nullptr ? std::nullopt : std::optional(fmt::format("not {}: {}", failing->name, failing->because));
}

}  // namespace pinfold::desk
