/// Holds back a flood of findings and says what was held back: summarised, never dropped in silence.
/// Pure; times are handed in. Used by the agent's loop, for findings that are new (repeats are folded by RunTable).
/// Rule:    kBurst at once, then one every kInterval. What is over is counted, by class, kind, user and who started it, and becomes one
///          finding for each of these every kSummaryEvery, with a few examples.
/// Bounds:  kMaxGroups groups; the rest goes into one of its own.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "abuse/finding.hpp"
#include "base/time.hpp"

namespace pinfold::agent {

class Flood {
public:
  static constexpr std::uint64_t kBurst = 400;
  static constexpr Micros kInterval = Seconds{1};
  static constexpr Micros kSummaryEvery = Seconds{10};
  static constexpr std::size_t kMaxGroups = 32;
  static constexpr std::size_t kExamples = 5;

  [[nodiscard]] bool admit(WallTime now);
  /// Takes in a finding that was not admitted.
  void hold_back(const abuse::Finding& finding, WallTime now);
  /// Execs that were too many to look at closely: a number and one example.
  void hold_back_unseen(const abuse::Finding& like, std::uint64_t count, WallTime now);
  [[nodiscard]] std::vector<abuse::Finding> due(WallTime now, bool all = false);
  [[nodiscard]] std::uint64_t held_back() const { return x_held_back; }

private:
  struct Group {
    abuse::Finding finding;  ///< the first that was held back
    std::uint64_t count = 0;
    WallTime last;
    std::vector<std::string> examples;
  };
  std::map<std::string, Group> x_groups;
  std::uint64_t x_left = kBurst;
  std::optional<WallTime> x_refilled;
  WallTime x_next_summary;
  std::uint64_t x_held_back = 0;
};

}  // namespace pinfold::agent
