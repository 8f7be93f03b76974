// A clock that stands until it is moved, as ManualClock does, and that other threads may read meanwhile.
#pragma once

#include <atomic>

#include "base/clock.hpp"

namespace pinfold::test {

class SharedClock final : public Clock {
public:
  explicit SharedClock(WallTime start) : x_start(start) {}
  [[nodiscard]] MonoTime mono() const override { return MonoTime{} + Micros{x_passed}; }
  [[nodiscard]] WallTime wall() const override { return x_start + Micros{x_passed}; }
  void advance(Micros by) { x_passed += by.count(); }

private:
  WallTime x_start;
  std::atomic<Micros::rep> x_passed{0};
};

}  // namespace pinfold::test
