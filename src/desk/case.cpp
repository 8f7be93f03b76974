#include "desk/case.hpp"

#include <algorithm>

#include "base/enum_names.hpp"

namespace pinfold::desk {
namespace {

constexpr EnumNames<State, 17> kStates{{{{State::Triage, "triage"},
                                         {State::WarningQueued, "warning_queued"},
                                         {State::Sent, "sent"},
                                         {State::Delivered, "delivered"},
                                         {State::Undeliverable, "undeliverable"},
                                         {State::Answered, "answered"},
                                         {State::Disputed, "disputed"},
                                         {State::SecondNotice, "second_notice"},
                                         {State::Silent, "silent"},
                                         {State::DisablePending, "disable_pending"},
                                         {State::Disabled, "disabled"},
                                         {State::Discussed, "discussed"},
                                         {State::Enabling, "enabling"},
                                         {State::Probation, "probation"},
                                         {State::ActionFailed, "action_failed"},
                                         {State::FalsePositive, "false_positive"},
                                         {State::Closed, "closed"}}}};

}  // namespace

std::string_view to_string(State s) { return kStates.name(s); }
std::optional<State> parse_state(std::string_view text) { return kStates.parse(text); }
bool is_final(State s) { return s == State::FalsePositive || s == State::Closed; }

std::size_t PortAction::releases_needed() const {
  const bool only_approval =
      std::all_of(verdicts.begin(), verdicts.end(), [](const GuardVerdict& v) { return v.outcome == GuardOutcome::Pass || v.rule == kApprovalRule; });
  return only_approval ? std::max(needed, 1U) : 2;
}

bool PortAction::is_approved() const {
  // The policy signs alone, where the desk itself made the request; people are counted.
  const bool by_policy = ground == Ground::Policy && std::find(approvals.begin(), approvals.end(), policy_approver()) != approvals.end();
  return automatic || by_policy || approvals.size() >= needed;
}

const Notice* Case::first_warning() const {
  const Notice* best = nullptr;
  const auto rank = [](const Notice& n) { return n.reached() ? 2 : (n.failed || n.observed_only ? 0 : 1); };
  for (const Notice& n : notices) {
    if (n.kind != NoticeKind::Warning) {
      continue;
    }
    const bool is_better = best == nullptr || rank(n) > rank(*best) || (rank(n) == rank(*best) && rank(n) < 2);
    best = is_better ? &n : best;
  }
  return best;
}

bool Case::answered() const {
  for (const Notice& n : notices) {
    if (n.kind == NoticeKind::Warning) {
      return response_by > n.queued_by;
    }
  }
  return false;
}

bool Case::nobody_to_write() const {
  return (state == State::Triage || state == State::DisablePending) && notices.empty() && asked.contains(std::string(kNobodyToWrite));
}

const Notice* Case::find_notice(NoticeId wanted) const {
  const auto found = std::find_if(notices.begin(), notices.end(), [&](const Notice& n) { return n.id == wanted; });
  return found == notices.end() ? nullptr : &*found;
}

const PortAction* Case::find_action(ActionId wanted) const {
  const auto found = std::find_if(actions.begin(), actions.end(), [&](const PortAction& a) { return a.id == wanted; });
  return found == actions.end() ? nullptr : &*found;
}

const PortAction* Case::open_action() const {
  const auto found = std::find_if(actions.begin(), actions.end(), [](const PortAction& a) { return a.is_open(); });
  return found == actions.end() ? nullptr : &*found;
}

}  // namespace pinfold::desk
