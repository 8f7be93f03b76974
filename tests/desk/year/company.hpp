// A year of a hosting company under a virtual clock: servers that get broken into, owners of every kind, mail that bounces or is answered by a
// vacation program, switches that do not answer, staff that sleeps, and a desk that is killed at random points. The desk is the real core
// (desk::open, step, why_not_now); the rest is a world made of one queue of things that happen. After every step the auditor reads what was recorded;
// at every restart each open case is folded again from its events.
// Deterministic: the same numbers in give the same year. Invariants 6 and 7 are the guards' own (tests/guard, tests/enforce).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "desk/policy.hpp"
#include "desk/step.hpp"

namespace pinfold::desk::test {

struct YearOptions {
  std::uint64_t seed = 1;
  unsigned servers = 1000;
  unsigned days = 365;
  unsigned restarts = 60;
  Policy policy;
  std::string record;  ///< a file for all events as JSON lines, as `pinfold case show --json` prints them; empty: none
};

struct YearReport {
  std::optional<std::string> violation;  ///< the first, with its case
  unsigned cases = 0;
  unsigned warnings = 0;
  unsigned reminders = 0;
  unsigned answers_to_reminders = 0;
  unsigned bounces = 0;
  unsigned auto_replies = 0;
  unsigned answers = 0;
  unsigned disables_by_policy = 0;
  unsigned disables_by_people = 0;
  unsigned enables = 0;
  unsigned calls = 0;
  unsigned calls_at_once = 0;  ///< the others can wait for the morning
  unsigned most_calls_of_a_case = 0;
  unsigned holds = 0;
  unsigned objections = 0;
  unsigned false_positives = 0;
  unsigned closed = 0;
  unsigned restarts = 0;
  unsigned steps = 0;
  unsigned answered_and_cut_off_by_policy = 0;  ///< must stay zero
  std::vector<Micros> times_to_answer;          ///< from delivery
  std::vector<Micros> times_to_cut_off;         ///< from the case's opening
  [[nodiscard]] std::string text() const;
};

[[nodiscard]] YearReport simulate_year(const YearOptions& options);

}  // namespace pinfold::desk::test
