/// What can happen to a case. A case *is* its list of events; they are facts, written once, never changed.
/// Everything the desk ever says about a case follows from them (desk/case.hpp folds them), and the store chains them by hash.
/// JSON: desk/event_json.hpp. Bounds: text from outside is `printable` and at most abuse::kMaxText bytes.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "abuse/finding.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::desk {

/// Reminder: at half of the response window, to whom the warning reached, where nobody has answered.
enum class NoticeKind : std::uint8_t { Warning, SecondNotice, Disabled, Enabled, Reminder };
enum class DeliveryProof : std::uint8_t { Dsn, ServerLog, Presumed };
enum class ResponseChannel : std::uint8_t { Mail, SignedLink, Portal, Ticket, Phone };
enum class Statement : std::uint8_t { Unstated, Looking, Fixed, Intended, NotMine };
enum class MailKind : std::uint8_t { Reply, Bounce, AutoReply, Mdn, Report, Loop, Unknown };
enum class PortWish : std::uint8_t { Down, Up };
enum class GuardOutcome : std::uint8_t { Pass, Hold, Refuse };
/// The end of one port action, as far as the switch itself shows it.
enum class ActionResult : std::uint8_t { Verified, Mismatch, Unknown, NotSent };
/// On whose authority a port is to go off: the ladder's own proof, a systems administrator's decision, or an emergency (two people, no ladder).
enum class Ground : std::uint8_t { Policy, Person, Emergency };

// --- what came from outside ------------------------------------------------------------------------------------------------------------

struct CaseOpened {
  ServerId server;
  CustomerId customer;  ///< the tenant at event time
  abuse::Family family = abuse::Family::Compromise;
  unsigned earlier_cases = 0;  ///< of this tenancy and family: memory for repeat offenders
  std::uint8_t level = 1;      ///< the server's service level then
  StaffId by{};                ///< who opened it by hand; empty: a finding did
};
struct FindingRecorded {
  abuse::Finding finding;
  IncidentId incident;
  std::vector<IncidentId> joins{};  ///< incidents that this finding showed to be one with `incident`: they become part of it
};
/// Our own mail server took it. That is not delivery.
struct NoticeSubmitted {
  NoticeId notice;
  std::string queue_id;          ///< of the final 250
  bool maybe_duplicate = false;  ///< an earlier attempt may have gone out: same Message-ID, answer lost
};
struct NoticeDelivered {
  NoticeId notice;
  DeliveryProof proof = DeliveryProof::Dsn;
  std::string remote;  ///< the mail server that took it, and its words
};
struct NoticeFailed {
  NoticeId notice;
  std::string why;  ///< status and text of the bounce, or of our own server's refusal
};
/// A mail that belongs to this case. Only `Reply` from a listed contact is followed by a ResponseRecorded.
struct MailReceived {
  MailKind kind = MailKind::Unknown;
  std::string why;  ///< the classifier's reason
  std::string from;
  std::string message_id;
  std::string raw_sha256;     ///< the raw mail in the evidence store
  std::string excerpt;        ///< without quoted text
  bool needs_person = false;  ///< unclear: pauses disabling until a person has looked (MailJudged)
};
struct MailJudged {
  std::string raw_sha256;
  StaffId by;
  bool is_response = false;
  std::string reason;
};
struct ResponseRecorded {
  ResponseChannel channel = ResponseChannel::Mail;
  std::string from;
  Statement statement = Statement::Unstated;
  std::optional<WallTime> promised;  ///< when the owner says it will be mended
  std::string text;
  StaffId by{};             ///< who wrote it up (phone); empty: it came from the owner's own hand
  std::string reference{};  ///< Message-ID, link or ticket message: the same one answers once
};
/// The owner contradicts: before a measure a dispute ("intended", "not mine"), after it an appeal. Counts as an answer.
struct ObjectionRaised {
  ResponseChannel channel = ResponseChannel::Mail;
  std::string from;
  std::string text;
};
struct ObjectionDecided {
  StaffId by;           ///< nobody who ordered or approved the measure
  bool upheld = false;  ///< the owner was right: goes into the detector's record
  std::string reason;
};
/// The guard that asks whether the right people approved, as guard/ names it: what it alone holds is released by as many as must approve.
inline constexpr std::string_view kApprovalRule = "G7 approval";
struct GuardVerdict {
  std::string rule;  ///< "G4 uplink"
  GuardOutcome outcome = GuardOutcome::Hold;
  std::string values;  ///< what was read
  std::string why;
  friend bool operator==(const GuardVerdict&, const GuardVerdict&) = default;
};
struct GuardsEvaluated {
  ActionId action;
  std::vector<GuardVerdict> verdicts;
};
/// Signs for the policy where it approves by itself; no person may use the name.
[[nodiscard]] inline StaffId policy_approver() { return StaffId{"policy"}; }

