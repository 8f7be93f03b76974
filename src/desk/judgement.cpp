#include "desk/judgement.hpp"

#include <algorithm>

#include "desk/incidents.hpp"

namespace pinfold::desk {
namespace {

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

}  // namespace

bool counts(const Sighting& s, const Policy& policy) {
  return (s.origin == abuse::Origin::Network || s.origin == abuse::Origin::Host) && s.confidence >= policy.min_confidence;
}

std::optional<WallTime> deadline(const Case& c, const Policy& policy) {
  const Notice* warning = c.first_warning();
  if (warning == nullptr || !warning->reached()) {
    return std::nullopt;
  }
  return *warning->delivered + policy.response_window;
}

const Sighting* happened_again(const Case& c, const Policy& policy) {
  const auto end = deadline(c, policy);
  return end ? latest(c, policy, [&](const Sighting& s) { return s.last_seen > *end; }) : nullptr;
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
  const WallTime patience_ends = c.promised ? covered : covered + policy.response_window;
  return latest(c, policy, [&](const Sighting& s) { return s.first_seen > covered || s.last_seen > patience_ends; });
}

const Sighting* breaks_probation(const Case& c, const Policy& policy) {
  return latest(c, policy, [&](const Sighting& s) { return c.probation_since && s.last_seen > *c.probation_since; });
}

std::optional<WallTime> closes_at(const Case& c, const Policy& policy) {
  if (!c.unjudged_mails.empty()) {
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

}  // namespace pinfold::desk
