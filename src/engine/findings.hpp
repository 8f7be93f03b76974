/// Findings from the inbox to their cases. What a detector or an agent says is kept first and worked on then, so that a crash loses nothing.
/// Threads: `offer` on the collector's, which must not wait for a disk; `keep` and `work` on the finding worker's.
/// Bounds:  kMaxOffered findings wait in memory for the disk; beyond them the oldest is dropped and counted (its incident, if it still runs,
///          updates within seconds).
#pragma once

#include <atomic>
#include <deque>

#include "abuse/finding.hpp"
#include "base/clock.hpp"
#include "base/lock_guarded.hpp"
#include "engine/desk_service.hpp"

namespace pinfold::engine {

inline constexpr std::size_t kMaxOffered = 10'000;

class FindingWorker {
public:
  FindingWorker(DeskService& desk, const Clock& clock) : x_desk(desk), x_clock(clock) {}

  void offer(abuse::Finding finding);
  /// Durable when it returns. The same statement twice is one.
  void keep(const abuse::Finding& finding);
  [[nodiscard]] std::uint64_t dropped() const { return x_dropped; }
  /// Makes what was offered durable, many in one transaction (each waits for the disk); throws when the store takes nothing, and keeps the rest
  /// for the next time.
  void keep_offered();
  /// What waits, at most one round; true when there may be more.
  bool work();

private:
  void judge(const records::InboxItem& item);

  DeskService& x_desk;
  const Clock& x_clock;
  LockGuarded<std::deque<abuse::Finding>> x_offered;
  std::atomic<std::uint64_t> x_dropped{0};
};

}  // namespace pinfold::engine