struct ApprovalGiven {
  ActionId action;
  StaffId by;
  std::string reason;
};
/// A guard rail held the action; two people together let it pass. A rail that refuses is never released.
struct HoldReleased {
  ActionId action;
  StaffId by;
  std::string reason;
};
struct ActionDropped {
  ActionId action;
  StaffId by;  ///< empty: the desk itself, because the predicate no longer held
  std::string reason;
};
struct PortActionFinished {
  ActionId action;
  ActionResult result = ActionResult::Unknown;
  std::string read_back;  ///< "ifAdminStatus down, ifOperStatus down"
  Millis took{0};         ///< from the write to the verified state
};
/// Second, later proof: the collector saw nothing more from the server.
struct SilenceVerified {
  ActionId action;
  WallTime last_packet;
  bool silent = false;
};
/// The talk that lets a port be enabled.
struct DiscussionRecorded {
  StaffId by;                ///< the systems administrator
  std::string participants;  ///< who of the customer
  std::string channel;       ///< "phone"
  std::string cause;
  std::string remedy;
  std::string conditions;
};
struct NoteAdded {
  StaffId by;
  std::string text;
};
struct ClosedByStaff {
  StaffId by;
  bool false_positive = false;
  std::string reason;
};

// --- what the desk concluded ---------------------------------------------------------------------------------------------------------------

struct NoticeQueued {
  NoticeId notice;
  NoticeKind kind = NoticeKind::Warning;
  ContactId contact;
  std::string token;               ///< in Reply-To, VERP and Message-ID
  bool observed_only = false;      ///< warnings are not armed: it was written, not sent
  std::optional<Micros> window{};  ///< of a warning: how long the owner has from delivery; it stays whatever the policy becomes
};
struct WindowPassed {
  NoticeId notice;
  WallTime deadline{};  ///< delivery + response window, as the policy stood then
};
/// The proof, as it stood when the desk (or a person) decided: printed by `pinfold case why`.
struct DisableRequested {
  ActionId action;
  std::vector<std::string> proof;  ///< one line a clause, with its event
  bool automatic = false;          ///< approved by policy: network and host evidence agree
  bool observed_only = false;      ///< measures are not armed
  std::uint32_t again_by = 0;      ///< seq of the FindingRecorded that is the second event; of a person's decision: the latest, 0 if none
  Ground ground = Ground::Policy;
  StaffId by{};          ///< who ordered it, unless the desk did
  std::string reason{};  ///< theirs
  unsigned needed = 1;   ///< approvals by different people before the port is written, unless `automatic`
};
struct EnableRequested {
  ActionId action;
};
struct PersonAsked {
  std::string what;  ///< what the person is asked to decide
};
/// The owner has no contact to whom the first warning could be written. From then on a systems administrator may decide it; a program never does.
inline constexpr std::string_view kNobodyToWrite = "the owner must be warned, and no contact can be reached";
struct ProbationEnded {};
struct ClosedAfterQuiet {};
/// What stood here was erased by law. Never recorded by the desk: the store hands it out in place of the lost event, so that the case stays readable.
struct Erased {
  std::string kind;  ///< of the lost event
};

using EventBody = std::variant<CaseOpened, FindingRecorded, NoticeSubmitted, NoticeDelivered, NoticeFailed, MailReceived, MailJudged,
                               ResponseRecorded, GuardsEvaluated, ApprovalGiven, ActionDropped, PortActionFinished, SilenceVerified,
                               DiscussionRecorded, NoteAdded, ClosedByStaff, NoticeQueued, WindowPassed, DisableRequested, EnableRequested,
                               PersonAsked, ProbationEnded, ClosedAfterQuiet, ObjectionRaised, ObjectionDecided, HoldReleased, Erased>;

struct Event {
  std::uint32_t seq = 0;  ///< within the case, from 1, without gaps
  WallTime at;            ///< when the desk recorded it
  EventBody body;
};

/// "finding_recorded": stable, for JSON and the store.
[[nodiscard]] std::string_view kind_of(const EventBody& body);
/// The person whose act it is; empty: nobody's (a fact from outside, or the desk's own conclusion).
[[nodiscard]] StaffId acted_by(const EventBody& body);
/// One line for people: "warning 1 delivered (DSN from mail.customer.example)".
[[nodiscard]] std::string describe(const EventBody& body);

}  // namespace pinfold::desk
