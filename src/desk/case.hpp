/// A case: the fold of its events, and where it stands on the ladder.
///
///   TRIAGE ─▶ WARNING_QUEUED ─▶ SENT ─▶ DELIVERED ──(response)──▶ ANSWERED ──quiet──▶ CLOSED
///                │                 │        │ window passes, silence    │ it happens again after the promised date
///                │                 ▼        ▼                           ▼
///                │           UNDELIVERABLE  SILENT ──again──▶ DISABLE_PENDING   SECOND_NOTICE + a person decides
///                │            (a person)                          │ guard rails, approval
///                ▼                                                ▼
///   DISPUTED ─▶ FALSE_POSITIVE                              DISABLED ─▶ DISCUSSED ─▶ ENABLING ─▶ PROBATION ─▶ CLOSED
///   (a person)                                            (ACTION_FAILED: a person)
///
/// Used by: step and why (decide), http (show), engine (carry out). Pure; no clock.
/// A port that went down although its action had been dropped meanwhile (the write was already on its way) is Disabled from any state: the fold
/// follows the switch, and a person is told.
/// Bounds:  findings are kept as events; the fold keeps incidents (kMaxIncidents, then the oldest are merged) and what `prove` needs of the
///          findings (kMaxSightings, then the one with the oldest event time is forgotten); kMaxReferences answers are known by their reference.
/// Erased events (by law, in closed cases only) leave gaps: the fold then skips what it can no longer know, and the case stays readable.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "desk/event.hpp"

namespace pinfold::desk {

inline constexpr std::size_t kMaxIncidents = 256;
inline constexpr std::size_t kMaxSightings = 1024;
inline constexpr std::size_t kMaxReferences = 256;

enum class State : std::uint8_t {
  Triage,
  WarningQueued,
  Sent,
  Delivered,
  Undeliverable,
  Answered,
  Disputed,
  SecondNotice,
  Silent,
  DisablePending,
  Disabled,
  Discussed,
  Enabling,
  Probation,
  ActionFailed,
  FalsePositive,
  Closed,
};
[[nodiscard]] std::string_view to_string(State s);  ///< "disable_pending"
[[nodiscard]] std::optional<State> parse_state(std::string_view text);
[[nodiscard]] bool is_final(State s);

/// What the ladder needs of a finding: its latest statement. A finding cannot speak of the future: `last_seen` is at most the time of recording.
struct Sighting {
  std::uint32_t seq = 0;  ///< of the FindingRecorded with the latest event time
  IncidentId incident;
  abuse::Origin origin = abuse::Origin::Network;
  abuse::AbuseClass abuse_class = abuse::AbuseClass::Other;
  abuse::Confidence confidence;
  WallTime first_seen;
  WallTime last_seen;
  WallTime detected_at;
};

/// One bout of abuse. Times are event times.
struct Incident {
  IncidentId id;
  WallTime first_seen;
  WallTime last_seen;
  std::set<abuse::Origin> origins;  ///< which kinds of evidence it has
  std::set<abuse::AbuseClass> classes;
  std::uint8_t max_confidence = 0;
  std::vector<std::uint32_t> findings;  ///< seq of the latest FindingRecorded for each finding id
};

struct Notice {
  NoticeId id;
  NoticeKind kind = NoticeKind::Warning;
  ContactId contact;
  std::string token;
  std::uint32_t queued_by = 0;  ///< seq
  std::optional<WallTime> submitted;
  std::optional<WallTime> delivered;
  std::uint32_t delivered_by = 0;  ///< seq
  DeliveryProof proof = DeliveryProof::Dsn;
  std::optional<std::string> failed;
  bool observed_only = false;
  std::optional<Micros> window;  ///< of a warning; absent in events of older versions
  /// Taken by the contact's own mail server, and no bounce came after all.
  [[nodiscard]] bool reached() const { return delivered && !failed && !observed_only; }
};

struct PortAction {
  ActionId id;
  PortWish wish = PortWish::Down;
  WallTime requested;
  std::uint32_t requested_by = 0;  ///< seq
  std::uint32_t again_by = 0;      ///< seq of the finding that is the second event; 0 for an enable
  bool automatic = false;
  bool observed_only = false;
  Ground ground = Ground::Policy;
  StaffId by;           ///< who ordered it, unless the desk did
  unsigned needed = 1;  ///< approvals by different people
  State stood_in = State::Triage;
  std::vector<StaffId> approvals;
  std::vector<StaffId> releases;       ///< of a guard rail's hold
  bool held = false;                   ///< a guard rail held it at the last evaluation, none refused
  std::vector<GuardVerdict> verdicts;  ///< the latest evaluation
  std::optional<ActionResult> result;
  std::optional<bool> silent;
  bool dropped = false;
  bool dropped_by_person = false;
  [[nodiscard]] bool is_open() const { return !observed_only && !dropped && !result; }
  [[nodiscard]] bool is_approved() const;
  /// Two people for what a guard rail saw; where only an approval is missing (the policy's own does not count yet, or it is too old), as many
  /// as must approve the action.
  [[nodiscard]] std::size_t releases_needed() const;
  [[nodiscard]] bool is_released() const { return releases.size() >= releases_needed(); }
};

struct Case {
  CaseId id;
  State state = State::Triage;
  abuse::Family family = abuse::Family::Compromise;
  std::uint8_t level = 1;
  bool acquitted = false;  ///< an objection was upheld: closing makes it a false positive
  unsigned earlier_cases = 0;
  StaffId opened_by;    ///< who opened it by hand: not one of the two, where two people must agree; empty: a finding did
  unsigned erased = 0;  ///< events that were erased by law
  std::uint32_t last_seq = 0;
  std::uint32_t response_by = 0;    ///< seq
  std::uint32_t discussion_by = 0;  ///< seq
  ServerId server;
  CustomerId customer;
  WallTime opened;
  WallTime changed;
  WallTime state_since;

