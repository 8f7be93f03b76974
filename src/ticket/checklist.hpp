/// What to do next on a ticket: of a "suspicious file in /tmp" first of all to keep a copy; then the audit and its plan, step by step.
/// Used by: the portal and the staff pages (http/api), `pinfold ticket` and `pinfold audit`, the letter that tells of a new ticket. Pure.
/// The words for it, by language: ticket/ticket_words.hpp. Bounds: at most 7 steps and those of the plan (kMaxSteps).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ticket/ticket.hpp"

namespace pinfold::ticket {

enum class Todo : std::uint8_t {
  KeepCopy,
  NoteTraces,
  FindProcess,
  FindWhatStartsIt,
  FindWayIn,
  OrderAudit,
  DecideAppeal,
  Consent,
  RunAudit,
  ReadReport,
  WritePlan,
  DoStep,
  OrderSecondAudit
};
[[nodiscard]] std::string_view to_string(Todo value);  ///< "keep_copy"

struct NextStep {
  Todo todo = Todo::KeepCopy;
  std::optional<Side> who{};  ///< nullopt: either side may
  unsigned number = 0;        ///< of the plan's step, from 1; else 0
  friend bool operator==(const NextStep&, const NextStep&) = default;
};
/// Who looks into a server and mends it at its service level.
[[nodiscard]] inline Side remediator(bool staff_remediates) { return staff_remediates ? Side::Staff : Side::Customer; }
[[nodiscard]] std::vector<NextStep> checklist(const Ticket& t, Side remediates = Side::Customer);

}  // namespace pinfold::ticket
