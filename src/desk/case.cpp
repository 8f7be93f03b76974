#include "desk/case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/enum_names.hpp"
#include "desk/incidents.hpp"

namespace pinfold::desk {
namespace {

constexpr EnumNames<State, 16> kStates{{{{State::Triage, "triage"},
                                         {State::WarningQueued, "warning_queued"},
                                         {State::Sent, "sent"},
                                         {State::Delivered, "delivered"},
                                         {State::Undeliverable, "undeliverable"},
                                         {State::Answered, "answered"},
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

/// Folds one event. Each overload is one event's whole effect on the case.
class Fold {
public:
  Fold(Case& c, const Event& event) : x_case(c), x_event(event) {}

  void operator()(const CaseOpened& e) {
    x_case.server = e.server;
    x_case.customer = e.customer;
    x_case.family = e.family;
    x_case.earlier_cases = e.earlier_cases;
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
      x_case.unjudged_mails.insert(e.raw_sha256);
    }
  }
  void operator()(const MailJudged& e) { x_case.unjudged_mails.erase(e.raw_sha256); }
  void operator()(const ResponseRecorded& e) {
    x_case.last_response = x_event.at;
    x_case.response_by = x_event.seq;
    x_case.promised = e.promised;
    if (x_case.answered() &&
        is_one_of({State::WarningQueued, State::Sent, State::Delivered, State::Undeliverable, State::Silent, State::SecondNotice})) {
      x_case.state = State::Answered;
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
    x_case.actions.push_back(std::move(a));
    if (!e.observed_only) {
      x_case.state = State::DisablePending;
    }
  }
  void operator()(const EnableRequested& e) {
    x_case.actions.push_back(new_action(e.action, PortWish::Up));
    x_case.state = State::Enabling;
  }
  void operator()(const GuardsEvaluated& e) { action(e.action).verdicts = e.verdicts; }
  void operator()(const ApprovalGiven& e) { action(e.action).approvals.push_back(e.by); }
  void operator()(const ActionDropped& e) {
    PortAction& a = action(e.action);
    a.dropped = true;
    a.dropped_by_person = !e.by.value.empty();
    step_back();
  }
  void operator()(const PortActionFinished& e) {
    PortAction& a = action(e.action);
    a.result = e.result;
    const bool verified = e.result == ActionResult::Verified;
    if (a.wish == PortWish::Up) {
      x_case.state = verified ? State::Probation : State::ActionFailed;
      x_case.probation_since = verified ? std::optional(x_event.at) : std::nullopt;
    } else if (e.result == ActionResult::NotSent) {
      step_back();
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
  void operator()(const ProbationEnded&) { x_case.state = State::Closed; }
  void operator()(const ClosedAfterQuiet&) { x_case.state = State::Closed; }

private:
  [[noreturn]] void misfit(std::string_view what) const {
    throw std::logic_error(fmt::format("{} event {} ({}): {}", to_string(x_case.id), x_event.seq, kind_of(x_event.body), what));
  }
  Notice& notice(NoticeId id) {
    for (Notice& n : x_case.notices) {
      if (n.id == id) {
        return n;
      }
    }
    misfit(fmt::format("there is no notice {}", id.value));
  }
  PortAction& action(ActionId id) {
    for (PortAction& a : x_case.actions) {
      if (a.id == id) {
        return a;
      }
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
    return a;
  }
  [[nodiscard]] bool is_one_of(std::initializer_list<State> states) const {
    return std::find(states.begin(), states.end(), x_case.state) != states.end();
  }
  /// The pending disable will not happen: the case stands where its notices and answers put it.
  void step_back() {
    if (x_case.state != State::DisablePending) {
      return;
    }
    const Notice* warning = x_case.first_warning();
    const bool reached = warning != nullptr && warning->reached();
    x_case.state = x_case.answered() ? State::Answered : (reached ? State::Silent : State::Undeliverable);
  }

  Case& x_case;
  const Event& x_event;
};

}  // namespace

std::string_view to_string(State s) { return kStates.name(s); }
std::optional<State> parse_state(std::string_view text) { return kStates.parse(text); }
bool is_final(State s) { return s == State::FalsePositive || s == State::Closed; }

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

void apply(Case& c, const Event& event) {
  if (event.seq != c.last_seq + 1) {
    throw std::logic_error(fmt::format("{}: event {} follows event {}", to_string(c.id), event.seq, c.last_seq));
  }
  c.last_seq = event.seq;
  c.changed = event.at;
  std::visit(Fold(c, event), event.body);
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
