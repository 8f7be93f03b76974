#include "desk/step.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "desk/draft.hpp"
#include "desk/incidents.hpp"
#include "desk/judgement.hpp"

namespace pinfold::desk {
namespace {

using Result = Expected<Step, Rejected>;

Unexpected<Rejected> reject(std::string why) { return Unexpected(Rejected{std::move(why)}); }

bool is_sure(const abuse::Finding& finding, const Policy& policy) { return finding.confidence >= policy.min_confidence; }

/// The owner has been written nothing real yet (also: only observed notices, from before warnings were armed).
bool needs_warning(const Case& c, const Policy& policy) {
  const bool is_early = c.state == State::Triage || c.state == State::WarningQueued;
  return is_early &&
         std::all_of(c.notices.begin(), c.notices.end(), [&](const Notice& n) { return n.observed_only && policy.warnings == Arming::Armed; });
}

void warn(Draft& d) {
  if (!d.queue_notice(NoticeKind::Warning)) {
    d.call_person("the owner must be warned, and no contact can be reached");
  }
}

/// A mail or a call takes the ground from under a disable that has not happened yet.
void drop_pending_disable(Draft& d, const std::string& reason) {
  const PortAction* action = d.current().open_action();
  if (action != nullptr && action->wish == PortWish::Down) {
    d.record(ActionDropped{action->id, StaffId{}, reason});
  }
}

void record_response(Draft& d, const ResponseRecorded& response) {
  d.record(response);
  if (d.current().answered()) {
    drop_pending_disable(d, "the owner answered");
  }
}

bool port_may_be_off(const Case& c) { return c.state == State::Disabled || c.state == State::Discussed || c.state == State::Enabling; }

/// One overload an input: refuses what does not fit, else records it and what follows at once.
class Handler {
public:
  Handler(const Case& c, const Policy& policy, const Moment& moment) : x_case(c), x_policy(policy), x_moment(moment) {}

  Result operator()(const Tick&) const {
    Draft d = draft();
    conclude(d);
    return std::move(d).finish();
  }

  Result operator()(const FindingArrived& input) const {
    const abuse::Finding& f = input.finding;
    if (f.server != x_case.server || abuse::family_of(f.abuse_class) != x_case.family) {
      return reject(fmt::format("the finding is about {} ({}), this case about {} ({})", f.server.value, to_string(abuse::family_of(f.abuse_class)),
                                x_case.server.value, to_string(x_case.family)));
    }
    if (const auto known = x_case.findings.find(f.id); known != x_case.findings.end()) {
      const Sighting& s = known->second;
      if (s.origin != f.origin) {
        return reject(fmt::format("finding {} belongs to {}, not to {}", f.id.value, to_string(s.origin), to_string(f.origin)));
      }
      if (s.last_seen == span_of(f, x_moment.now).last && s.detected_at == f.detected_at && s.confidence == f.confidence) {
        return reject("nothing new: this finding is recorded already");
      }
    }
    const Placement placement = place(x_case, f, x_moment.now, x_policy.quiet_gap);
    Draft d = draft();
    d.record(FindingRecorded{f, placement.incident, placement.joins});
    if (is_sure(f, x_policy) && needs_warning(d.current(), x_policy)) {
      warn(d);
    }
    return std::move(d).finish();
  }

  Result operator()(const NoticeSubmitted& input) const {
    const Notice* n = x_case.find_notice(input.notice);
    if (n == nullptr || n->observed_only || n->submitted) {
      return reject(n == nullptr ? "no such notice" : (n->observed_only ? "the notice was only observed" : "the notice was submitted already"));
    }
    return recorded(input);
  }
  Result operator()(const NoticeDelivered& input) const {
    const Notice* n = x_case.find_notice(input.notice);
    if (n == nullptr || n->observed_only || n->delivered || n->failed) {
      return reject(n == nullptr       ? "no such notice"
                    : n->observed_only ? "the notice was only observed"
                    : n->failed        ? "the notice has bounced"
                                       : "the notice was delivered already");
    }
    return recorded(input);
  }
  Result operator()(const NoticeFailed& input) const {
    const Notice* n = x_case.find_notice(input.notice);
    if (n == nullptr || n->observed_only || n->failed) {
      return reject(n == nullptr ? "no such notice" : (n->observed_only ? "the notice was only observed" : "the failure is recorded already"));
    }
    const NoticeKind kind = n->kind;
    Draft d = draft();
    d.record(input);
    if (kind == NoticeKind::Warning) {
      drop_pending_disable(d, "the warning was not delivered after all");
    }
    const State state = d.current().state;
    const bool still_wanted = kind == NoticeKind::Warning        ? state == State::Undeliverable
                              : kind == NoticeKind::SecondNotice ? state == State::SecondNotice
                              : kind == NoticeKind::Disabled     ? state == State::Disabled
                                                                 : state == State::Probation;
    if (still_wanted && !d.queue_notice(kind)) {
      d.call_person(fmt::format("notice {} could not be delivered and there is no other contact: telephone", input.notice.value));
    }
    return std::move(d).finish();
  }

