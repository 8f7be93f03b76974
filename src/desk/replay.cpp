#include "desk/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "desk/judgement.hpp"

namespace pinfold::desk {
namespace {

constexpr Micros kAssumedDelivery = std::chrono::minutes{1};
constexpr Micros kAssumedPortAction = std::chrono::seconds{5};
/// A tick can make another due at once, but never for ever.
constexpr int kMaxTicks = 1000;

/// The recorded fact as an input; nullopt for what the desk itself concluded.
struct AsInput {
  std::optional<Input> operator()(const FindingRecorded& e) const { return FindingArrived{e.finding}; }
  std::optional<Input> operator()(const ApprovalGiven& e) const { return e.by == policy_approver() ? std::nullopt : std::optional<Input>(e); }
  std::optional<Input> operator()(const ActionDropped& e) const { return e.by.value.empty() ? std::nullopt : std::optional<Input>(e); }
  std::optional<Input> operator()(const NoticeDelivered& e) const {
    return e.proof == DeliveryProof::Presumed ? std::nullopt : std::optional<Input>(e);
  }
  std::optional<Input> operator()(const DisableRequested& e) const {
    if (e.ground == Ground::Policy) {
      return std::nullopt;
    }
    return MeasureOrdered{e.by, e.reason, e.ground == Ground::Emergency};
  }
  template <typename T>
  std::optional<Input> operator()(const T& e) const {
    if constexpr (std::is_constructible_v<Input, T>) {
      return e;
    } else {
      return std::nullopt;
    }
  }
};

class Replay {
public:
  Replay(CaseId id, const std::vector<Event>& recorded, const Policy& policy) : x_recorded(recorded), x_policy(policy) {
    x_case.id = id;
    for (const Event& event : recorded) {
      if (const auto* queued = std::get_if<NoticeQueued>(&event.body);
          queued != nullptr && std::find(x_contacts.begin(), x_contacts.end(), queued->contact) == x_contacts.end()) {
        x_contacts.push_back(queued->contact);
      }
      if (const auto* n = std::get_if<NoticeSubmitted>(&event.body)) {
        x_answered_notices.insert(n->notice);
      } else if (const auto* failed = std::get_if<NoticeFailed>(&event.body)) {
        x_answered_notices.insert(failed->notice);
      } else if (const auto* finished = std::get_if<PortActionFinished>(&event.body)) {
        x_finished_actions.insert(finished->action);
      } else if (const auto* asked = std::get_if<PersonAsked>(&event.body); asked != nullptr && is_deaf_question(asked->what)) {
        x_deaf_at.push_back(event.at);
      }
    }
    if (x_contacts.empty()) {
      x_contacts.emplace_back("unknown");
    }
  }

  Replayed run(WallTime until) {
    const auto* opening = x_recorded.size() < 2 ? nullptr : std::get_if<CaseOpened>(&x_recorded[0].body);
    const auto* first = opening == nullptr ? nullptr : std::get_if<FindingRecorded>(&x_recorded[1].body);
    if (first == nullptr) {
      return {};
    }
    x_now = x_recorded[0].at;
    take(open(x_case.id, *opening, first->finding, x_policy, moment()));
    for (std::size_t i = 2; i < x_recorded.size(); ++i) {
      pass_until(x_recorded[i].at);
      const auto input = is_concluded(x_recorded[i].body) ? std::nullopt : std::visit(AsInput{}, x_recorded[i].body);
      if (input) {
        x_result.left_out += put(*input) ? 0U : 1U;
      }
    }
    pass_until(std::max(until, x_now));
    return std::move(x_result);
  }

private:
  [[nodiscard]] Moment moment() const {
    const auto behind = std::upper_bound(x_deaf_at.begin(), x_deaf_at.end(), x_now);
    return {x_now, {behind == x_deaf_at.begin() ? WallTime{} : *std::prev(behind), 0}, "replay", x_contacts};
  }