  std::vector<Incident> incidents;  ///< by first_seen
  std::int64_t incidents_made = 0;  ///< the highest IncidentId given so far
  std::map<FindingId, Sighting> findings;
  std::vector<Notice> notices;
  std::vector<PortAction> actions;

  std::optional<WallTime> last_response;
  std::optional<WallTime> promised;                ///< of that response
  std::map<std::string, WallTime> unjudged_mails;  ///< raw_sha256 of mails that wait for a person, since when: they pause disabling
  std::set<std::string> references;                ///< of answers: the same mail, link or ticket message answers once
  std::optional<WallTime> objection_since;         ///< an objection waits to be decided
  std::optional<WallTime> last_discussion;
  std::optional<WallTime> probation_since;
  std::optional<WallTime> window_passed;  ///< set by WindowPassed
  std::set<std::string> asked;            ///< what people were asked: nobody is called twice with the same words

  /// The warning that counts: the first that reached a contact; else the latest that may still do so; else the latest. nullptr: none yet.
  [[nodiscard]] const Notice* first_warning() const;
  /// A valid answer came after the warning. It stands until the case closes: what happens after it is for people to judge.
  [[nodiscard]] bool answered() const;
  /// The first warning could not even be written: there is no usable contact (all live on the server, or there are none).
  [[nodiscard]] bool nobody_to_write() const;
  [[nodiscard]] const Notice* find_notice(NoticeId id) const;
  [[nodiscard]] const PortAction* find_action(ActionId id) const;
  [[nodiscard]] const PortAction* open_action() const;  ///< requested, neither finished nor dropped; at most one
};

/// The fold. An event that does not fit (a notice id that was never queued) is a bug in `step` or a damaged store; it throws std::logic_error,
/// which the engine turns into "this case is damaged" for a person.
void apply(Case& c, const Event& event);
[[nodiscard]] Case fold(CaseId id, const std::vector<Event>& events);

}  // namespace pinfold::desk