  Result operator()(const MailReceived& input) const {
    Draft d = draft();
    d.record(input);
    if (input.needs_person) {
      d.call_person("read the unclear mail " + input.raw_sha256 + "; nothing is disabled until then");
    }
    return std::move(d).finish();
  }
  Result operator()(const MailJudged& input) const {
    if (!x_case.unjudged_mails.contains(input.raw_sha256)) {
      return reject("no such mail waits to be judged");
    }
    if (input.by.value.empty()) {
      return reject("a judgement names who made it");
    }
    Draft d = draft();
    d.record(input);
    if (input.is_response) {
      record_response(d, {ResponseChannel::Mail, "as judged by " + input.by.value, Statement::Unstated, std::nullopt, input.reason});
    }
    return std::move(d).finish();
  }
  Result operator()(const ResponseRecorded& input) const {
    Draft d = draft();
    record_response(d, input);
    return std::move(d).finish();
  }

  Result operator()(const GuardsEvaluated& input) const {
    const PortAction* a = x_case.find_action(input.action);
    if (a == nullptr || !a->is_open()) {
      return reject("no such action waits");
    }
    Draft d = draft();
    d.record(input);
    for (const GuardVerdict& v : input.verdicts) {
      if (v.outcome != GuardOutcome::Pass) {
        d.call_person(fmt::format("action {}: guard rail {} {}: {}", input.action.value, v.rule,
                                  v.outcome == GuardOutcome::Hold ? "holds it" : "refuses", v.why));
      }
    }
    return std::move(d).finish();
  }
  Result operator()(const ApprovalGiven& input) const {
    const PortAction* a = x_case.find_action(input.action);
    if (a == nullptr || !a->is_open() || a->wish != PortWish::Down) {
      return reject("no such action waits for approval");
    }
    if (a->is_approved()) {
      return reject("the action is approved already");
    }
    if (input.by.value.empty() || input.by == policy_approver()) {
      return reject("an approval names the person who gives it");
    }
    for (const Clause& clause : prove(x_case, x_policy, x_moment).clauses) {
      if (!clause.holds) {
        return reject("the grounds no longer hold: not " + clause.name + ": " + clause.because);
      }
    }
    Draft d = draft();
    d.record(input);
    d.set_port(input.action, PortWish::Down);
    return std::move(d).finish();
  }
  Result operator()(const ActionDropped& input) const {
    const PortAction* a = x_case.find_action(input.action);
    if (a == nullptr || !a->is_open()) {
      return reject("no such action waits");
    }
    if (a->wish == PortWish::Up) {
      return reject("an enable that was talked over is not dropped");
    }
    return recorded(input);
  }
  Result operator()(const PortActionFinished& input) const {
    if (auto why = why_not_finished(input)) {
      return reject(*std::move(why));
    }
    const PortAction a = *x_case.find_action(input.action);
    Draft d = draft();
    d.record(input);
    drop_pending_disable(d, "another action ended on the same port");
    const bool down = a.wish == PortWish::Down;
    if (input.result == ActionResult::Verified) {
      if (!d.queue_notice(down ? NoticeKind::Disabled : NoticeKind::Enabled)) {
        d.call_person(fmt::format("the port is {} and the owner cannot be told by mail: telephone", down ? "off" : "on"));
      }
      if (down && (a.dropped || x_case.answered())) {
        d.call_person(fmt::format("action {} had been dropped when the port went off: decide at once", input.action.value));
      }
    } else {
      d.call_person(fmt::format("action {} (port {}): {}; look at the switch", input.action.value, down ? "off" : "on",
                                input.result == ActionResult::NotSent    ? "was not carried out"
                                : input.result == ActionResult::Mismatch ? "the switch does not show what was written"
                                                                         : "its outcome is unknown"));
    }
    return std::move(d).finish();
  }
  Result operator()(const SilenceVerified& input) const {
    const PortAction* a = x_case.find_action(input.action);
    if (a == nullptr || a->wish != PortWish::Down || a->result != ActionResult::Verified || a->silent) {
      return reject("no verified disable waits for silence under that number");
    }
    Draft d = draft();
    d.record(input);
    if (!input.silent) {
      d.call_person(fmt::format("action {}: the port is off, yet the collector still sees the server", input.action.value));
    }
    return std::move(d).finish();
  }

