/// Brings the batches of all collectors together: takes each once, however often and in whatever order they come, and hands out what was published in
/// a second when that second is over everywhere.
///
///   batch ──known key──▶ counted as repeated, else nothing happens
///     └── new ─▶ kept by (published, key) ──kGrace after it was published──▶ merged in the order of keys ─▶ MergedSummaries
///         published before what was handed out: late; goes with the next seconds, in the same order
///
/// So the detectors' input is a function of the *set* of batches: of any order, grouping and repetition the same, as long as none is late.
/// Used by: detector processes; evaluations over several collectors.
/// Clock:   the caller's wall clock; `published` is the collectors'.
/// Bounds:  kMaxPending batches wait, kMaxRemembered keys are remembered, for kMemory; what is older than that is refused and counted. A batch beyond
///          the bounds is refused and counted: the transport delivers it again.
/// Cost:    O(log batches) a batch; merging O(n log n) in the sightings of a server. Threads: none.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "detect/summary/summary.hpp"

namespace pinfold::detect {

class SummaryBook {
public:
  static constexpr Micros kGrace = std::chrono::seconds{3};
  static constexpr Micros kMemory = std::chrono::minutes{10};
  static constexpr std::size_t kMaxPending = 16'384;
  static constexpr std::size_t kMaxRemembered = 262'144;

  enum class Taken : std::uint8_t { New, Repeated, TooOld, Full };
  /// `TooOld`: published before everything that is remembered, so that nobody can tell whether it was taken already.
  Taken add(SummaryBatch batch);
  /// Both know what either knew; as if each batch had been added here.
  void merge(const SummaryBook& other);

  /// The seconds that are over at `now`, oldest first. A clock that is set back hands out nothing until it has caught up.
  [[nodiscard]] std::vector<MergedSummaries> take(WallTime now);

  struct Counters {
    std::uint64_t batches = 0;  ///< taken
    std::uint64_t repeated = 0;
    std::uint64_t late = 0;     ///< of those taken, after their second had been handed out
    std::uint64_t too_old = 0;  ///< refused: lost, unless it was a repetition
    std::uint64_t full = 0;     ///< refused: to be delivered again
  };
  [[nodiscard]] const Counters& counters() const { return x_counters; }
  [[nodiscard]] std::size_t pending() const { return x_pending.size(); }

private:
  using Place = std::pair<WallTime, SummaryKey>;
  std::map<Place, SummaryBatch> x_pending;
  std::set<Place> x_known;  ///< pending and handed out
  WallTime x_handed_out;    ///< all seconds up to this one
  WallTime x_forgotten;     ///< keys published before this are no longer known
  Counters x_counters;
};

}  // namespace pinfold::detect
