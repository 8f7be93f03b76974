#include "collect/poll_schedule.hpp"

#include <algorithm>

namespace pinfold::collect {

PollSchedule::PollSchedule(std::size_t switches, Nanos interval, MonoTime start) : x_interval(interval) {
  for (std::size_t i = 0; i < switches; ++i) {
    x_turns.push_back({start + interval * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(switches), 0, false});
  }
}

std::optional<std::size_t> PollSchedule::take(MonoTime now) {
  std::optional<std::size_t> longest;
  for (std::size_t i = 0; i < x_turns.size(); ++i) {
    const Turn& turn = x_turns[i];
    if (!turn.taken && turn.due <= now && (!longest || turn.due < x_turns[*longest].due)) {
      longest = i;
    }
  }
  if (longest) {
    x_turns[*longest].taken = true;
  }
  return longest;
}

void PollSchedule::done(std::size_t index, bool answered, MonoTime now) {
  Turn& turn = x_turns[index];
  turn.taken = false;
  if (answered) {
    turn.failures = 0;
    const std::int64_t missed = std::max<std::int64_t>((now - turn.due) / x_interval, 0);
    turn.due = turn.due + x_interval * (missed + 1);  // its own moment stays
    return;
  }
  ++turn.failures;
  const unsigned doublings = std::min(turn.failures - 1, 10U);
  turn.due = now + std::min(x_interval * (std::int64_t{1} << doublings), std::max(kLongestPause, x_interval));
}

}  // namespace pinfold::collect
