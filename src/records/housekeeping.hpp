/// What waits, counted, for metrics; and what has become old enough to go, for retention (engine/retention.hpp says when).
/// The chain of a case's events stays whole: erasing takes an event's content and salt, never its place, time, kind and commitment.
/// Errors:  StoreError. Threads: as Transaction. Bounds: every erasing call names the most rows that it may take, so that no transaction is long.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace pinfold::records {

/// So many of one kind in one state. `oldest`: when the one that has waited longest came or fell due; only for what waits.
struct Waiting {
  std::string kind;
  std::string state;
  std::uint64_t count = 0;
  std::optional<WallTime> oldest{};
  friend bool operator==(const Waiting&, const Waiting&) = default;
};

struct Census {
  std::vector<Waiting> cases;  ///< open ones, by family and state
  std::vector<Waiting> jobs;   ///< effects that are not done, by kind and state
  std::vector<Waiting> inbox;  ///< acknowledged and not worked on, by kind
  Waiting calls;               ///< to people, taken by nobody
  std::uint64_t triage = 0;    ///< reports that wait for a person
};

class Housekeeping {
public:
  virtual ~Housekeeping() = default;
  [[nodiscard]] virtual Census census() const = 0;

  // Each of these counts with `is_trial`, and takes what it counts without; at most `limit` (cases, tickets, mails, reports).
  /// Content of the events, jobs and calls of cases that have been closed since before then.
  virtual std::size_t erase_cases(WallTime closed_before, std::size_t limit, bool is_trial) = 0;
  virtual std::size_t erase_tickets(WallTime closed_before, std::size_t limit, bool is_trial) = 0;
  /// What was worked on: the mail's addresses and verdict. Its key stays, so that the same mail is still known when it comes again.
  virtual std::size_t erase_inbox(WallTime received_before, std::size_t limit, bool is_trial) = 0;
  /// Reports that were decided, with what is known of who reported. Sealed ones have a rule of their own (engine/reports/sealed_reports.hpp).
  virtual std::size_t erase_reports(WallTime received_before, std::size_t limit, bool is_trial) = 0;
  /// Calls `each` with every text that may name a piece of evidence (by its SHA-256): contents of events, of tickets and of what waits, reports.
  virtual void each_text_with_evidence(const std::function<void(std::string_view)>& each) const = 0;
};

}  // namespace pinfold::records
