// Exhaustive exploration: from each rung of the ladder, every order of inputs up to a bounded depth, equal states once. After every input the
// invariants must hold, and so must the rules of an oracle that also knows the policy, the ears and what an executor did. Then the same exploration
// over mutants of `step`: each seeded fault must be caught, or the exploration could not fail.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "mutants.hpp"
#include "scene.hpp"

namespace pinfold::desk::test {
namespace {

/// A scene with an executor: a port is written only after a claim that `why_not_now` allowed, and its result may come at any later time.
struct Model : Scene {
  std::set<ActionId> claimed;

  void act(const Input& input, const StepFunction& function) {
    const std::size_t events_before = events.size();
    const std::size_t effects_before = effects.size();
    static_cast<void>(put(input, function));
    for (std::size_t i = events_before; i < events.size() && !violation; ++i) {
      violation = fault_in(events[i]);
    }
    for (std::size_t i = effects_before; i < effects.size() && !violation; ++i) {
      violation = fault_in(effects[i]);
    }
  }
  void claim() {
    const PortAction* action = c.open_action();
    if (action == nullptr || why_not_now(c, action->id, policy, moment())) {
      return;
    }
    claimed.insert(action->id);
    const bool too_late = action->ground == Ground::Policy ? c.answered() : c.response_by > action->requested_by;
    if (action->wish == PortWish::Down && action->ground != Ground::Emergency && too_late && !violation) {
      violation = "a port is written after an answer";
    }
  }
  void release(const char* by, const StepFunction& function) {
    act(HoldReleased{c.actions.empty() ? ActionId{1} : c.actions.back().id, StaffId{by}, "seen"}, function);
  }
  void finish(ActionResult result, const StepFunction& function) {
    if (!c.actions.empty() && claimed.contains(c.actions.back().id)) {
      act(PortActionFinished{c.actions.back().id, result, "", Millis{0}}, function);
    }
  }

