/// The one door to the real clocks. Pure code takes `now` as a parameter; what owns timers takes a `Clock&`.
/// Only base/system_clock.cpp reads the machine's clock (`make lint` keeps it so).
#pragma once

#include "base/time.hpp"

namespace pinfold {

class Clock {
public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual MonoTime mono() const = 0;
  [[nodiscard]] virtual WallTime wall() const = 0;
};

/// CLOCK_MONOTONIC and CLOCK_REALTIME. Safe from any thread.
[[nodiscard]] const Clock& system_clock();

/// A clock that stands until it is moved: for tests and simulations. Not for several threads.
class ManualClock final : public Clock {
public:
  explicit ManualClock(WallTime start) : x_wall(start) {}
  [[nodiscard]] MonoTime mono() const override { return x_mono; }
  [[nodiscard]] WallTime wall() const override { return x_wall; }
  void advance(Micros by) {
    x_wall = x_wall + by;
    x_mono = x_mono + by;
  }
  /// A step of the wall clock alone, as an administrator or NTP would do it.
  void step_wall(Micros by) { x_wall = x_wall + by; }

private:
  WallTime x_wall;
  MonoTime x_mono{};
};

}  // namespace pinfold
