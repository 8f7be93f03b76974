/// Tickets: what customers and staff say to each other, and the audits that are ordered, run and followed up there. Like a case, a ticket *is* its
/// list of events; `step` decides what may be added, `fold` says where it stands.
///
///   OPEN ──(customer writes)──▶ WAITS_FOR_STAFF ──(staff writes)──▶ WAITS_FOR_CUSTOMER ──▶ … ──▶ CLOSED
///   audit:  ORDERED ─▶ CONSENTED ─▶ RUN ─▶ READ ─▶ plan, steps ticked off ─▶ a second audit that shows it done
///
/// The rule of content: nothing of a customer's own files is read without an order that names the paths, and the customer's consent; what was read
/// stands in the ticket, and a path outside the order is refused.
/// Used by: the portal, the staff pages, `pinfold ticket`, `pinfold audit`. Pure; no clock: `at` is given.
/// Bounds:  kMaxEvents events, kMaxAttachments a message, kMaxText bytes of text, kMaxSteps steps, kMaxPaths paths. Text from outside is `printable`.
/// Attachments are inert: a name to show and the SHA-256 of the bytes in the evidence store; nothing opens or executes them.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/expected.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace pinfold::ticket {

using TicketId = Id<struct TicketTag, std::int64_t>;  ///< people see "T-7"
[[nodiscard]] inline std::string to_string(TicketId id) { return "T-" + std::to_string(id.value); }

inline constexpr std::size_t kMaxEvents = 2000;
inline constexpr std::size_t kMaxAttachments = 16;
inline constexpr std::size_t kMaxText = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxSteps = 64;
inline constexpr std::size_t kMaxPaths = 64;

enum class Kind : std::uint8_t { Suspicious, Question, AuditRequest, Appeal, Other };
enum class Side : std::uint8_t { Customer, Staff };
enum class StepKind : std::uint8_t { Update, Remove, Change };
enum class State : std::uint8_t { WaitsForStaff, WaitsForCustomer, Closed };
[[nodiscard]] std::string_view to_string(Kind value);  ///< "audit_request"
[[nodiscard]] std::string_view to_string(Side value);
[[nodiscard]] std::string_view to_string(StepKind value);
[[nodiscard]] std::string_view to_string(State value);
[[nodiscard]] std::optional<Kind> parse_kind(std::string_view text);
[[nodiscard]] std::optional<Side> parse_side(std::string_view text);
[[nodiscard]] std::optional<StepKind> parse_step_kind(std::string_view text);

struct Attachment {
  std::string name;    ///< as the sender called it; for showing only
  std::string sha256;  ///< hex; the bytes are in the evidence store
  std::uint64_t size = 0;
  friend bool operator==(const Attachment&, const Attachment&) = default;
};
struct Opened {
  CustomerId customer;
  ServerId server;  ///< empty: about no server
  Kind kind = Kind::Other;
  std::string subject;
  Side side = Side::Customer;
  std::string by;
  std::optional<CaseId> case_id{};  ///< the case that it is about: what the customer writes here is then an answer of that case
};
struct Message {
  Side side = Side::Customer;
  std::string by;
  std::string text;
  std::vector<Attachment> attachments;
  std::string reference;  ///< Message-ID of a mail: the same one is taken once
};
struct AuditOrdered {
  Side side = Side::Staff;
  std::string by;
  std::vector<std::string> paths;  ///< absolute; only what lies below them may be read
  std::string reason;
};
struct AuditConsented {
  std::string by;   ///< who of the customer
  std::string how;  ///< "portal", "phone with anna"
};
struct AuditRun {
  std::string report_sha256;
  std::vector<std::string> read;  ///< which folders were read
  unsigned findings = 0;
  std::string summary;
};
struct AuditRead {
  std::string by;
};
struct PlanStep {
  StepKind kind = StepKind::Change;
  Side who = Side::Customer;
  std::string what;
  friend bool operator==(const PlanStep&, const PlanStep&) = default;
};
struct PlanSet {
  std::string by;
  std::vector<PlanStep> steps;
};
struct StepDone {
  unsigned step = 0;  ///< from 1
  std::string by;
  std::string note;
};
struct Closed {
  Side side = Side::Staff;
  std::string by;
  std::string reason;
};

using EventBody = std::variant<Opened, Message, AuditOrdered, AuditConsented, AuditRun, AuditRead, PlanSet, StepDone, Closed>;
struct Event {
  std::uint32_t seq = 0;
  WallTime at;
  EventBody body;
};
[[nodiscard]] std::string_view kind_of(const EventBody& body);  ///< "audit_ordered"

/// One audit of the ticket; a ticket may have several, one after the other.
struct Audit {
  AuditOrdered order;
  std::uint32_t ordered_by = 0;  ///< seq
  bool consented = false;
  std::optional<AuditRun> run;
  WallTime run_at;
  std::uint32_t run_by = 0;  ///< seq
  bool was_read = false;
};
struct Ticket {
  TicketId id;
  Opened opening;
  State state = State::WaitsForStaff;
  std::uint32_t last_seq = 0;
  WallTime opened;
  WallTime changed;
  std::vector<std::string> references;
  std::vector<Audit> audits;
  std::vector<PlanStep> plan;
  std::vector<bool> done;                   ///< of the plan's steps
  std::uint32_t last_step_done = 0;         ///< seq
  [[nodiscard]] bool plan_is_done() const;  ///< every step of one that has steps
  /// It is done, and an audit that ran later found nothing.
  [[nodiscard]] bool plan_is_proven() const;
};

void apply(Ticket& t, const Event& event);
[[nodiscard]] Ticket fold(TicketId id, const std::vector<Event>& events);

/// Why this may not be added; nullopt: it may. The first event of a ticket is Opened.
[[nodiscard]] std::optional<std::string> why_not(const Ticket& t, const EventBody& body);

}  // namespace pinfold::ticket
