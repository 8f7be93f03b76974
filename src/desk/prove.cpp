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
    return {"window passed", false, "the window starts with the delivery", "a delivery, then " + to_string(policy.response_window)};
  }
  return {"window passed", now >= *end, fmt::format("delivery + {} = {}, now {}", to_string(policy.response_window), to_string(*end), to_string(now)),
          now >= *end ? "nothing" : "time alone"};
}

Clause no_response(const Case& c) {
  if (c.answered()) {
    return {"no response", false, fmt::format("#{} answer at {}", c.response_by, to_string(*c.last_response)),
            "nothing in this case: after an answer, people decide"};
  }
  if (!c.unjudged_mails.empty()) {
    return {"no response", false, fmt::format("{} unclear mail(s) wait for a person", c.unjudged_mails.size()), "a person judges the mail"};
  }
  return {"no response", true, "no valid answer since the warning", "an answer by mail, link, portal, ticket or phone"};
}

Clause ears_open(const Case& c, const Ears& ears) {
  const Notice* n = c.first_warning();
  Clause clause{"ears open", false, "mail in or the pages are not healthy now", "mail in and pages healthy from before the delivery until now"};
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
    clause.would_change = "a bounce that moves the window";
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

Clause armed(const Policy& policy) {
  const bool is_armed = policy.measures == Arming::Armed;
  return {"armed", is_armed, is_armed ? "measures are armed" : "measures are only observed", "the operator arms or disarms measures"};
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

bool Proof::holds() const {
  return !clauses.empty() && std::all_of(clauses.begin(), clauses.end(), [](const Clause& clause) { return clause.holds; });
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
                   armed(policy)};
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
    return "nobody has approved it";
  }
  for (const Clause& clause : prove(c, policy, moment).clauses) {
    if (!clause.holds) {
      return fmt::format("not {}: {}", clause.name, clause.because);
    }
  }
  return std::nullopt;
}

}  // namespace pinfold::desk
