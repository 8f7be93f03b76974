#include "desk/auditor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "desk/case.hpp"
#include "desk/step.hpp"

namespace pinfold::desk {

std::optional<std::string> Auditor::see(const Event& event) {
  if (event.seq != ++x_seq) {
    return fmt::format("event {} stands where {} should", event.seq, x_seq);
  }
  if (x_blind || std::holds_alternative<Erased>(event.body)) {
    x_blind = true;
    return std::nullopt;
  }
  if ((event.seq == 1) != std::holds_alternative<CaseOpened>(event.body)) {
    return fmt::format("#{}: a case opens once, and first", event.seq);
  }
  auto fault = std::visit([&](const auto& body) { return judge(event, body); }, event.body);
  x_blind = fault.has_value();
  return fault ? std::optional(fmt::format("#{} {}: {}", event.seq, kind_of(event.body), *fault)) : std::nullopt;
}

std::optional<std::string> Auditor::at_rest() const {
  const bool pending = !x_blind && x_pending_since != 0 && x_pending_wish == PortWish::Down && x_pending_ground != Ground::Emergency;
  if (pending && answer_stands() && x_response > x_pending_since) {
    return fmt::format("invariant 2: action pending since #{} outlived the answer #{}", x_pending_since, x_response);
  }
  return std::nullopt;
}

bool Auditor::Action::may_be_written() const {
  const bool by_policy = ground == Ground::Policy && approved_by.contains(policy_approver());
  return wish == PortWish::Up || automatic || by_policy || approved_by.size() >= needed;
}

Auditor::Fault Auditor::judge(const Event&, const CaseOpened& e) {
  x_author = e.by;
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event& at, const FindingRecorded& e) {
  x_findings[at.seq] = {e.finding.origin, std::min(e.finding.last_seen, at.at)};
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event& at, const NoticeQueued& e) {
  if (!x_notices.try_emplace(e.notice, SentNotice{e.kind, e.observed_only, false, false, {}, {}}).second) {
    return "invariant 4: the same notice twice";
  }
  if (e.kind == NoticeKind::Warning && x_first_warning == 0) {
    x_first_warning = at.seq;
  }
  if (e.kind == NoticeKind::Reminder && answer_stands()) {
    return "the owner was reminded after an answer";
  }
  if (e.kind == NoticeKind::SecondNotice) {
    x_second_notice = at.seq;
  }
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event&, const NoticeSubmitted& e) {
  SentNotice& n = x_notices[e.notice];
  if (n.submitted || n.observed_only) {
    return "invariant 4: the notice went out twice, or although it was only observed";
  }
  n.submitted = true;
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event& at, const NoticeDelivered& e) {
  SentNotice& n = x_notices[e.notice];
  if (e.proof == DeliveryProof::Presumed && !n.submitted) {
    return "invariant 1: a delivery is presumed of a notice that was never submitted";
  }
  n.delivered = at.at;
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event&, const PersonAsked& e) {
  x_nobody_to_write = x_nobody_to_write || e.what == kNobodyToWrite;
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event&, const NoticeFailed& e) {
  x_notices[e.notice].failed = true;
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event&, const WindowPassed& e) {
  x_notices[e.notice].deadline = e.deadline;
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event&, const MailReceived& e) {
  if (e.needs_person) {
    x_unjudged.insert(e.raw_sha256);
  }
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event&, const MailJudged& e) {
  x_unjudged.erase(e.raw_sha256);
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event& at, const ResponseRecorded&) {
  x_response = at.seq;
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event& at, const ObjectionRaised&) {
  x_response = at.seq;
  x_objection = true;
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event&, const ObjectionDecided& e) {
  x_objection = false;
  for (const auto& [id, action] : x_actions) {
    if (action.approved_by.contains(e.by)) {
      return "the one who approved the measure decided the objection to it";
    }
  }
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event& at, const DisableRequested& e) {
  Action action;
  action.ground = e.ground;
  action.observed_only = e.observed_only;
  action.automatic = e.automatic;
  action.needed = e.needed;
  if (!x_actions.try_emplace(e.action, std::move(action)).second) {
    return "invariant 4: the same action twice";
  }
  if (e.observed_only) {
    return std::nullopt;
  }
  if (x_pending_since != 0) {
    return "invariant 4: two actions at once";
  }
  Fault fault = e.ground == Ground::Policy ? why_not_disable(e.again_by) : why_not_ordered(e);
  x_pending_since = at.seq;
  x_pending_wish = PortWish::Down;
  x_pending_ground = e.ground;
  x_last_down = at.seq;
  return fault;
}

Auditor::Fault Auditor::judge(const Event&, const ApprovalGiven& e) {
  Action& a = x_actions[e.action];
  if (a.closed) {
    return "approved after its end";
  }
  if (a.may_be_written()) {
    return "invariant 4: approved twice, so written twice";
  }
  if (!a.approved_by.insert(e.by).second) {
    return "one person approved twice";
  }
  if (a.needed > 1 && !x_author.value.empty() && e.by == x_author) {
    return "who opened the case by hand was one of the two who approved";
  }
  return a.ground == Ground::Policy && answer_stands() ? Fault("invariant 2: approved after an answer") : std::nullopt;
}

Auditor::Fault Auditor::judge(const Event&, const GuardsEvaluated& e) {
  x_actions[e.action].released_by.clear();
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event&, const HoldReleased& e) {
  Action& a = x_actions[e.action];
  if (a.closed || !a.released_by.insert(e.by).second) {
    return "a hold was released by one person twice, or after the action's end";
  }
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event&, const ActionDropped& e) {
  close(e.action);
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event& at, const PortActionFinished& e) {
  Action& a = x_actions[e.action];
  if (!a.may_be_written() || a.observed_only) {
    return "a port was written without approval";
  }
  if (a.result && a.result != ActionResult::Unknown) {
    return "invariant 4: the action ended twice";
  }
  a.result = e.result;
  if (a.wish == PortWish::Down) {
    x_last_down = at.seq;
  }
  close(e.action);
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event& at, const DiscussionRecorded&) {
  x_discussion = at.seq;
  return std::nullopt;
}

Auditor::Fault Auditor::judge(const Event& at, const EnableRequested& e) {
  Action action;
  action.wish = PortWish::Up;
  if (!x_actions.try_emplace(e.action, std::move(action)).second) {
    return "invariant 4: the same action twice";
  }
  if (x_pending_since != 0) {
    return "invariant 4: two actions at once";
  }
  x_pending_since = at.seq;
  x_pending_wish = PortWish::Up;
  if (x_last_down == 0 || x_discussion < x_last_down) {
    return "invariant 3: an enable without a discussion newer than the disable";
  }
  x_discussion = 0;  // one discussion, one enable
  return std::nullopt;
}

Auditor::Fault Auditor::why_not_disable(std::uint32_t again_by) const {
  const auto warning = std::find_if(x_notices.begin(), x_notices.end(), [](const auto& entry) {
    const SentNotice& n = entry.second;
    return n.kind == NoticeKind::Warning && !n.observed_only && !n.failed && n.delivered && n.deadline;
  });
  if (warning == x_notices.end()) {
    return "invariant 1: a disable without a delivered warning whose window passed";
  }
  if (answer_stands()) {
    return "invariant 2: a disable after an answer";
  }
  if (!x_unjudged.empty() || x_objection) {
    return "invariant 2: a disable while an unclear mail or an objection waits";
  }
  const auto again = x_findings.find(again_by);
  if (again == x_findings.end() || again->second.last_seen <= *warning->second.deadline) {
    return "invariant 1: the second event does not lie after the window";
  }
  if (again->second.origin != abuse::Origin::Network && again->second.origin != abuse::Origin::Host) {
    return "invariant 1: the second event is not our own telemetry";
  }
  return std::nullopt;
}

/// A person's order: always a name and a reason. Without an emergency only when the owner was written to, and no answer stands that nothing has
/// contradicted since; an emergency never alone.
Auditor::Fault Auditor::why_not_ordered(const DisableRequested& e) const {
  if (e.by.value.empty() || e.by == policy_approver() || e.reason.empty()) {
    return "a person's order without a name and a reason";
  }
  if (e.ground == Ground::Emergency) {
    return e.needed >= 2 ? std::nullopt : Fault("an emergency that one person may call alone");
  }
  if (x_first_warning == 0 && !x_nobody_to_write) {
    return "invariant 1: a person's order before the owner was written to";
  }
  const bool contradicted = x_second_notice > x_response || x_last_down > x_response;
  if ((answer_stands() && !contradicted) || !x_unjudged.empty() || x_objection) {
    return "invariant 2: a person's order while an answer, an unclear mail or an objection stands";
  }
  return std::nullopt;
}

void Auditor::close(ActionId id) {
  Action& a = x_actions[id];
  if (!a.closed && !a.observed_only) {
    a.closed = true;
    x_pending_since = 0;
  }
}

std::optional<std::string> check_invariants(const Case& c, const std::vector<Event>& events) {
  if (c.last_seq != events.size()) {
    return fmt::format("the case is folded up to event {}, the history has {}", c.last_seq, events.size());
  }
  Auditor auditor;
  for (const Event& event : events) {
    if (auto fault = auditor.see(event)) {
      return fault;
    }
  }
  return auditor.at_rest();
}

}  // namespace pinfold::desk