  /// The ladder has drawn it itself from an input of the same moment: who orders approves, a mail that is judged answers, an answer objects.
  [[nodiscard]] bool is_concluded(const EventBody& body) const {
    if (!std::holds_alternative<ApprovalGiven>(body) && !std::holds_alternative<ResponseRecorded>(body) &&
        !std::holds_alternative<ObjectionRaised>(body)) {
      return false;
    }
    const auto& events = x_result.events;
    const auto earlier = std::find_if(events.rbegin(), events.rend(), [&](const Event& event) { return event.at != x_now; });
    return std::any_of(events.rbegin(), earlier, [&](const Event& event) { return event.body.index() == body.index(); });
  }
  bool put(const Input& input) {
    auto stepped = step(x_case, input, x_policy, moment());
    if (!stepped) {
      return false;
    }
    take(*std::move(stepped));
    for (int i = 0; i < kMaxTicks; ++i) {
      auto following = step(x_case, Tick{}, x_policy, moment());
      if (!following || (following->events.empty() && following->effects.empty())) {
        break;
      }
      take(*std::move(following));
    }
    return true;
  }
  void take(Step taken) {
    for (EventBody& body : taken.events) {
      x_result.events.push_back({x_case.last_seq + 1, x_now, std::move(body)});
      apply(x_case, x_result.events.back());
    }
    for (const Effect& effect : taken.effects) {
      const auto* send = std::get_if<SendNotice>(&effect.what);
      if (send != nullptr && x_case.find_notice(send->notice)->kind == NoticeKind::Reminder) {
        continue;  // what becomes of a reminder moves nothing
      }
      if (send != nullptr && !x_answered_notices.contains(send->notice)) {
        assume(kAssumedDelivery, NoticeSubmitted{send->notice, "assumed", false});
        assume(kAssumedDelivery, NoticeDelivered{send->notice, DeliveryProof::Dsn, "assumed"});
      } else if (const auto* port = std::get_if<SetPort>(&effect.what); port != nullptr && !x_finished_actions.contains(port->action)) {
        assume(kAssumedPortAction, PortActionFinished{port->action, ActionResult::Verified, "assumed", Millis{0}});
      }
    }
  }
  void assume(Micros after, Input input) {
    ++x_result.assumed;
    x_assumed.emplace(x_now + after, std::move(input));
  }
  /// Assumed results and ticks, in the order of their times.
  void pass_until(WallTime until) {
    for (int i = 0; i < kMaxTicks; ++i) {
      const auto due = next_due(x_case, x_policy);
      const bool assumed_first = !x_assumed.empty() && (!due || x_assumed.begin()->first <= *due);
      const auto next = assumed_first ? std::optional(x_assumed.begin()->first) : due;
      if (!next || *next > until) {
        break;
      }
      x_now = std::max(x_now, *next);
      if (assumed_first) {
        const Input input = std::move(x_assumed.begin()->second);
        x_assumed.erase(x_assumed.begin());
        static_cast<void>(put(input));
        continue;
      }
      const std::size_t before = x_result.events.size();
      static_cast<void>(put(Tick{}));
      if (x_result.events.size() == before) {
        break;  // due, but what the edges know does not let it happen
      }
    }
    x_now = std::max(x_now, until);
  }

  const std::vector<Event>& x_recorded;
  const Policy& x_policy;
  std::vector<ContactId> x_contacts;
  std::set<NoticeId> x_answered_notices;
  std::set<ActionId> x_finished_actions;
  std::vector<WallTime> x_deaf_at;  ///< when the record says that our ears had not been open
  std::multimap<WallTime, Input> x_assumed;
  WallTime x_now;
  Case x_case;
  Replayed x_result;
};

std::string when(const std::optional<WallTime>& t) { return t ? to_people(*t) : "never"; }

}  // namespace

Milestones milestones(const std::vector<Event>& events) {
  Milestones m;
  Case c;
  std::map<ActionId, PortWish> wishes;
  const auto first = [](std::optional<WallTime>& target, WallTime at) { target = target.value_or(at); };
  for (const Event& event : events) {
    apply(c, event);
    if (const auto* notice = std::get_if<NoticeQueued>(&event.body); notice != nullptr && !notice->observed_only) {
      if (notice->kind == NoticeKind::Warning) {
        first(m.warned, event.at);
      } else if (notice->kind == NoticeKind::SecondNotice) {
        first(m.second_notice, event.at);
      }
    } else if (const auto* disable = std::get_if<DisableRequested>(&event.body)) {
      first(m.would_disable, event.at);
      wishes[disable->action] = PortWish::Down;
    } else if (const auto* enable = std::get_if<EnableRequested>(&event.body)) {
      wishes[enable->action] = PortWish::Up;
    } else if (const auto* end = std::get_if<PortActionFinished>(&event.body); end != nullptr && end->result == ActionResult::Verified) {
      first(wishes[end->action] == PortWish::Down ? m.disabled : m.enabled, event.at);
    } else if (std::holds_alternative<PersonAsked>(event.body)) {
      ++m.calls;
    }
  }
  m.ended = to_string(c.state);
  return m;
}

Replayed replay(CaseId id, const std::vector<Event>& recorded, const Policy& policy, WallTime until) {
  return Replay(id, recorded, policy).run(until);
}

std::vector<std::string> differences(const Milestones& then, const Milestones& now) {
  std::vector<std::string> lines;
  const auto compare = [&](const char* what, const std::optional<WallTime>& a, const std::optional<WallTime>& b) {
    if (a != b) {
      lines.push_back(fmt::format("{} {} instead of {}", what, when(b), when(a)));
    }
  };
  compare("warned", then.warned, now.warned);
  compare("second notice", then.second_notice, now.second_notice);
  compare("disable asked for", then.would_disable, now.would_disable);
  compare("port off", then.disabled, now.disabled);
  compare("port on again", then.enabled, now.enabled);
  if (then.ended != now.ended) {
    lines.push_back(fmt::format("ends {} instead of {}", now.ended, then.ended));
  }
  return lines;
}

}  // namespace pinfold::desk
