#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "desk/case.hpp"
#include "desk/incidents.hpp"

namespace pinfold::desk {
namespace {

/// Folds one event. Each overload is one event's whole effect on the case.
class Fold {
public:
  Fold(Case& c, const Event& event) : x_case(c), x_event(event) {}

  void operator()(const CaseOpened& e) {
    x_case.server = e.server;
    x_case.customer = e.customer;
    x_case.family = e.family;
    x_case.earlier_cases = e.earlier_cases;
    x_case.opened_by = e.by;
    x_case.level = e.level;
    x_case.opened = x_event.at;
  }
  void operator()(const FindingRecorded& e) { record_finding(x_case, x_event.seq, x_event.at, e); }

  void operator()(const NoticeQueued& e) {
    if (x_case.find_notice(e.notice) != nullptr) {
      misfit("notice queued twice");
    }
    Notice n;
    n.id = e.notice;
    n.kind = e.kind;
    n.contact = e.contact;
    n.token = e.token;
    n.queued_by = x_event.seq;
    n.observed_only = e.observed_only;
    n.window = e.window;
    x_case.notices.push_back(std::move(n));
    if (e.kind == NoticeKind::Warning && is_one_of({State::Triage, State::WarningQueued, State::Undeliverable})) {
      x_case.state = State::WarningQueued;
    } else if (e.kind == NoticeKind::SecondNotice && is_one_of({State::Answered, State::Probation})) {
      x_case.state = State::SecondNotice;
    }
  }
  void operator()(const NoticeSubmitted& e) {
    Notice& n = notice(e.notice);
    n.submitted = x_event.at;
    if (n.kind == NoticeKind::Warning && x_case.state == State::WarningQueued) {
      x_case.state = State::Sent;
    }
  }
  void operator()(const NoticeDelivered& e) {
    Notice& n = notice(e.notice);
    n.delivered = x_event.at;
    n.delivered_by = x_event.seq;
    n.proof = e.proof;
    if (n.kind == NoticeKind::Warning && is_one_of({State::WarningQueued, State::Sent})) {
      x_case.state = State::Delivered;
    }
  }
  void operator()(const NoticeFailed& e) {
    Notice& n = notice(e.notice);
    n.failed = e.why;
    if (n.kind == NoticeKind::Warning && is_one_of({State::WarningQueued, State::Sent, State::Delivered, State::Silent})) {
      x_case.state = State::Undeliverable;
      x_case.window_passed.reset();
    }
  }

  void operator()(const MailReceived& e) {
    if (e.needs_person) {
      x_case.unjudged_mails.try_emplace(e.raw_sha256, x_event.at);
    }
  }
  void operator()(const MailJudged& e) { x_case.unjudged_mails.erase(e.raw_sha256); }
  void operator()(const ResponseRecorded& e) {
    note_answer();
    x_case.promised = e.promised;
    if (!e.reference.empty() && x_case.references.size() < kMaxReferences) {
      x_case.references.insert(e.reference);
    }
    if (x_case.answered() &&
        is_one_of({State::WarningQueued, State::Sent, State::Delivered, State::Undeliverable, State::Silent, State::SecondNotice})) {
      x_case.state = State::Answered;
    }
  }

  void operator()(const ObjectionRaised&) {
    note_answer();
    x_case.objection_since = x_event.at;
    if (is_one_of({State::Triage, State::WarningQueued, State::Sent, State::Delivered, State::Undeliverable, State::Answered, State::Silent,
                   State::SecondNotice})) {
      x_case.state = State::Disputed;
    }
  }
  void operator()(const ObjectionDecided& e) {
    x_case.objection_since.reset();
    x_case.acquitted = x_case.acquitted || e.upheld;
    if (x_case.state == State::Disputed) {
      x_case.state = e.upheld ? State::FalsePositive : State::Answered;
    }
  }

  void operator()(const WindowPassed& e) {
    static_cast<void>(notice(e.notice));
    x_case.window_passed = x_event.at;
    if (x_case.state == State::Delivered) {
      x_case.state = State::Silent;
    }
  }
  void operator()(const DisableRequested& e) {
    PortAction a = new_action(e.action, PortWish::Down);
    a.again_by = e.again_by;
    a.automatic = e.automatic;
    a.observed_only = e.observed_only;
    a.ground = e.ground;
    a.by = e.by;
    a.needed = e.needed;
    x_case.actions.push_back(std::move(a));
    if (!e.observed_only) {
      x_case.state = State::DisablePending;
    }
  }
  void operator()(const EnableRequested& e) {
    x_case.actions.push_back(new_action(e.action, PortWish::Up));
    x_case.state = State::Enabling;
  }
  void operator()(const GuardsEvaluated& e) {
    PortAction& a = action(e.action);
    a.verdicts = e.verdicts;
    const auto any = [&](GuardOutcome outcome) {
      return std::any_of(e.verdicts.begin(), e.verdicts.end(), [&](const GuardVerdict& v) { return v.outcome == outcome; });
    };
    a.held = any(GuardOutcome::Hold) && !any(GuardOutcome::Refuse);
    a.releases.clear();  // what two people saw and let pass is not what is there now
  }
  void operator()(const ApprovalGiven& e) { action(e.action).approvals.push_back(e.by); }
  void operator()(const HoldReleased& e) { action(e.action).releases.push_back(e.by); }
  void operator()(const ActionDropped& e) {
    PortAction& a = action(e.action);
    a.dropped = true;
    a.dropped_by_person = !e.by.value.empty();
    step_back(a);
  }
  void operator()(const PortActionFinished& e) {
    PortAction& a = action(e.action);
    a.result = e.result;
    const bool verified = e.result == ActionResult::Verified;
    if (a.wish == PortWish::Up) {
      x_case.state = verified ? State::Probation : State::ActionFailed;
      x_case.probation_since = verified ? std::optional(x_event.at) : std::nullopt;
    } else if (e.result == ActionResult::NotSent) {
      step_back(a);
    } else {
      x_case.state = verified ? State::Disabled : State::ActionFailed;
    }
  }
  void operator()(const SilenceVerified& e) { action(e.action).silent = e.silent; }
  void operator()(const DiscussionRecorded&) {
    x_case.last_discussion = x_event.at;
    x_case.discussion_by = x_event.seq;
    x_case.state = State::Discussed;
  }

