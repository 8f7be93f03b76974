/// The machine's clocks, but a step of the wall clock is not followed at once. An operator's slip, a broken time server or a bad clock chip must not
/// let an owner's 24 hours pass in a second, nor end the leases of processes that live.
///
///   in step ──(wall and monotonic time differ by more than kTolerated at once)──▶ stepped: goes on by monotonic time
///      ▲                                                                            │
///      ├──(the machine's clock is back)─────────────────────────────────────────────┤
///      └──(it has stayed so for kHold, or a witness says the same)── follow ────────┘
///
/// A step that stays is right more often than not (the clock was wrong before), so it is followed in the end, with people told meanwhile
/// (engine/clock_watch.hpp). A witness is a clock of which others go by too: the database's server. With one, time alone never makes a step right.
/// Used by: every program that writes to a store. Clock: this is one; reads the one given. Threads: any. Cost: two readings of a clock and a lock.
/// Bounds:  a slew of any size is followed, in parts of at most kTolerated between two readings. Time in which the machine was suspended is a step.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace pinfold {

class StepGuard final : public Clock {
public:
  static constexpr Micros kTolerated = std::chrono::seconds{5};
  static constexpr Micros kHold = std::chrono::minutes{10};
  /// Clocks of two machines that differ by no more agree.
  static constexpr Micros kMostApart = std::chrono::seconds{10};

  explicit StepGuard(const Clock& machine);

  [[nodiscard]] MonoTime mono() const override { return x_machine.mono(); }
  [[nodiscard]] WallTime wall() const override;

  /// How far the machine's clock is ahead of this one (behind: negative) while a step is not followed; nullopt: they agree.
  [[nodiscard]] std::optional<Micros> ahead() const;
  /// So many steps were followed, all in all.
  [[nodiscard]] unsigned followed() const;

  /// What is to be said against writing with this clock, when the witness's shows that time now; nullopt: nothing. Follows the machine's clock at
  /// once where it agrees with the witness. From the first call on there is a witness.
  [[nodiscard]] std::optional<std::string> objection(WallTime witness) const;

private:
  struct Reading {
    WallTime wall;
    MonoTime mono;
    [[nodiscard]] Micros offset() const { return wall.since_epoch - std::chrono::duration_cast<Micros>(mono.since_start); }
  };
  struct Step {
    Micros ahead;
    MonoTime since;
  };
  [[nodiscard]] Reading read() const;
  [[nodiscard]] WallTime wall_of(const Reading& machine) const;
  void follow(const Reading& machine) const;

  const Clock& x_machine;
  mutable std::mutex x_mutex;
  mutable Micros x_offset;  ///< of wall time to monotonic time
  mutable std::optional<Step> x_step;
  mutable bool x_has_witness = false;
  mutable unsigned x_followed = 0;
};

}  // namespace pinfold
