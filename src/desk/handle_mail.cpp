#include <fmt/format.h>

#include <algorithm>

#include "desk/handlers.hpp"

namespace pinfold::desk {
namespace {

/// Why a notice takes no more news of that kind; empty: it does.
std::string why_no_news(const Notice* n, bool is_over, std::string_view over) {
  if (n == nullptr) {
    return "no such notice";
  }
  return n->observed_only ? "the notice was only observed" : (is_over ? std::string(over) : std::string{});
}

/// A bounced notice is still worth sending to the next contact.
bool still_wanted(NoticeKind kind, State state) {
  switch (kind) {
    case NoticeKind::Warning: return state == State::Undeliverable;
    case NoticeKind::SecondNotice: return state == State::SecondNotice;
    case NoticeKind::Disabled: return state == State::Disabled;
    case NoticeKind::Enabled: return state == State::Probation;
    case NoticeKind::Reminder: return state == State::Delivered;
  }
  return false;
}

void object(Draft& d, const ObjectionRaised& objection) {
  d.record(objection);
  drop_pending_disable(d, "the owner objects");
  const State state = d.current().state;
  const bool is_off = state == State::Disabled || state == State::Discussed || state == State::Enabling;
  d.call_person(fmt::format("{} objects ({}): decide whether the owner is right", objection.from, objection.text),
                is_off ? Draft::Urgency::Now : Draft::Urgency::CanWait);
}

void record_response(Draft& d, const ResponseRecorded& response) {
  d.record(response);
  if (d.current().answered() || d.current().first_warning() == nullptr) {
    drop_pending_disable(d, "the owner answered");
  }
  const bool contradicts = response.statement == Statement::Intended || response.statement == Statement::NotMine;
  if (contradicts && !d.current().objection_since) {
    object(d, {response.channel, response.from,
               response.statement == Statement::Intended ? "the traffic is intended" : "the server is not the owner's"});
  }
}

}  // namespace

void drop_pending_disable(Draft& d, const std::string& reason) {
  const PortAction* action = d.current().open_action();
  if (action != nullptr && action->wish == PortWish::Down && action->ground != Ground::Emergency) {
    d.record(ActionDropped{action->id, StaffId{}, reason});
  }
}

Result handle(Draft d, const NoticeSubmitted& input) {
  const Notice* n = d.current().find_notice(input.notice);
  if (auto why = why_no_news(n, n != nullptr && n->submitted, "the notice was submitted already"); !why.empty()) {
    return reject(std::move(why));
  }
  return recorded(d, input);
}

Result handle(Draft d, const NoticeDelivered& input) {
  const Notice* n = d.current().find_notice(input.notice);
  const bool failed = n != nullptr && n->failed;
  const bool over = n != nullptr && (n->delivered || n->failed);
  if (auto why = why_no_news(n, over, failed ? "the notice has bounced" : "the notice was delivered already"); !why.empty()) {
    return reject(std::move(why));
  }
  return recorded(d, input);
}

Result handle(Draft d, const NoticeFailed& input) {
  const Notice* n = d.current().find_notice(input.notice);
  if (auto why = why_no_news(n, n != nullptr && n->failed, "the failure is recorded already"); !why.empty()) {
    return reject(std::move(why));
  }
  const NoticeKind kind = n->kind;
  d.record(input);
  if (const PortAction* action = d.current().open_action(); kind == NoticeKind::Warning && action != nullptr && action->ground == Ground::Policy) {
    drop_pending_disable(d, "the warning was not delivered after all");
  }
  if (still_wanted(kind, d.current().state) && !d.queue_notice(kind)) {
    d.call_person(fmt::format("notice {} could not be delivered and there is no other contact: telephone", input.notice.value),
                  Draft::Urgency::CanWait);
  }
  return std::move(d).finish();
}

Result handle(Draft d, const MailReceived& input) {
  const bool one_waits = !d.current().unjudged_mails.empty();
  d.record(input);
  if (input.needs_person && !one_waits) {  // who reads the one sees the others; what stays unread is called out again
    d.call_person("read the unclear mail " + input.raw_sha256 + "; nothing is disabled until then", Draft::Urgency::CanWait);
  }
  return std::move(d).finish();
}

Result handle(Draft d, const MailJudged& input) {
  if (!d.current().unjudged_mails.contains(input.raw_sha256)) {
    return reject("no such mail waits to be judged");
  }
  if (input.by.value.empty()) {
    return reject("a judgement names who made it");
  }
  d.record(input);
  if (input.is_response) {
    record_response(d, {ResponseChannel::Mail, "as judged by " + input.by.value, Statement::Unstated, std::nullopt, input.reason, input.by});
  }
  return std::move(d).finish();
}

Result handle(Draft d, const ResponseRecorded& input) {
  if (input.channel == ResponseChannel::Phone && input.by.value.empty()) {
    return reject("a call is written up by somebody: who?");
  }
  if (input.promised && *input.promised < d.moment().now) {
    return reject("the promised date lies in the past");
  }
  if (!input.reference.empty() && d.current().references.contains(input.reference)) {
    return reject("nothing new: this answer is recorded already");
  }
  record_response(d, input);
  return std::move(d).finish();
}

Result handle(Draft d, const ObjectionRaised& input) {
  if (input.text.empty() || input.from.empty()) {
    return reject("an objection says who objects, and why");
  }
  if (d.current().objection_since) {
    return reject("an objection waits to be decided already");
  }
  object(d, input);
  return std::move(d).finish();
}

Result handle(Draft d, const ObjectionDecided& input) {
  if (!d.current().objection_since) {
    return reject("no objection waits to be decided");
  }
  if (input.by.value.empty() || input.reason.empty()) {
    return reject("deciding an objection takes a name and a reason");
  }
  const auto& actions = d.current().actions;
  const bool was_involved = std::any_of(actions.begin(), actions.end(), [&](const PortAction& a) {
    return a.by == input.by || std::find(a.approvals.begin(), a.approvals.end(), input.by) != a.approvals.end();
  });
  if (was_involved) {
    return reject(input.by.value + " ordered or approved the measure: somebody else decides the objection");
  }
  d.record(input);
  if (input.upheld && !is_final(d.current().state)) {
    d.call_person("the owner's objection is upheld: lift the measure at once (record the talk, and the port comes back on)");
  }
  return std::move(d).finish();
}

}  // namespace pinfold::desk
