/// What the rules are written with, and their list. Internal to guard; guard.hpp says what each of them means.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "guard/guard.hpp"

namespace pinfold::guard {

/// One rule at work: the worst of what it found, with every reason.
class Rule {
public:
  explicit Rule(std::string_view name) { x_verdict.rule = name; }

  void refuse(std::string_view why) { worsen(desk::GuardOutcome::Refuse, why); }
  void hold(std::string_view why) { worsen(desk::GuardOutcome::Hold, why); }
  void values(std::string text) { x_verdict.values = std::move(text); }

  [[nodiscard]] desk::GuardVerdict verdict() && {
    if (x_verdict.why.empty()) {
      x_verdict.why = "nothing against it";
    }
    return std::move(x_verdict);
  }

private:
  void worsen(desk::GuardOutcome outcome, std::string_view why) {
    x_verdict.outcome = std::max(x_verdict.outcome, outcome);
    if (!x_verdict.why.empty()) {
      x_verdict.why += "; ";
    }
    x_verdict.why += why;
  }

  desk::GuardVerdict x_verdict{{}, desk::GuardOutcome::Pass, {}, {}};
};
static_assert(desk::GuardOutcome::Pass < desk::GuardOutcome::Hold && desk::GuardOutcome::Hold < desk::GuardOutcome::Refuse,
              "Rule::worsen compares them");

template <typename T>
[[nodiscard]] std::string shown(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "unreadable";
}

// record_rules.cpp: the operator's word.
[[nodiscard]] desk::GuardVerdict kill_switch(const Question& q);
[[nodiscard]] desk::GuardVerdict allow_list(const Question& q);
[[nodiscard]] desk::GuardVerdict identity(const Question& q);
[[nodiscard]] desk::GuardVerdict ownership(const Question& q);
// network_rules.cpp: what the switch has learned.
[[nodiscard]] desk::GuardVerdict two_witnesses(const Question& q);
[[nodiscard]] desk::GuardVerdict uplink(const Question& q);
// desk_rules.cpp: how many, how old, and who wants it.
[[nodiscard]] desk::GuardVerdict blast_radius(const Question& q, const desk::Policy& policy);
[[nodiscard]] desk::GuardVerdict staleness(const Question& q, const desk::Policy& policy);
[[nodiscard]] desk::GuardVerdict approval(const Question& q, const desk::Policy& policy);
[[nodiscard]] desk::GuardVerdict dry_run(const Question& q);

/// The persons whose approval still stands; the policy's own is not among them.
[[nodiscard]] std::set<StaffId> standing_persons(const Question& q);
[[nodiscard]] std::string names_of(const std::set<StaffId>& persons);

}  // namespace pinfold::guard
