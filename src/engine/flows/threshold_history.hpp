/// What other detection thresholds would have found in the windows that history keeps (records/near_misses.hpp): the judging behind
/// `pinfold policy simulate`.
/// A row is a minute of one server near one threshold. One that reached its number and did not pass failed for another reason (a share, a role), and
/// that stays. What lay below half of the threshold in force was not kept: `cannot_tell` says where that matters.
/// Used by: the command line. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>

#include "detect/thresholds.hpp"
#include "records/near_misses.hpp"

namespace pinfold::engine {

struct ThresholdHistory {
  std::uint64_t in_force = 0;     ///< when the newest of the rows was kept
  std::uint64_t under_these = 0;  ///< the threshold that is tried; 0: there is none of that name any more
  std::size_t minutes_then = 0;
  std::size_t minutes_now = 0;
  std::set<ServerId> servers_then;
  std::set<ServerId> servers_now;
  bool cannot_tell = false;  ///< less than half of what was in force: there may be more
};

/// By threshold, as the policy file calls it below [detect].
[[nodiscard]] std::map<std::string, ThresholdHistory> judge_again(std::span<const records::NearMissRow> rows, const detect::Thresholds& thresholds);

}  // namespace pinfold::engine
