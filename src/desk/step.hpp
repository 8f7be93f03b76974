/// The ladder: one pure function from a case and an input to what is recorded and what is to be done.
///
///   step(case, input, policy, moment) -> events to append + effects to carry out, or why the input is refused
///
/// Every input that is accepted is itself the first recorded event (a Tick is not); the rest are the desk's conclusions. The caller appends
/// events and puts effects into the outbox in ONE transaction, so that nothing is decided without being done, nor done without being decided.
///
/// Invariants (checked after every step by `check_invariants`, at run time and in the exhaustive test):
///   1 no policy disable without a delivered warning       5 (the store's: nothing acknowledged is lost)
///   2 none after a valid response that has not lapsed      6 (the guards': no protected port)
///   3 no enable without a discussion newer than the disable 7 (the guards': limits from the journal)
///   4 each effect at most once (unique Effect::key)
/// Conclusions that need time or several facts at once (the window, "again", closing) are drawn by a Tick: the caller sends one straight after every
/// accepted input, at `next_due`, and whenever its ears open or close. An input that says nothing new (a finding delivered twice, a second DSN)
/// is refused like one that does not fit; nothing is lost by dropping it.
/// Clock: `moment.now`. Randomness: `moment.fresh_token`. No I/O. Never throws on input; O(incidents + findings).
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/expected.hpp"
#include "desk/case.hpp"
#include "desk/event.hpp"
#include "desk/policy.hpp"

namespace pinfold::desk {

/// Whether an answer could have reached us. Silence counts only while our ears were open.
struct Ears {
  std::optional<WallTime> open_since;  ///< mail in and pages have been healthy without a gap since then; nullopt: not now
  unsigned unclassified = 0;           ///< mails of any case that nobody has read yet
};

/// What the edges know at this moment.
struct Moment {
  WallTime now;
  Ears ears;
  std::string fresh_token;          ///< for a notice, if one is queued; used at most once
  std::vector<ContactId> contacts;  ///< of the case's customer, in the order in which they are tried; the account's own address last
  /// Those whose mailbox lives on the case's own server: they are not written to, and a person asks the customer for another.
  std::vector<ContactId> on_offender{};
  bool breaker_open = false;  ///< the circuit breaker on measures has tripped: too many at once
};

/// Time may have made something due. Not recorded itself.
struct Tick {};
/// A finding for this case; step finds its incident.
struct FindingArrived {
  abuse::Finding finding;
};
/// A systems administrator orders the port off, with a reason. As the ladder's last word: from SecondNotice, Undeliverable, Silent or ActionFailed,
/// for what no sensor can prove (the unreachable, phishing that only a reporter saw). As an emergency: from any rung, while our own sensors see it
/// happen, and never with fewer than two people. The one who orders is the first to approve.
struct MeasureOrdered {
  StaffId by;
  std::string reason;
  bool emergency = false;
};

using Input = std::variant<Tick, FindingArrived, NoticeSubmitted, NoticeDelivered, NoticeFailed, MailReceived, MailJudged, ResponseRecorded,
                           GuardsEvaluated, ApprovalGiven, ActionDropped, PortActionFinished, SilenceVerified, DiscussionRecorded, NoteAdded,
                           ClosedByStaff, MeasureOrdered, HoldReleased, ObjectionRaised, ObjectionDecided>;

// --- effects -----------------------------------------------------------------------------------------------------------------------------

struct SendNotice {
  NoticeId notice;
};
/// Run the action through guards, journal and driver. Exists only for approved actions; ask `why_not_now` when the job is claimed.
struct SetPort {
  ActionId action;
  PortWish wish = PortWish::Down;
  bool hold_released = false;  ///< two people let it pass the rails that held it (never those that refuse)
};
struct CallPerson {
  std::string what;
  bool can_wait = false;            ///< nothing gets worse by it until the morning (Policy::quiet_hours)
  std::optional<ActionId> about{};  ///< the call is over as soon as that action no longer waits
};
struct Effect {
  std::string key;  ///< "PF-42/notice/1": unique for ever; carrying it out twice is impossible by the outbox's primary key
  std::variant<SendNotice, SetPort, CallPerson> what;
};

struct Step {
  std::vector<EventBody> events;
  std::vector<Effect> effects;
};
struct Rejected {
  std::string why;  ///< for the person or program that sent the input
};

[[nodiscard]] Expected<Step, Rejected> step(const Case& c, const Input& input, const Policy& policy, const Moment& moment);

/// The first step of a case that does not exist yet: records CaseOpened and the finding.
[[nodiscard]] Step open(CaseId id, const CaseOpened& opening, const abuse::Finding& finding, const Policy& policy, const Moment& moment);

/// When a Tick could next change something; nullopt: never by time alone. A Tick at that time always records something (no busy loop).
[[nodiscard]] std::optional<WallTime> next_due(const Case& c, const Policy& policy);

inline constexpr std::string_view kEarsClause = "ears open";
inline constexpr std::string_view kArmedClause = "armed";

/// One clause of "warned ∧ delivered ∧ window passed ∧ no response ∧ again".
struct Clause {
  std::string name;
  bool holds = false;
  std::string because;       ///< the event that makes it so: "#4 delivered 2026-11-23T04:12:09Z (DSN from mail.customer.example)"
  std::string would_change;  ///< what would make it otherwise
};
struct Proof {
  std::vector<Clause> clauses;
  std::uint32_t again_by = 0;  ///< seq of the second event
  bool both_agree = false;     ///< network and host evidence in the second incident
  [[nodiscard]] bool holds() const;
  /// The first clause that does not hold, but for the one so named; nullptr: none.
  [[nodiscard]] const Clause* first_failing(std::string_view except = {}) const;
};
/// May this server be disabled by policy, and why (not)? Asked by step, by `pinfold case why`, and once more when the action is claimed.
[[nodiscard]] Proof prove(const Case& c, const Policy& policy, const Moment& moment);

/// Whether a pending SetPort may be written now (approval, predicate, arming); empty = yes, else the reason.
[[nodiscard]] std::optional<std::string> why_not_now(const Case& c, ActionId action, const Policy& policy, const Moment& moment);

/// Invariants 1 to 4 over the history; the first violation in words. (desk/auditor.hpp checks event by event.)
[[nodiscard]] std::optional<std::string> check_invariants(const Case& c, const std::vector<Event>& events);

}  // namespace pinfold::desk