  Result operator()(const DiscussionRecorded& input) const {
    if (x_case.state != State::Disabled && x_case.state != State::ActionFailed) {
      return reject("nothing is disabled: a discussion is recorded after the port went off");
    }
    for (const auto& [name, text] : {std::pair<const char*, const std::string&>{"who led it", input.by.value},
                                     {"participants", input.participants},
                                     {"channel", input.channel},
                                     {"cause", input.cause},
                                     {"remedy", input.remedy}}) {
      if (text.empty()) {
        return reject(fmt::format("the discussion lacks: {}", name));
      }
    }
    Draft d = draft();
    d.record(input);
    const ActionId up{static_cast<std::int64_t>(d.current().actions.size()) + 1};
    d.record(EnableRequested{up});
    d.set_port(up, PortWish::Up);
    return std::move(d).finish();
  }
  Result operator()(const NoteAdded& input) const { return recorded(input); }
  Result operator()(const ClosedByStaff& input) const {
    if (input.by.value.empty() || input.reason.empty()) {
      return reject("closing takes a name and a reason");
    }
    if (port_may_be_off(x_case)) {
      return reject("the port is off: record the discussion, so that it comes back on, then close");
    }
    Draft d = draft();
    if (const PortAction* action = x_case.open_action()) {
      d.record(ActionDropped{action->id, input.by, "the case is being closed"});
    }
    d.record(input);
    return std::move(d).finish();
  }

private:
  [[nodiscard]] Draft draft() const { return {x_case, x_policy, x_moment}; }
  template <typename T>
  [[nodiscard]] Result recorded(const T& input) const {
    Draft d = draft();
    d.record(input);
    return std::move(d).finish();
  }
  [[nodiscard]] std::optional<std::string> why_not_finished(const PortActionFinished& input) const {
    const PortAction* a = x_case.find_action(input.action);
    if (a == nullptr || a->observed_only || (a->wish == PortWish::Down && !a->is_approved())) {
      return "no such action was ever to be carried out";
    }
    if (a->result && (a->result != ActionResult::Unknown || input.result == ActionResult::Unknown)) {
      return "the action has ended already";
    }
    if (a->dropped && input.result == ActionResult::NotSent) {
      return "the action was dropped before it was sent: nothing to record";
    }
    const bool overtaken = std::any_of(x_case.actions.begin(), x_case.actions.end(),
                                       [&](const PortAction& other) { return other.wish == PortWish::Up && other.requested_by > a->requested_by; });
    if (overtaken) {
      return "a later enable has overtaken it";
    }
    return std::nullopt;
  }

  const Case& x_case;
  const Policy& x_policy;
  const Moment& x_moment;
};

}  // namespace

Expected<Step, Rejected> step(const Case& c, const Input& input, const Policy& policy, const Moment& moment) {
  // A write that was on its way when the case closed is a fact about the switch; refusing it would leave a dark port that nobody knows of.
  const bool taken_when_closed = std::holds_alternative<NoteAdded>(input) || std::holds_alternative<PortActionFinished>(input);
  if (is_final(c.state) && !taken_when_closed) {
    if (std::holds_alternative<Tick>(input)) {
      return Step{};
    }
    return reject(fmt::format("{} is closed", to_string(c.id)));
  }
  return std::visit(Handler(c, policy, moment), input);
}

Step open(CaseId id, const CaseOpened& opening, const abuse::Finding& finding, const Policy& policy, const Moment& moment) {
  Case c;
  c.id = id;
  Draft d(c, policy, moment);
  d.record(opening);
  d.record(FindingRecorded{finding, IncidentId{1}});
  if (is_sure(finding, policy)) {
    warn(d);
  }
  return std::move(d).finish();
}

}  // namespace pinfold::desk
