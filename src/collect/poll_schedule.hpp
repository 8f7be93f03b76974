/// When each switch is asked next. Pure.
/// Every switch has its own moment in the interval, so that they are not all asked at once. A switch is asked by one thread at a time; a turn that
/// passed while it was being asked, or while all threads were busy, is left out, never made up for: nothing can pile up. A switch that does not
/// answer is asked less and less often, up to kLongestPause apart, so that the silent ones cannot take the others' time.
/// Used by: interface_poller. Clock: passed in, monotonic. Threads: none. Cost: O(switches) a turn, no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"

namespace pinfold::collect {

inline constexpr Nanos kLongestPause = std::chrono::minutes{10};

class PollSchedule {
public:
  PollSchedule(std::size_t switches, Nanos interval, MonoTime start);

  /// One that is due and not being asked: the one that waits longest. It is taken until `done`.
  [[nodiscard]] std::optional<std::size_t> take(MonoTime now);
  void done(std::size_t index, bool answered, MonoTime now);
  [[nodiscard]] unsigned failures(std::size_t index) const { return x_turns[index].failures; }  ///< in a row

private:
  struct Turn {
    MonoTime due;
    unsigned failures = 0;
    bool taken = false;
  };
  Nanos x_interval;
  std::vector<Turn> x_turns;
};

}  // namespace pinfold::collect