  void operator()(const NoteAdded&) {}
  void operator()(const PersonAsked& e) { x_case.asked.insert(e.what); }
  void operator()(const ClosedByStaff& e) { x_case.state = e.false_positive ? State::FalsePositive : State::Closed; }
  void operator()(const ProbationEnded&) { x_case.state = x_case.acquitted ? State::FalsePositive : State::Closed; }
  void operator()(const ClosedAfterQuiet&) { x_case.state = State::Closed; }
  void operator()(const Erased& e) {
    ++x_case.erased;
    if (e.kind == kind_of(ClosedByStaff{}) || e.kind == kind_of(ProbationEnded{}) || e.kind == kind_of(ClosedAfterQuiet{})) {
      x_case.state = State::Closed;
    }
  }

private:
  void note_answer() {
    x_case.last_response = x_event.at;
    x_case.response_by = x_event.seq;
  }
  [[noreturn]] void misfit(std::string_view what) const {
    throw std::logic_error(fmt::format("{} event {} ({}): {}", to_string(x_case.id), x_event.seq, kind_of(x_event.body), what));
  }
  Notice& notice(NoticeId id) {
    for (Notice& n : x_case.notices) {
      if (n.id == id) {
        return n;
      }
    }
    if (x_case.erased > 0) {
      return x_lost_notice;
    }
    misfit(fmt::format("there is no notice {}", id.value));
  }
  PortAction& action(ActionId id) {
    for (PortAction& a : x_case.actions) {
      if (a.id == id) {
        return a;
      }
    }
    if (x_case.erased > 0) {
      return x_lost_action;
    }
    misfit(fmt::format("there is no action {}", id.value));
  }
  [[nodiscard]] PortAction new_action(ActionId id, PortWish wish) const {
    if (x_case.find_action(id) != nullptr) {
      misfit("action requested twice");
    }
    PortAction a;
    a.id = id;
    a.wish = wish;
    a.requested = x_event.at;
    a.requested_by = x_event.seq;
    a.stood_in = x_case.state;
    return a;
  }
  [[nodiscard]] bool is_one_of(std::initializer_list<State> states) const {
    return std::find(states.begin(), states.end(), x_case.state) != states.end();
  }
  /// The pending disable will not happen: the case stands where it stood, or where its notices and answers have put it since.
  void step_back(const PortAction& dropped) {
    if (x_case.state != State::DisablePending) {
      return;
    }
    const Notice* warning = x_case.first_warning();
    const bool reached = warning != nullptr && warning->reached();
    if (x_case.objection_since) {
      x_case.state = State::Disputed;
    } else if (x_case.answered() && (x_case.response_by > dropped.requested_by || dropped.ground == Ground::Policy)) {
      x_case.state = State::Answered;
    } else if (dropped.ground == Ground::Policy) {
      x_case.state = reached ? State::Silent : State::Undeliverable;
    } else {
      x_case.state = where_notices_put_it(warning, dropped.stood_in);
    }
  }
  /// Of a person's order, which may come at any rung: the first warning may have moved on while it waited.
  [[nodiscard]] static State where_notices_put_it(const Notice* warning, State stood_in) {
    const bool was_early =
        stood_in == State::WarningQueued || stood_in == State::Sent || stood_in == State::Delivered || stood_in == State::Undeliverable;
    if (!was_early || warning == nullptr) {
      return stood_in == State::Silent && !warning->reached() ? State::Undeliverable : stood_in;
    }
    if (warning->reached()) {
      return State::Delivered;
    }
    return warning->failed ? State::Undeliverable : (warning->submitted ? State::Sent : State::WarningQueued);
  }

  Case& x_case;
  const Event& x_event;
  Notice x_lost_notice;  ///< stands for one whose event was erased
  PortAction x_lost_action;
};

}  // namespace

void apply(Case& c, const Event& event) {
  if (event.seq != c.last_seq + 1) {
    throw std::logic_error(fmt::format("{}: event {} follows event {}", to_string(c.id), event.seq, c.last_seq));
  }
  const State before = c.state;
  c.last_seq = event.seq;
  c.changed = event.at;
  std::visit(Fold(c, event), event.body);
  if (c.state != before || event.seq == 1) {
    c.state_since = event.at;
  }
}

Case fold(CaseId id, const std::vector<Event>& events) {
  Case c;
  c.id = id;
  for (const Event& event : events) {
    apply(c, event);
  }
  return c;
}

}  // namespace pinfold::desk
