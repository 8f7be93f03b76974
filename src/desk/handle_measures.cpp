#include <fmt/format.h>

#include <algorithm>

#include "desk/handlers.hpp"
#include "desk/judgement.hpp"

namespace pinfold::desk {
namespace {

bool is_a_name(const StaffId& by) { return !by.value.empty() && by != policy_approver(); }

bool contains(const std::vector<StaffId>& people, const StaffId& person) { return std::find(people.begin(), people.end(), person) != people.end(); }

/// Where two people must agree, who opened the case by hand has had a say already: four eyes are two others'.
bool is_author(const Case& c, const StaffId& person) { return !c.opened_by.value.empty() && c.opened_by == person; }
constexpr std::string_view kAuthor = " opened the case by hand: where two people must agree, two others must";

/// The open action of that number that wants a port off.
const PortAction* waiting_down(const Case& c, ActionId id) {
  const PortAction* a = c.find_action(id);
  return a != nullptr && a->is_open() && a->wish == PortWish::Down ? a : nullptr;
}

/// Why nobody may order the port off now, as the ladder's last word; empty: one may.
std::string why_no_person(const Case& c) {
  if (c.nobody_to_write() && c.response_by == 0) {
    return c.unjudged_mails.empty() ? "" : "an unclear mail waits: judge it first";
  }
  if (c.state != State::SecondNotice && c.state != State::Undeliverable && c.state != State::Silent && c.state != State::ActionFailed) {
    return fmt::format("not while the case is {}: the owner is being warned, or has answered; an emergency takes two people", to_string(c.state));
  }
  if (c.state == State::ActionFailed && (c.actions.back().wish == PortWish::Up || c.response_by > c.actions.back().requested_by)) {
    return "it was talked over, or the owner has written since the action failed: talk, and mend the port";
  }
  if (!c.unjudged_mails.empty() || c.objection_since) {
    return "an unclear mail or an objection waits: judge it first";
  }
  return {};
}

std::string why_no_emergency(const Case& c, const Policy& policy, WallTime now) {
  if (c.state == State::Disabled || c.state == State::Discussed || c.state == State::Enabling) {
    return "the port is off already";
  }
  const Sighting* seen = latest_own(c, policy);
  if (seen == nullptr || now - seen->last_seen > policy.evidence_max_age) {
    return fmt::format("our own sensors have not seen it within {}: that is no emergency", pinfold::to_string(policy.evidence_max_age));
  }
  return {};
}

std::vector<std::string> grounds_of(const Case& c, const MeasureOrdered& input, const Sighting* seen) {
  std::vector<std::string> lines{fmt::format("ordered by {}: {}", input.by.value, input.reason),
                                 fmt::format("the case stood at {}", to_string(c.state))};
  if (const Notice* warning = c.first_warning()) {
    lines.push_back(fmt::format("#{} warning {} {}", warning->queued_by, warning->id.value,
                                warning->reached() ? "reached its contact" : (warning->failed ? "reached nobody" : "is under way")));
  }
  if (seen != nullptr) {
    lines.push_back(fmt::format("#{} {} finding, last seen {}", seen->seq, to_string(seen->origin), to_string(seen->last_seen)));
  }
  return lines;
}

std::optional<std::string> why_not_finished(const Case& c, const PortActionFinished& input) {
  const PortAction* a = c.find_action(input.action);
  if (a == nullptr || a->observed_only || (a->wish == PortWish::Down && !a->is_approved())) {
    return "no such action was ever to be carried out";
  }
  if (a->result && (a->result != ActionResult::Unknown || input.result == ActionResult::Unknown)) {
    return "the action has ended already";
  }
  if (a->dropped && input.result == ActionResult::NotSent) {
    return "the action was dropped before it was sent: nothing to record";
  }
  const bool overtaken = std::any_of(c.actions.begin(), c.actions.end(),
                                     [&](const PortAction& other) { return other.wish == PortWish::Up && other.requested_by > a->requested_by; });
  return overtaken ? std::optional<std::string>("a later enable has overtaken it") : std::nullopt;
}

}  // namespace

Result handle(Draft d, const MeasureOrdered& input) {
  const Case& c = d.current();
  if (!is_a_name(input.by) || input.reason.empty()) {
    return reject("switching a port off takes a name and a reason");
  }
  if (c.open_action() != nullptr) {
    return reject("an action waits already: approve or drop it");
  }
  const std::string why = input.emergency ? why_no_emergency(c, d.policy(), d.moment().now) : why_no_person(c);
  if (!why.empty()) {
    return reject(why);
  }
  const Sighting* seen = latest_own(c, d.policy());
  const Rules rules = rules_of(c, seen == nullptr ? abuse::AbuseClass::Other : seen->abuse_class, d.policy());
  if (rules.measures != Arming::Armed) {
    return reject("measures are only observed: arm them in the policy first");
  }
  const ActionId id{static_cast<std::int64_t>(c.actions.size()) + 1};
  DisableRequested request{id, grounds_of(c, input, seen), false, false, seen == nullptr ? 0 : seen->seq};
  request.ground = input.emergency ? Ground::Emergency : Ground::Person;
  request.by = input.by;
  request.reason = input.reason;
  request.needed = input.emergency || rules.approval == Approval::TwoPersons ? 2 : 1;
  d.record(std::move(request));
  if (d.current().find_action(id)->needed == 1 || !is_author(d.current(), input.by)) {
    d.record(ApprovalGiven{id, input.by, input.reason});
  }
  if (d.current().find_action(id)->is_approved()) {
    d.set_port(id, PortWish::Down);
  }
  return std::move(d).finish();
}

Result handle(Draft d, const GuardsEvaluated& input) {
  const PortAction* a = d.current().find_action(input.action);
  if (a == nullptr || !a->is_open()) {
    return reject("no such action waits");
  }
  d.record(input);
  for (const GuardVerdict& v : input.verdicts) {
    if (v.outcome == GuardOutcome::Pass) {
      continue;
    }
    const std::string rail =
        fmt::format("action {}: guard rail {} {}: ", input.action.value, v.rule, v.outcome == GuardOutcome::Hold ? "holds it" : "refuses");
    const auto& asked = d.current().asked;
    const auto before = asked.lower_bound(rail);
    if (before == asked.end() || before->rfind(rail, 0) != 0) {  // its figures may differ at every try: one call a rail
      d.call_person(rail + v.why, Draft::Urgency::Now, input.action);
    }
  }
  return std::move(d).finish();
}

Result handle(Draft d, const ApprovalGiven& input) {
  const PortAction* a = waiting_down(d.current(), input.action);
  if (a == nullptr) {
    return reject("no such action waits for approval");
  }
  if (a->is_approved()) {
    return reject("the action is approved already");
  }
  if (!is_a_name(input.by)) {
    return reject("an approval names the person who gives it");
  }
  if (contains(a->approvals, input.by)) {
    return reject(input.by.value + " approved it already: another person must");
  }
  if (a->needed > 1 && is_author(d.current(), input.by)) {
    return reject(input.by.value + std::string(kAuthor));
  }
  if (a->ground == Ground::Policy) {
    const Proof proof = prove(d.current(), d.policy(), d.moment());
    if (const Clause* failing = proof.first_failing()) {
      return reject("the grounds no longer hold: not " + failing->name + ": " + failing->because);
    }
  }
  d.record(input);
  if (d.current().find_action(input.action)->is_approved()) {
    d.set_port(input.action, PortWish::Down);
  }
  return std::move(d).finish();
}

Result handle(Draft d, const HoldReleased& input) {
  const PortAction* a = waiting_down(d.current(), input.action);
  if (a == nullptr || !a->held || !a->is_approved()) {
    return reject("no guard rail holds that action (one that refuses is never released)");
  }
  if (a->is_released()) {
    return reject("the hold is released already");
  }
  if (!is_a_name(input.by) || input.reason.empty()) {
    return reject("releasing a hold takes a name and a reason");
  }
  if (contains(a->releases, input.by)) {
    return reject(input.by.value + " released it already: another person must");
  }
  if (a->releases_needed() > 1 && is_author(d.current(), input.by)) {
    return reject(input.by.value + std::string(kAuthor));
  }
  d.record(input);
  if (d.current().find_action(input.action)->is_released()) {
    d.set_port_released(input.action, d.current().last_seq);
  } else {
    d.call_person(fmt::format("action {}: {} releases the hold; one more must", input.action.value, input.by.value), Draft::Urgency::Now,
                  input.action);
  }
  return std::move(d).finish();
}

Result handle(Draft d, const ActionDropped& input) {
  const PortAction* a = d.current().find_action(input.action);
  if (a == nullptr || !a->is_open()) {
    return reject("no such action waits");
  }
  if (a->wish == PortWish::Up) {
    return reject("an enable that was talked over is not dropped");
  }
  return recorded(d, input);
}

Result handle(Draft d, const PortActionFinished& input) {
  if (auto why = why_not_finished(d.current(), input)) {
    return reject(*std::move(why));
  }
  const PortAction a = *d.current().find_action(input.action);
  const bool answered = d.current().answered();
  d.record(input);
  if (const PortAction* other = d.current().open_action(); other != nullptr && other->wish == PortWish::Down) {
    d.record(ActionDropped{other->id, StaffId{}, "another action ended on the same port"});
  }
  const bool down = a.wish == PortWish::Down;
  if (input.result == ActionResult::Verified) {
    if (!d.queue_notice(down ? NoticeKind::Disabled : NoticeKind::Enabled)) {
      d.call_person(fmt::format("the port is {} and the owner cannot be told by mail: telephone", down ? "off" : "on"));
    }
    if (down && (a.dropped || (answered && a.ground == Ground::Policy))) {
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

Result handle(Draft d, const SilenceVerified& input) {
  const PortAction* a = d.current().find_action(input.action);
  if (a == nullptr || a->wish != PortWish::Down || a->result != ActionResult::Verified || a->silent) {
    return reject("no verified disable waits for silence under that number");
  }
  d.record(input);
  if (!input.silent) {
    d.call_person(fmt::format("action {}: the port is off, yet the collector still sees the server", input.action.value));
  }
  return std::move(d).finish();
}

Result handle(Draft d, const DiscussionRecorded& input) {
  if (d.current().state != State::Disabled && d.current().state != State::ActionFailed) {
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
  d.record(input);
  const ActionId up{static_cast<std::int64_t>(d.current().actions.size()) + 1};
  d.record(EnableRequested{up});
  d.set_port(up, PortWish::Up);
  return std::move(d).finish();
}

}  // namespace pinfold::desk
