/// The record against the truth: what the switches themselves show of every recorded port, compared by the guards' own rules about it (G1 to G4),
/// so that a difference is known before it holds, or misleads, an action.
/// Used by: the port worker of `pinfold serve`, whenever no action waits; `pinfold inventory check` for all servers at once.
/// Each server is compared about once in kCompareEvery, never more than one a second. Servers without a recorded port, and ports that Pinfold
/// itself holds down, are passed over. What is found stands in the store until the next comparison of that server finds otherwise.
/// Clock:   monotonic for the pace, wall for the record. Threads: the caller's. Cost: one inspection of a switch; writes to no switch.
/// Errors:  StoreError is passed on. A switch that cannot be read is a difference, too: an action would meet the same.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "enforce/executor.hpp"
#include "engine/desk_service.hpp"

namespace pinfold::engine {

inline constexpr Micros kCompareEvery = std::chrono::hours{6};
inline constexpr Micros kCompareAtMostEvery = std::chrono::seconds{1};

/// One for each rule that does not pass; one without a rule when the switch could not be read.
[[nodiscard]] std::vector<records::RecordDifference> differences_of(const ServerId& server, const enforce::DryRun& dry, WallTime now);

class RecordCheck {
public:
  RecordCheck(DeskService& desk, enforce::Executor& executor, const Clock& clock) : x_desk(desk), x_executor(executor), x_clock(clock) {}

  /// Compares the next server if its time has come; false: not yet.
  bool look();

private:
  [[nodiscard]] bool is_held_down(const inventory::AccessPort& port);
  void compare(const inventory::Server& server, const inventory::Inventory& inventory);

  DeskService& x_desk;
  enforce::Executor& x_executor;
  const Clock& x_clock;
  std::size_t x_next = 0;             ///< position in the inventory's list of servers
  std::optional<MonoTime> x_next_at;  ///< nullopt: at once
};

}  // namespace pinfold::engine
