#include "desk/judgement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "desk/incidents.hpp"

namespace pinfold::desk {
namespace {

constexpr std::string_view kDeaf = ", but mail in or the pages were not healthy throughout: an answer may be lost; decide";

template <typename Matches>
const Sighting* latest(const Case& c, const Policy& policy, Matches&& matches) {
  const Sighting* best = nullptr;
  for (const auto& [id, s] : c.findings) {
    if (counts(s, policy) && matches(s) && (best == nullptr || s.last_seen > best->last_seen)) {
      best = &s;
    }
  }
  return best;
}

/// What stands still until a person has done something, and since when.
struct Waiting {
  std::string what;
  WallTime since;
};
std::optional<Waiting> waiting_for_person(const Case& c) {
  if (c.objection_since) {
    return Waiting{"the owner's objection waits to be decided", *c.objection_since};
  }
  if (!c.unjudged_mails.empty()) {
    const auto oldest =
        std::min_element(c.unjudged_mails.begin(), c.unjudged_mails.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    return Waiting{"an unclear mail waits to be read, and disabling pauses for it", oldest->second};
  }
  if (const PortAction* action = c.open_action(); action != nullptr && action->wish == PortWish::Down) {
    if (action->held && !action->is_released()) {
      return Waiting{fmt::format("action {} is held by a guard rail", action->id.value), action->requested};
    }
    if (!action->is_approved()) {
      return Waiting{fmt::format("action {} waits for approval", action->id.value), action->requested};
    }
    return std::nullopt;
  }
  switch (c.state) {
    case State::SecondNotice: return Waiting{"a second notice went out and the case waits for a decision", c.state_since};
    case State::Triage:
      return c.nobody_to_write() ? std::optional(Waiting{"the owner has no contact that could be written to", c.state_since}) : std::nullopt;
    case State::Undeliverable: return Waiting{"the owner has not been reached", c.state_since};
    case State::Silent:
      return c.asked.contains(deaf_question(c)) ? std::optional(Waiting{"an answer may be lost, and the case waits for a decision", c.state_since})
                                                : std::nullopt;
    case State::ActionFailed: return Waiting{"a port action failed", c.state_since};
    default: return std::nullopt;
  }
}

/// How many requests of the policy, straight before this one, the desk dropped because they grew old before anybody approved or dropped them.
unsigned undecided_before(const Case& c, const PortAction& action) {
  unsigned undecided = 0;
  for (auto a = c.actions.rbegin(); a != c.actions.rend(); ++a) {
    if (a->id == action.id) {
      continue;
    }
    const bool nobody_decided = a->ground == Ground::Policy && a->dropped && !a->dropped_by_person && a->approvals.empty();
    if (!nobody_decided) {
      break;
    }
    ++undecided;
  }
  return undecided;
}

std::optional<Question> approval_by_policy(const Case& c, const PortAction& action, const Policy& policy) {
  const WallTime due = action.requested + std::min(policy.gather, policy.evidence_max_age / 2);
  const std::string people = action.needed > 1 ? fmt::format(" ({} people)", action.needed) : "";
  const unsigned nth = undecided_before(c, action) + 1;
  if (nth == 1) {
    return Question{due, fmt::format("action {}: the proof for switching off the port is complete; approve or drop it{}", action.id.value, people)};
  }
  if (!std::has_single_bit(nth)) {
    return std::nullopt;
  }
  return Question{
      due,
      fmt::format("action {}: the proof for switching off the port has been complete {} times, and nobody decided before it grew old; approve it "
                  "while it waits{}, or order the port off",
                  action.id.value, nth, people),
      true};
}

}  // namespace

bool counts(const Sighting& s, const Policy& policy) {
  return (s.origin == abuse::Origin::Network || s.origin == abuse::Origin::Host) && s.confidence >= policy.min_confidence;
}

Rules rules_of(const Case& c, abuse::AbuseClass abuse_class, const Policy& policy) {
  return rules_for(policy, abuse_class, c.level, c.earlier_cases);
}

bool warnings_armed(const Case& c, const Policy& policy) {
  return std::any_of(c.incidents.begin(), c.incidents.end(), [&](const Incident& incident) {
    return std::any_of(incident.classes.begin(), incident.classes.end(),
                       [&](abuse::AbuseClass abuse_class) { return rules_of(c, abuse_class, policy).warnings == Arming::Armed; });
  });
}

Micros window_now(const Case& c, const Policy& policy) {
  std::optional<Micros> longest;
  for (const Incident& incident : c.incidents) {
    for (const abuse::AbuseClass abuse_class : incident.classes) {
      const Micros window = rules_of(c, abuse_class, policy).response_window;
      longest = longest ? std::max(*longest, window) : window;
    }
  }
  return longest.value_or(policy.response_window);
}

std::optional<WallTime> deadline(const Case& c, const Policy& policy) {
  const Notice* warning = c.first_warning();
  if (warning == nullptr || !warning->reached()) {
    return std::nullopt;
  }
  return *warning->delivered + warning->window.value_or(policy.response_window);
}

const Sighting* happened_again(const Case& c, const Policy& policy) {
  const auto end = deadline(c, policy);
  if (!end) {
    return nullptr;
  }
  const auto is_after = [&](const Sighting& s) { return s.last_seen > *end; };
  const auto is_armed = [&](const Sighting& s) { return is_after(s) && rules_of(c, s.abuse_class, policy).measures == Arming::Armed; };
  const Sighting* armed = latest(c, policy, is_armed);
  return armed != nullptr ? armed : latest(c, policy, is_after);
}

const Sighting* latest_own(const Case& c, const Policy& policy) {
  return latest(c, policy, [](const Sighting&) { return true; });
}

bool both_origins_agree(const Case& c, const Sighting& again, const Policy& policy) {
  const auto end = deadline(c, policy);
  const auto seen_by = [&](abuse::Origin origin) {
    return end && latest(c, policy, [&](const Sighting& s) { return s.origin == origin && s.incident == again.incident && s.last_seen > *end; });
  };
  return seen_by(abuse::Origin::Network) && seen_by(abuse::Origin::Host);
}

WallTime answer_covers_until(const Case& c, const Policy& policy) {
  const WallTime answered = c.last_response.value_or(c.opened);
  return std::clamp(c.promised.value_or(answered), answered, answered + policy.watch_window);
}

const Sighting* contradicts_answer(const Case& c, const Policy& policy) {
  const WallTime covered = answer_covers_until(c, policy);
  const WallTime patience_ends = c.promised ? covered : covered + window_now(c, policy);
  return latest(c, policy, [&](const Sighting& s) { return s.first_seen > covered || s.last_seen > patience_ends; });
}

const Sighting* breaks_probation(const Case& c, const Policy& policy) {
  return latest(c, policy, [&](const Sighting& s) { return c.probation_since && s.last_seen > *c.probation_since; });
}

std::optional<WallTime> closes_at(const Case& c, const Policy& policy) {
  if (!c.unjudged_mails.empty() || c.objection_since) {
    return std::nullopt;
  }
  WallTime quiet_since = std::max(c.opened, last_activity(c).value_or(c.opened));
  for (const Notice& n : c.notices) {
    quiet_since = std::max(quiet_since, n.delivered.value_or(quiet_since));
  }
  switch (c.state) {
    case State::Triage:
    case State::WarningQueued:
    case State::Sent:
    case State::Delivered:
    case State::Undeliverable:
    case State::Silent:
    case State::SecondNotice: return quiet_since + policy.close_after_quiet;
    case State::Answered: return std::max(quiet_since, answer_covers_until(c, policy)) + policy.watch_window;
    case State::Probation: return c.probation_since.value_or(c.changed) + policy.probation;
    case State::Disputed:
    case State::DisablePending:
    case State::Disabled:
    case State::Discussed:
    case State::Enabling:
    case State::ActionFailed:
    case State::FalsePositive:
    case State::Closed: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<WallTime> presumed_delivered_at(const Case& c, const Policy& policy) {
  const Notice* warning = c.first_warning();
  if (c.state != State::Sent || !policy.presume_delivered_after || warning == nullptr || !warning->submitted) {
    return std::nullopt;
  }
  return *warning->submitted + *policy.presume_delivered_after;
}

std::optional<WallTime> half_time(const Case& c, const Policy& policy) {
  const auto end = deadline(c, policy);
  const bool is_reminded = std::any_of(c.notices.begin(), c.notices.end(),
                                       [&](const Notice& n) { return end && n.kind == NoticeKind::Reminder && n.id > c.first_warning()->id; });
  if (!policy.remind_owner || !end || c.state != State::Delivered || is_reminded || !c.unjudged_mails.empty()) {
    return std::nullopt;
  }
  const WallTime began = *c.first_warning()->delivered;
  return began + (*end - began) / 2;
}

std::optional<Question> approval_question(const Case& c, const Policy& policy) {
  const PortAction* action = c.open_action();
  if (action == nullptr || action->wish == PortWish::Up || action->is_approved()) {
    return std::nullopt;
  }
  std::optional<Question> question;
  if (action->ground == Ground::Policy) {
    question = approval_by_policy(c, *action, policy);
  } else {
    const std::size_t missing = action->needed - std::min<std::size_t>(action->needed, action->approvals.size());
    question = Question{action->requested, fmt::format("action {}: {} {}; {} more must approve or drop it", action->id.value, action->by.value,
                                                       action->ground == Ground::Emergency ? "calls an emergency" : "wants the port off", missing)};
  }
  return question && c.asked.contains(question->words) ? std::nullopt : question;
}

std::string deaf_question(const Case& c) {
  const Notice* warning = c.first_warning();
  return fmt::format("it came again after the window of warning {}{}", warning == nullptr ? 0 : warning->id.value, kDeaf);
}

bool is_deaf_question(std::string_view words) { return words.ends_with(kDeaf); }

std::optional<Question> next_reminder(const Case& c, const Policy& policy) {
  const auto waiting = waiting_for_person(c);
  for (int n = 1; waiting && n <= kMaxReminders; ++n) {
    std::string words = fmt::format("reminder {}: {} since {}", n, waiting->what, to_people(waiting->since));
    if (!c.asked.contains(words)) {
      return Question{waiting->since + policy.remind_after * (1 << (n - 1)), std::move(words), true};
    }
  }
  return std::nullopt;
}

}  // namespace pinfold::desk
