#include "guard/guard.hpp"

#include <algorithm>

#include "guard/rules.hpp"

namespace pinfold::guard {

using desk::GuardOutcome;
using desk::GuardVerdict;

namespace {

[[nodiscard]] bool may_be_lifted(const GuardVerdict& verdict) {
  return verdict.outcome == GuardOutcome::Hold &&
         (verdict.rule == kAllowList || verdict.rule == kWitnesses || verdict.rule == kUplink || verdict.rule == kBlastRadius);
}

}  // namespace

std::vector<GuardVerdict> evaluate(const Question& question, const desk::Policy& policy) {
  if (question.wish == desk::PortWish::Up) {
    return {identity(question), ownership(question)};
  }
  std::vector<GuardVerdict> verdicts{kill_switch(question), allow_list(question),           identity(question),         two_witnesses(question),
                                     uplink(question),      blast_radius(question, policy), staleness(question, policy)};
  std::set<StaffId> persons = standing_persons(question);
  if (question.warrant) {
    persons.erase(question.warrant->author);
  }
  if (persons.size() >= kPersonsToLift) {
    for (GuardVerdict& verdict : verdicts) {
      if (may_be_lifted(verdict)) {
        verdict.outcome = GuardOutcome::Pass;
        verdict.why = "accepted by " + names_of(persons) + ": " + verdict.why;
      }
    }
  }
  verdicts.push_back(approval(question, policy));
  verdicts.push_back(dry_run(question));
  return verdicts;
}

std::optional<bool> is_off(const PortFacts& facts) {
  if (facts.quarantine_vlan) {
    return facts.pvid ? std::optional(*facts.pvid == *facts.quarantine_vlan) : std::nullopt;
  }
  return facts.admin ? std::optional(*facts.admin == AdminState::Down) : std::nullopt;
}

GuardOutcome outcome_of(const std::vector<GuardVerdict>& verdicts) {
  if (verdicts.empty()) {
    return GuardOutcome::Hold;
  }
  return std::max_element(verdicts.begin(), verdicts.end(), [](const auto& a, const auto& b) { return a.outcome < b.outcome; })->outcome;
}

bool same_identity(const PortFacts& before, const PortFacts& after) {
  return before.index && before.index == after.index && before.name == after.name && before.alias == after.alias && before.if_type == after.if_type &&
         before.identity.sys_name == after.identity.sys_name && before.identity.engine_boots == after.identity.engine_boots &&
         before.identity.table_changed == after.identity.table_changed && before.identity.uptime <= after.identity.uptime;
}

std::string_view to_string(std::optional<AdminState> state) {
  if (!state) {
    return "unreadable";
  }
  switch (*state) {
    case AdminState::Up: return "up";
    case AdminState::Down: return "down";
    case AdminState::Testing: return "testing";
  }
  return "unreadable";
}

std::string_view to_string(std::optional<OperState> state) {
  if (!state) {
    return "unreadable";
  }
  switch (*state) {
    case OperState::Up: return "up";
    case OperState::Down: return "down";
    case OperState::Testing: return "testing";
    case OperState::Unknown: return "unknown";
    case OperState::Dormant: return "dormant";
    case OperState::NotPresent: return "notPresent";
    case OperState::LowerLayerDown: return "lowerLayerDown";
  }
  return "unreadable";
}

}  // namespace pinfold::guard
