#include "desk/event.hpp"

#include <fmt/format.h>

#include "desk/words.hpp"

namespace pinfold::desk {
namespace {

struct KindOf {
  std::string_view operator()(const CaseOpened&) const { return "case_opened"; }
  std::string_view operator()(const FindingRecorded&) const { return "finding_recorded"; }
  std::string_view operator()(const NoticeSubmitted&) const { return "notice_submitted"; }
  std::string_view operator()(const NoticeDelivered&) const { return "notice_delivered"; }
  std::string_view operator()(const NoticeFailed&) const { return "notice_failed"; }
  std::string_view operator()(const MailReceived&) const { return "mail_received"; }
  std::string_view operator()(const MailJudged&) const { return "mail_judged"; }
  std::string_view operator()(const ResponseRecorded&) const { return "response_recorded"; }
  std::string_view operator()(const GuardsEvaluated&) const { return "guards_evaluated"; }
  std::string_view operator()(const ApprovalGiven&) const { return "approval_given"; }
  std::string_view operator()(const ActionDropped&) const { return "action_dropped"; }
  std::string_view operator()(const PortActionFinished&) const { return "port_action_finished"; }
  std::string_view operator()(const SilenceVerified&) const { return "silence_verified"; }
  std::string_view operator()(const DiscussionRecorded&) const { return "discussion_recorded"; }
  std::string_view operator()(const NoteAdded&) const { return "note_added"; }
  std::string_view operator()(const ClosedByStaff&) const { return "closed_by_staff"; }
  std::string_view operator()(const NoticeQueued&) const { return "notice_queued"; }
  std::string_view operator()(const WindowPassed&) const { return "window_passed"; }
  std::string_view operator()(const DisableRequested&) const { return "disable_requested"; }
  std::string_view operator()(const EnableRequested&) const { return "enable_requested"; }
  std::string_view operator()(const PersonAsked&) const { return "person_asked"; }
  std::string_view operator()(const ProbationEnded&) const { return "probation_ended"; }
  std::string_view operator()(const ClosedAfterQuiet&) const { return "closed_after_quiet"; }
  std::string_view operator()(const ObjectionRaised&) const { return "objection_raised"; }
  std::string_view operator()(const ObjectionDecided&) const { return "objection_decided"; }
  std::string_view operator()(const HoldReleased&) const { return "hold_released"; }
  std::string_view operator()(const Erased&) const { return "erased"; }
};

std::string_view for_people(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::Warning: return "warning";
    case NoticeKind::SecondNotice: return "second notice";
    case NoticeKind::Disabled: return "notice of the disable";
    case NoticeKind::Enabled: return "notice of the enable";
    case NoticeKind::Reminder: return "reminder";
  }
  return "notice";
}

std::string_view for_people(DeliveryProof proof) {
  switch (proof) {
    case DeliveryProof::Dsn: return "DSN from";
    case DeliveryProof::ServerLog: return "our mail server's log:";
    case DeliveryProof::Presumed: return "presumed, no bounce:";
  }
  return "";
}

std::string_view for_people(MailKind kind) {
  switch (kind) {
    case MailKind::Reply: return "reply";
    case MailKind::Bounce: return "bounce";
    case MailKind::AutoReply: return "automatic reply (no answer)";
    case MailKind::Mdn: return "read receipt (no answer)";
    case MailKind::Report: return "abuse report";
    case MailKind::Loop: return "our own mail coming back";
    case MailKind::Unknown: return "unclear mail";
  }
  return "mail";
}

std::string with_reason(std::string line, std::string_view reason) {
  if (!reason.empty()) {
    line += ": ";
    line += reason;
  }
  return line;
}

struct Describe {
  std::string operator()(const CaseOpened& e) const {
    return fmt::format("case opened for {} of customer {} ({}){}{}", e.server.value, e.customer.value, to_string(e.family),
                       e.earlier_cases == 0 ? "" : fmt::format(", {} earlier", e.earlier_cases), e.by.value.empty() ? "" : " by " + e.by.value);
  }
  std::string operator()(const FindingRecorded& e) const {
    const abuse::Finding& f = e.finding;
    return with_reason(fmt::format("{} seen by {} until {} ({} %, incident {})", title(f.abuse_class), to_string(f.origin), to_people(f.last_seen),
                                   f.confidence.percent, e.incident.value),
                       f.summary);
  }
  std::string operator()(const NoticeQueued& e) const {
    return fmt::format("{} {} to {} {}", for_people(e.kind), e.notice.value, e.contact.value,
                       e.observed_only ? "written, not sent (observe only)" : "queued");
  }
  std::string operator()(const NoticeSubmitted& e) const {
    return fmt::format("notice {} taken by our mail server ({}){}", e.notice.value, e.queue_id,
                       e.maybe_duplicate ? "; an earlier attempt may have gone out with the same Message-ID" : "");
  }
  std::string operator()(const NoticeDelivered& e) const {
    return fmt::format("notice {} delivered ({} {})", e.notice.value, for_people(e.proof), e.remote);
  }
  std::string operator()(const NoticeFailed& e) const { return with_reason(fmt::format("notice {} not delivered", e.notice.value), e.why); }
  std::string operator()(const MailReceived& e) const {
    return with_reason(fmt::format("{} from {}{}", for_people(e.kind), e.from, e.needs_person ? ", waits for a person" : ""), e.why);
  }
  std::string operator()(const MailJudged& e) const {
    return with_reason(fmt::format("mail judged by {}: {}", e.by.value, e.is_response ? "an answer" : "no answer"), e.reason);
  }
  std::string operator()(const ResponseRecorded& e) const {
    return with_reason(fmt::format("answer from {} by {} ({}){}", e.from, to_string(e.channel), to_string(e.statement),
                                   e.promised ? ", promised for " + to_people(*e.promised) : ""),
                       e.text);
  }
  std::string operator()(const GuardsEvaluated& e) const {
    std::string line = fmt::format("guard rails on action {}:", e.action.value);
    for (const GuardVerdict& v : e.verdicts) {
      line += fmt::format(" {} {};", v.rule, to_string(v.outcome));
    }
    line.pop_back();
    return line;
  }
  std::string operator()(const ApprovalGiven& e) const {
    return with_reason(fmt::format("action {} approved by {}", e.action.value, e.by.value), e.reason);
  }
  std::string operator()(const ActionDropped& e) const {
    return with_reason(fmt::format("action {} dropped by {}", e.action.value, e.by.value.empty() ? "the desk" : e.by.value), e.reason);
  }
  std::string operator()(const PortActionFinished& e) const {
    return with_reason(fmt::format("port action {} {} after {} ms", e.action.value, to_string(e.result), e.took.count()), e.read_back);
  }
  std::string operator()(const SilenceVerified& e) const {
    return fmt::format("action {}: {}, last packet {}", e.action.value, e.silent ? "silence on the wire" : "still traffic on the wire",
                       to_string(e.last_packet));
  }
  std::string operator()(const DiscussionRecorded& e) const {
    return fmt::format("discussion with {} by {} ({}); cause: {}; remedy: {}{}", e.participants, e.by.value, e.channel, e.cause, e.remedy,
                       e.conditions.empty() ? "" : "; conditions: " + e.conditions);
  }
  std::string operator()(const NoteAdded& e) const { return with_reason("note by " + e.by.value, e.text); }
  std::string operator()(const ClosedByStaff& e) const {
    return with_reason(fmt::format("closed by {}{}", e.by.value, e.false_positive ? " as a false positive" : ""), e.reason);
  }
  std::string operator()(const WindowPassed& e) const {
    return fmt::format("the response window of notice {} passed at {}", e.notice.value, to_people(e.deadline));
  }
  std::string operator()(const DisableRequested& e) const {
    if (e.ground != Ground::Policy) {
      return with_reason(
          fmt::format("action {}: port off, {} by {}", e.action.value, e.ground == Ground::Emergency ? "an emergency called" : "decided", e.by.value),
          e.reason);
    }
    return fmt::format("action {}: port off {}", e.action.value,
                       e.observed_only ? "would be due (observe only)" : (e.automatic ? "decided by policy" : "asks for approval"));
  }
  std::string operator()(const EnableRequested& e) const { return fmt::format("action {}: port on", e.action.value); }
  std::string operator()(const PersonAsked& e) const { return "a person is asked: " + e.what; }
  std::string operator()(const ProbationEnded&) const { return "probation ended quietly; case closed"; }
  std::string operator()(const ClosedAfterQuiet&) const { return "closed after quiet"; }
  std::string operator()(const ObjectionRaised& e) const {
    return with_reason(fmt::format("objection from {} by {}", e.from, to_string(e.channel)), e.text);
  }
  std::string operator()(const ObjectionDecided& e) const {
    return with_reason(fmt::format("objection {} by {}", e.upheld ? "upheld" : "rejected", e.by.value), e.reason);
  }
  std::string operator()(const HoldReleased& e) const {
    return with_reason(fmt::format("hold on action {} released by {}", e.action.value, e.by.value), e.reason);
  }
  std::string operator()(const Erased& e) const { return fmt::format("erased by law (was: {})", e.kind); }
};

}  // namespace

std::string_view kind_of(const EventBody& body) { return std::visit(KindOf{}, body); }
StaffId acted_by(const EventBody& body) {
  return std::visit(
      [](const auto& e) {
        if constexpr (requires { e.by; }) {
          return e.by == policy_approver() ? StaffId{} : e.by;
        } else {
          return StaffId{};
        }
      },
      body);
}

std::string describe(const EventBody& body) { return std::visit(Describe{}, body); }

}  // namespace pinfold::desk