  /// Two models with the same key behave alike from here on.
  [[nodiscard]] std::string key() const {
    std::string k = fmt::format("{} {} {} {} {}|", static_cast<int>(c.state), now.since_epoch.count(), c.response_by > 0, c.discussion_by > 0,
                                c.unjudged_mails.size());
    k += fmt::format("{} {} {} {}|", ears.open_since ? ears.open_since->since_epoch.count() : -1,
                     c.last_response ? c.last_response->since_epoch.count() : -1, c.probation_since ? c.probation_since->since_epoch.count() : -1,
                     c.asked.size());
    k += fmt::format("{} {} {} {}|", c.objection_since ? c.objection_since->since_epoch.count() : -1, c.acquitted, c.state_since.since_epoch.count(),
                     breaker_open);
    for (const auto& [mail, since] : c.unjudged_mails) {
      k += fmt::format("{},", since.since_epoch.count());
    }
    for (const Notice& n : c.notices) {
      k += fmt::format("{}{}{}{},", static_cast<int>(n.kind), n.submitted.has_value(), n.delivered ? n.delivered->since_epoch.count() : -1,
                       n.failed.has_value());
    }
    for (const PortAction& a : c.actions) {
      k += fmt::format("{}{}{}{}{}:", static_cast<int>(a.ground), static_cast<int>(a.stood_in), a.approvals.size(), a.releases.size(), a.held);
      k += fmt::format("{}{}{}{}{}{}{},", static_cast<int>(a.wish), a.is_approved(), a.dropped, a.dropped_by_person,
                       a.result ? static_cast<int>(*a.result) : -1, claimed.contains(a.id), a.requested.since_epoch.count());
    }
    for (const auto& [id, s] : c.findings) {
      k += fmt::format("{}:{}:{}:{},", id.value, s.incident.value, s.first_seen.since_epoch.count(), s.last_seen.since_epoch.count());
    }
    return k;
  }

private:
  [[nodiscard]] std::optional<std::string> fault_in(const Event& event) const {
    if (const auto* window = std::get_if<WindowPassed>(&event.body)) {
      const Notice* n = c.find_notice(window->notice);
      return n->delivered && window->deadline == *n->delivered + policy.response_window && now >= window->deadline
                 ? std::nullopt
                 : std::optional<std::string>("the window is not the policy's");
    }
    if (const auto* delivered = std::get_if<NoticeDelivered>(&event.body); delivered != nullptr && delivered->proof == DeliveryProof::Presumed) {
      const Notice* n = c.find_notice(delivered->notice);
      return policy.presume_delivered_after && now >= *n->submitted + *policy.presume_delivered_after
                 ? std::nullopt
                 : std::optional<std::string>("a delivery was presumed too soon");
    }
    const auto* disable = std::get_if<DisableRequested>(&event.body);
    if (disable != nullptr && disable->ground == Ground::Policy) {
      if (breaker_open) {
        return "the policy asked for a disable although the circuit breaker is open";
      }
      const Notice* n = c.first_warning();
      return ears.open_since && n != nullptr && n->delivered && *ears.open_since <= *n->delivered
                 ? std::nullopt
                 : std::optional<std::string>("silence was counted while our ears were shut");
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<std::string> fault_in(const Effect& effect) const {
    const auto* port = std::get_if<SetPort>(&effect.what);
    if (port == nullptr || port->wish == PortWish::Up) {
      return std::nullopt;
    }
    const PortAction* action = c.find_action(port->action);
    if (port->hold_released && !action->is_released()) {
      return "a hold was released by too few";
    }
    return action->is_approved() ? std::nullopt : std::optional<std::string>("a port was ordered down without approval");
  }
};

struct Move {
  const char* name;
  void (*play)(Model&, const StepFunction&);
};

Input mail(MailKind kind, bool needs_person) { return MailReceived{kind, "", "owner@a.example", "", "00ff", "", needs_person}; }

const std::vector<Move>& moves() {
  static const std::vector<Move> all{
      {"tick", [](Model& m, const StepFunction& f) { m.act(Tick{}, f); }},
      {"an hour", [](Model& m, const StepFunction&) { m.now = m.now + kHour; }},
      {"to the next deadline",
       [](Model& m, const StepFunction& f) {
         m.now = std::max(m.now, next_due(m.c, m.policy).value_or(m.now));
         m.act(Tick{}, f);
       }},
      {"clock stepped back", [](Model& m, const StepFunction&) { m.now = m.now - 2 * kHour; }},
      {"network finding", [](Model& m, const StepFunction& f) { m.act(FindingArrived{finding("net/2", m.now, m.now)}, f); }},
      {"host finding", [](Model& m, const StepFunction& f) { m.act(FindingArrived{finding("host/2", m.now, m.now, abuse::Origin::Host)}, f); }},
      {"reporter finding",
       [](Model& m, const StepFunction& f) { m.act(FindingArrived{finding("rep/2", m.now, m.now, abuse::Origin::Reporter)}, f); }},
      {"late finding", [](Model& m, const StepFunction& f) { m.act(FindingArrived{finding("net/late", kStart, kStart)}, f); }},
      {"duplicate finding", [](Model& m, const StepFunction& f) { m.act(FindingArrived{finding("net/1", kStart - kMinute, kStart)}, f); }},
      {"submitted",
       [](Model& m, const StepFunction& f) {
         m.act(NoticeSubmitted{m.c.notices.back().id, "Q", false}, f);
       }},
      {"delivered",
       [](Model& m, const StepFunction& f) {
         m.act(NoticeDelivered{m.c.notices.back().id, DeliveryProof::Dsn, "mx"}, f);
       }},
      {"warning bounced",
       [](Model& m, const StepFunction& f) {
         m.act(NoticeFailed{m.c.notices.front().id, "550"}, f);
       }},
      {"last notice bounced",
       [](Model& m, const StepFunction& f) {
         m.act(NoticeFailed{m.c.notices.back().id, "550"}, f);
       }},
      {"auto-reply", [](Model& m, const StepFunction& f) { m.act(mail(MailKind::AutoReply, false), f); }},
      {"unclear mail", [](Model& m, const StepFunction& f) { m.act(mail(MailKind::Unknown, true), f); }},
      {"judged no",
       [](Model& m, const StepFunction& f) {
         m.act(MailJudged{"00ff", StaffId{"anna"}, false, ""}, f);
       }},
      {"judged yes",
       [](Model& m, const StepFunction& f) {
         m.act(MailJudged{"00ff", StaffId{"anna"}, true, ""}, f);
       }},
      {"response", [](Model& m, const StepFunction& f) { m.act(Scene::answer(), f); }},
      {"ears shut", [](Model& m, const StepFunction&) { m.ears.open_since.reset(); }},
      {"ears open",
       [](Model& m, const StepFunction&) {
         if (!m.ears.open_since) {
           m.ears.open_since = m.now;
         }
       }},
      {"guards hold",
       [](Model& m, const StepFunction& f) {
         m.act(GuardsEvaluated{m.c.actions.empty() ? ActionId{1} : m.c.actions.back().id, {{"G5", GuardOutcome::Hold, "", "limit"}}}, f);
       }},
      {"approved",
       [](Model& m, const StepFunction& f) {
         m.act(ApprovalGiven{m.c.actions.empty() ? ActionId{1} : m.c.actions.back().id, StaffId{"anna"}, ""}, f);
       }},
      {"dropped",
       [](Model& m, const StepFunction& f) {
         m.act(ActionDropped{m.c.actions.empty() ? ActionId{1} : m.c.actions.back().id, StaffId{"anna"}, ""}, f);
       }},
      {"claimed", [](Model& m, const StepFunction&) { m.claim(); }},
      {"verified", [](Model& m, const StepFunction& f) { m.finish(ActionResult::Verified, f); }},
      {"unknown", [](Model& m, const StepFunction& f) { m.finish(ActionResult::Unknown, f); }},
      {"not sent", [](Model& m, const StepFunction& f) { m.finish(ActionResult::NotSent, f); }},
      {"approved by another",
       [](Model& m, const StepFunction& f) {
         m.act(ApprovalGiven{m.c.actions.empty() ? ActionId{1} : m.c.actions.back().id, StaffId{"bert"}, ""}, f);
       }},
      {"measure ordered",
       [](Model& m, const StepFunction& f) {
         m.act(MeasureOrdered{StaffId{"anna"}, "phishing", false}, f);
       }},
      {"emergency",
       [](Model& m, const StepFunction& f) {
         m.act(MeasureOrdered{StaffId{"anna"}, "a flood", true}, f);
       }},
      {"hold released", [](Model& m, const StepFunction& f) { m.release("anna", f); }},
      {"hold released by another", [](Model& m, const StepFunction& f) { m.release("bert", f); }},
      {"objection", [](Model& m, const StepFunction& f) { m.act(Scene::objection(), f); }},
      {"objection upheld",
       [](Model& m, const StepFunction& f) {
         m.act(ObjectionDecided{StaffId{"anna"}, true, "right"}, f);
       }},
      {"objection rejected",
       [](Model& m, const StepFunction& f) {
         m.act(ObjectionDecided{StaffId{"carl"}, false, "wrong"}, f);
       }},
      {"breaker opens", [](Model& m, const StepFunction&) { m.breaker_open = true; }},
      {"breaker closes", [](Model& m, const StepFunction&) { m.breaker_open = false; }},
      {"discussion", [](Model& m, const StepFunction& f) { m.act(Scene::talk(), f); }},
      {"closed by staff",
       [](Model& m, const StepFunction& f) {
         m.act(ClosedByStaff{StaffId{"anna"}, false, "done"}, f);
       }},
  };
  return all;
}

/// Where the exploration starts from: each rung, reached on the straight road (by the real step).
std::vector<Model> rungs() {
  std::vector<Model> all(12);
  all[0].start();
  all[1].start();
  all[1].deliver();
  all[2].to_silent();
  all[3].to_pending();
  all[4].to_pending();
  static_cast<void>(all[4].give(ApprovalGiven{ActionId{1}, StaffId{"anna"}, ""}));
  all[4].claim();
  all[5].to_disabled();
  all[5].claimed = {ActionId{1}};
  all[6].to_probation();
  all[6].claimed = {ActionId{1}, ActionId{2}};
  all[7].start();
  all[7].deliver();
  static_cast<void>(all[7].give(Scene::answer()));
  all[8].start();
  all[8].deliver();
  static_cast<void>(all[8].give(Scene::answer()));
  all[8].now = all[8].now + 25 * kHour;
  all[8].again();
  all[9].to_pending();
  static_cast<void>(all[9].give(ApprovalGiven{ActionId{1}, StaffId{"anna"}, ""}));
  static_cast<void>(all[9].give(GuardsEvaluated{ActionId{1}, {{"G2", GuardOutcome::Hold, "", "no description"}}}));
  all[10].start();
  static_cast<void>(all[10].give(MeasureOrdered{StaffId{"anna"}, "a flood", true}));
  for (Model& model : all) {
    model.policy.approval = Approval::Auto;
  }
  all[11].policy.approval = Approval::TwoPersons;
  all[11].policy.presume_delivered_after = 4 * kHour;
  all[11].start();
  static_cast<void>(all[11].give(NoticeSubmitted{NoticeId{1}, "Q", false}));
  return all;
}

struct Outcome {
  std::size_t states = 0;
  std::size_t inputs = 0;
  std::set<State> seen;
  std::optional<std::string> violation;  ///< with the way to it
};

/// Checks a state that was not met before: the fold agrees with the history, ticking comes to rest, and a due tick does something.
std::optional<std::string> examine(const Model& model) {
  Model rebuilt = model;
  rebuilt.c = fold(model.c.id, model.events);
  if (rebuilt.key() != model.key()) {
    return "the fold of the history is another case";
  }
  Model resting = model;
  std::size_t before = 0;
  for (int i = 0; i < 4; ++i) {
    before = resting.events.size();
    static_cast<void>(resting.put(Tick{}));
  }
  if (resting.events.size() != before) {
    return "ticking does not come to rest";
  }
  if (const auto due = next_due(resting.c, resting.policy)) {
    resting.now = std::max(resting.now, *due);
    static_cast<void>(resting.put(Tick{}));
    if (resting.events.size() == before) {
      return "a tick at next_due did nothing";
    }
  }
  return resting.violation;
}

struct Trail {
  Model model;
  std::string way;
  unsigned left = 0;  ///< inputs still to be tried from here
};
/// The rungs that only people lead to are explored one input less deep: there are many, and each has its own.
constexpr std::size_t kStraightRungs = 8;

Outcome explore(const StepFunction& function, unsigned depth, bool examine_states) {
  Outcome out;
  std::unordered_set<std::string> met;
  std::vector<Trail> frontier;
  for (Model& model : rungs()) {
    const bool is_straight = frontier.size() < kStraightRungs;
    frontier.push_back({std::move(model), "", is_straight ? depth : depth - 1});
  }
  while (!frontier.empty()) {
    std::vector<Trail> next;
    for (const Trail& trail : frontier) {
      for (const Move& move : moves()) {
        Trail moved{trail.model, trail.way, trail.left - 1};
        move.play(moved.model, function);
        moved.way += std::string(moved.way.empty() ? "" : ", ") + move.name;
        ++out.inputs;
        if (moved.model.violation) {
          out.violation = *moved.model.violation + " <- " + moved.way;
          return out;
        }
        if (!met.insert(moved.model.key()).second) {
          continue;
        }
        out.seen.insert(moved.model.c.state);
        if (auto fault = examine_states ? examine(moved.model) : std::nullopt) {
          out.violation = *fault + " <- " + moved.way;
          return out;
        }
        if (moved.left > 0) {
          next.push_back(std::move(moved));
        }
      }
    }
    frontier = std::move(next);
  }
  out.states = met.size();
  return out;
}

TEST(Exploration, NoOrderOfInputsBreaksAnInvariant) {
  const Outcome out = explore(step, 4, /*examine_states=*/true);
  EXPECT_EQ(out.violation, std::nullopt);
  EXPECT_GT(out.states, 5'000U);
  EXPECT_GE(out.seen.size(), 12U) << "states of the ladder that were met";
  std::printf("  %zu states, %zu inputs\n", out.states, out.inputs);
  RecordProperty("states", std::to_string(out.states));
  RecordProperty("inputs", std::to_string(out.inputs));
}

TEST(Exploration, CatchesEverySeededFault) {
  for (const Mutant& mutant : mutants()) {
    const Outcome out = explore(mutant.step, 4, /*examine_states=*/false);
    EXPECT_NE(out.violation, std::nullopt) << mutant.name << ": not caught in " << out.inputs << " inputs";
    if (out.violation) {
      std::printf("  %s: %s\n", mutant.name, out.violation->c_str());
    }
  }
}

}  // namespace
}  // namespace pinfold::desk::test
