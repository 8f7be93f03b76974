// A case on a stage: a clock that the test turns, the edges' knowledge, and what the desk recorded and ordered. Checks the invariants, and that no
// effect is ordered twice, after every input.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "desk/step.hpp"

namespace pinfold::desk::test {

inline constexpr Micros kMinute = std::chrono::minutes{1};
inline constexpr Micros kHour = std::chrono::hours{1};
inline constexpr Micros kDay = std::chrono::hours{24};
inline const WallTime kStart{std::chrono::hours{24 * 20'000}};

[[nodiscard]] inline Policy armed_policy() {
  Policy policy;
  policy.warnings = Arming::Armed;
  policy.measures = Arming::Armed;
  return policy;
}

[[nodiscard]] inline abuse::Finding finding(const std::string& id, WallTime first, WallTime last, abuse::Origin origin = abuse::Origin::Network) {
  abuse::Finding f;
  f.id = FindingId{id};
  f.server = ServerId{"srv-a"};
  f.abuse_class = origin == abuse::Origin::Host ? abuse::AbuseClass::MaliciousScript : abuse::AbuseClass::PortScan;
  f.origin = origin;
  f.first_seen = first;
  f.last_seen = last;
  f.detected_at = last;
  f.confidence = {90};
  f.summary = "contacted 4812 hosts";
  return f;
}

using StepFunction = std::function<Expected<Step, Rejected>(const Case&, const Input&, const Policy&, const Moment&)>;

struct Scene {
  Policy policy = armed_policy();
  WallTime now = kStart;
  Ears ears{kStart - kDay, 0};
  std::vector<ContactId> contacts{ContactId{"owner@a.example"}, ContactId{"boss@a.example"}};
  std::vector<ContactId> on_offender;
  bool breaker_open = false;
  StaffId author;  ///< who opens the case by hand
  Case c;
  std::vector<Event> events;
  std::vector<Effect> effects;
  std::set<std::string> keys;
  std::optional<std::string> violation;  ///< the first

  [[nodiscard]] Moment moment() const { return {now, ears, "token" + std::to_string(events.size()), contacts, on_offender, breaker_open}; }

  void start(const abuse::Finding& first) {
    c = Case{};
    c.id = CaseId{7};
    CaseOpened opening{ServerId{"srv-a"}, CustomerId{"c-1"}, abuse::Family::Compromise, 0};
    opening.by = author;
    take(open(c.id, opening, first, policy, moment()));
  }
  void start() { start(finding("net/1", now - kMinute, now)); }

  /// The input alone; why it was refused.
  std::optional<std::string> put(const Input& input, const StepFunction& function = step) {
    auto result = function(c, input, policy, moment());
    if (!result) {
      return result.error().why;
    }
    take(*std::move(result));
    return std::nullopt;
  }
  /// As the engine does it: a Tick follows what was accepted.
  std::optional<std::string> give(const Input& input) {
    auto why = put(input);
    if (!why) {
      static_cast<void>(put(Tick{}));
    }
    return why;
  }
  void wait(Micros span) {
    now = now + span;
    static_cast<void>(put(Tick{}));
  }

  void take(Step taken) {
    for (EventBody& body : taken.events) {
      events.push_back({c.last_seq + 1, now, std::move(body)});
      apply(c, events.back());
    }
    for (Effect& effect : taken.effects) {
      if (!keys.insert(effect.key).second && !violation) {
        violation = "invariant 4: effect " + effect.key + " was ordered twice";
      }
      effects.push_back(std::move(effect));
    }
    if (!violation) {
      violation = check_invariants(c, events);
    }
  }

  template <typename T>
  [[nodiscard]] std::size_t count() const {
    std::size_t n = 0;
    for (const Event& event : events) {
      n += std::holds_alternative<T>(event.body) ? 1U : 0U;
    }
    return n;
  }
  template <typename T>
  [[nodiscard]] const T& last() const {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      if (const T* body = std::get_if<T>(&event->body)) {
        return *body;
      }
    }
    throw std::logic_error("no such event");
  }
  [[nodiscard]] bool ordered(const std::string& key) const { return keys.contains(key); }

  // --- the usual ways up the ladder ---
  void deliver() {
    static_cast<void>(give(NoticeSubmitted{c.notices.back().id, "Q1", false}));
    static_cast<void>(give(NoticeDelivered{c.notices.back().id, DeliveryProof::Dsn, "mx.a.example"}));
  }
  void to_silent() {
    start();
    deliver();
    wait(policy.response_window);
  }
  /// Seen again, now, as a new bout.
  void again(const std::string& id = "net/2", abuse::Origin origin = abuse::Origin::Network) {
    static_cast<void>(give(FindingArrived{finding(id, now - kMinute, now, origin)}));
  }
  void to_pending() {
    to_silent();
    now = now + kHour;
    again();
  }
  void to_disabled() {
    to_pending();
    static_cast<void>(give(ApprovalGiven{c.actions.back().id, StaffId{"anna"}, "clear"}));
    static_cast<void>(give(PortActionFinished{c.actions.back().id, ActionResult::Verified, "down", Millis{3000}}));
  }
  [[nodiscard]] static DiscussionRecorded talk() { return {StaffId{"anna"}, "Mr Owner", "phone", "upload hole", "updated", "none"}; }
  void to_probation() {
    to_disabled();
    now = now + kHour;
    static_cast<void>(give(talk()));
    static_cast<void>(give(PortActionFinished{c.actions.back().id, ActionResult::Verified, "up", Millis{3000}}));
  }
  [[nodiscard]] static ObjectionRaised objection() { return {ResponseChannel::Portal, "owner@a.example", "that is our scanner"}; }
  [[nodiscard]] static ResponseRecorded answer() { return {ResponseChannel::Mail, "owner@a.example", Statement::Looking, std::nullopt, "we look"}; }
};

}  // namespace pinfold::desk::test
