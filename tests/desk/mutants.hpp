// Seeded faults: `step` with one rule taken out. The exploration must catch each of them, or it could not fail.
#pragma once

#include <vector>

#include "scene.hpp"

namespace pinfold::desk::test {

inline Expected<Step, Rejected> forgets_answers(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Case blind = c;
  blind.response_by = 0;
  blind.last_response.reset();
  blind.state = c.state == State::Answered ? State::Silent : c.state;
  return step(blind, i, p, m);
}
inline Expected<Step, Rejected> takes_sent_for_delivered(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Case blind = c;
  for (Notice& n : blind.notices) {
    n.delivered = n.delivered.value_or(kStart);
    n.submitted = n.submitted.value_or(kStart);
  }
  blind.state = c.state == State::WarningQueued || c.state == State::Sent ? State::Silent : c.state;
  return step(blind, i, p, m);
}
inline Expected<Step, Rejected> counts_by_arrival(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Case blind = c;
  for (auto& [id, s] : blind.findings) {
    s.last_seen = m.now;
  }
  return step(blind, i, p, m);
}
inline Expected<Step, Rejected> counts_reporters(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Case blind = c;
  for (auto& [id, s] : blind.findings) {
    s.origin = abuse::Origin::Network;
  }
  return step(blind, i, p, m);
}
inline Expected<Step, Rejected> ignores_unclear_mail(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Case blind = c;
  blind.unjudged_mails.clear();
  return step(blind, i, p, m);
}
inline Expected<Step, Rejected> has_no_window(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Policy hasty = p;
  hasty.response_window = Micros{0};
  return step(c, i, hasty, m);
}
inline Expected<Step, Rejected> ignores_ears(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Moment deaf = m;
  deaf.ears = {WallTime{}, 0};
  return step(c, i, p, deaf);
}
inline Expected<Step, Rejected> enables_without_talk(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  auto result = step(c, i, p, m);
  if (result && c.state == State::Disabled && std::holds_alternative<Tick>(i)) {
    const ActionId up{static_cast<std::int64_t>(c.actions.size()) + 1};
    result->events.emplace_back(EnableRequested{up});
    result->effects.push_back({"PF-7/port/" + std::to_string(up.value) + "/up", SetPort{up, PortWish::Up}});
  }
  return result;
}
inline Expected<Step, Rejected> repeats_an_effect(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  auto result = step(c, i, p, m);
  const PortAction* open = c.open_action();
  if (result && open != nullptr && open->is_approved() && std::holds_alternative<Tick>(i)) {
    result->effects.push_back({"PF-7/port/" + std::to_string(open->id.value) + "/down", SetPort{open->id, PortWish::Down}});
  }
  return result;
}
inline Expected<Step, Rejected> needs_no_approval(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  auto result = step(c, i, p, m);
  if (result && !result->events.empty() && std::holds_alternative<DisableRequested>(result->events.front())) {
    const auto& request = std::get<DisableRequested>(result->events.front());
    if (!request.automatic) {
      result->effects.push_back({"PF-7/port/x/down", SetPort{request.action, PortWish::Down}});
    }
  }
  return result;
}
inline Expected<Step, Rejected> lets_the_disable_outlive_an_answer(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  auto result = step(c, i, p, m);
  if (result && std::holds_alternative<ResponseRecorded>(i)) {
    std::erase_if(result->events, [](const EventBody& body) { return std::holds_alternative<ActionDropped>(body); });
  }
  return result;
}

inline Expected<Step, Rejected> calls_an_emergency_alone(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  auto result = step(c, i, p, m);
  if (result && std::holds_alternative<MeasureOrdered>(i) && std::get<MeasureOrdered>(i).emergency) {
    result->effects.push_back({"PF-7/port/x/down", SetPort{std::get<DisableRequested>(result->events.front()).action, PortWish::Down}});
  }
  return result;
}
inline Expected<Step, Rejected> takes_one_approval_for_two(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Case blind = c;
  for (PortAction& a : blind.actions) {
    a.needed = 1;
  }
  return step(blind, i, p, m);
}
inline Expected<Step, Rejected> orders_against_an_answer(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Case blind = c;
  blind.state = c.state == State::Answered ? State::SecondNotice : c.state;
  return step(blind, i, p, m);
}
inline Expected<Step, Rejected> orders_past_unclear_mail(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Case blind = c;
  if (std::holds_alternative<MeasureOrdered>(i)) {
    blind.unjudged_mails.clear();
  }
  return step(blind, i, p, m);
}
inline Expected<Step, Rejected> lets_the_approver_judge(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Case blind = c;
  if (std::holds_alternative<ObjectionDecided>(i)) {
    for (PortAction& a : blind.actions) {
      a.approvals.clear();
      a.by = StaffId{};
    }
  }
  return step(blind, i, p, m);
}
inline Expected<Step, Rejected> presumes_at_once(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Policy hasty = p;
  hasty.presume_delivered_after = Micros{0};
  return step(c, i, hasty, m);
}
inline Expected<Step, Rejected> ignores_the_breaker(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Moment blind = m;
  blind.breaker_open = false;
  return step(c, i, p, blind);
}
inline Expected<Step, Rejected> releases_alone(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  auto result = step(c, i, p, m);
  if (result && std::holds_alternative<HoldReleased>(i)) {
    result->effects = {{"PF-7/port/x/down", SetPort{std::get<HoldReleased>(i).action, PortWish::Down, true}}};
  }
  return result;
}
inline Expected<Step, Rejected> forgets_objections(const Case& c, const Input& i, const Policy& p, const Moment& m) {
  Case blind = c;
  blind.objection_since.reset();
  blind.state = c.state == State::Disputed ? State::SecondNotice : c.state;
  return step(blind, i, p, m);
}

struct Mutant {
  const char* name;
  StepFunction step;
};
[[nodiscard]] inline std::vector<Mutant> mutants() {
  return {{"forgets answers", forgets_answers},
          {"takes sent for delivered", takes_sent_for_delivered},
          {"counts findings by arrival", counts_by_arrival},
          {"counts reporters' findings as again", counts_reporters},
          {"ignores unclear mail", ignores_unclear_mail},
          {"has no response window", has_no_window},
          {"ignores ears", ignores_ears},
          {"enables without a talk", enables_without_talk},
          {"orders an effect twice", repeats_an_effect},
          {"needs no approval", needs_no_approval},
          {"lets a disable outlive an answer", lets_the_disable_outlive_an_answer},
          {"calls an emergency alone", calls_an_emergency_alone},
          {"takes one approval for two", takes_one_approval_for_two},
          {"orders against an answer", orders_against_an_answer},
          {"orders past unclear mail", orders_past_unclear_mail},
          {"lets the approver judge the objection", lets_the_approver_judge},
          {"presumes delivery at once", presumes_at_once},
          {"ignores the circuit breaker", ignores_the_breaker},
          {"releases a hold alone", releases_alone},
          {"forgets objections", forgets_objections}};
}

}  // namespace pinfold::desk::test
