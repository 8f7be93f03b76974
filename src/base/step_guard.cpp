#include "base/step_guard.hpp"

#include <fmt/format.h>

namespace pinfold {
namespace {

/// A process that stood still between two readings has not seen a step.
constexpr Nanos kOneReading = std::chrono::milliseconds{500};
constexpr int kMostReadings = 5;

bool within(Micros difference, Micros most) { return difference <= most && difference >= -most; }

}  // namespace

StepGuard::StepGuard(const Clock& machine) : x_machine(machine), x_offset(read().offset()) {}

StepGuard::Reading StepGuard::read() const {
  Reading reading;
  for (int i = 0; i < kMostReadings; ++i) {
    const MonoTime before = x_machine.mono();
    reading.wall = x_machine.wall();
    reading.mono = x_machine.mono();
    if (reading.mono - before <= kOneReading) {
      break;
    }
  }
  return reading;
}

WallTime StepGuard::wall() const {
  const std::lock_guard lock(x_mutex);
  return wall_of(read());
}

WallTime StepGuard::wall_of(const Reading& machine) const {
  const Micros ahead = machine.offset() - x_offset;
  if (within(ahead, kTolerated)) {
    x_offset = machine.offset();
    x_step.reset();
    return machine.wall;
  }
  if (!x_step || !within(x_step->ahead - ahead, kTolerated)) {
    x_step = Step{ahead, machine.mono};
  } else if (!x_has_witness && machine.mono - x_step->since >= Nanos{kHold}) {
    follow(machine);
    return machine.wall;
  }
  return machine.wall - ahead;
}

void StepGuard::follow(const Reading& machine) const {
  x_offset = machine.offset();
  x_step.reset();
  ++x_followed;
}

std::optional<Micros> StepGuard::ahead() const {
  const std::lock_guard lock(x_mutex);
  static_cast<void>(wall_of(read()));
  return x_step ? std::optional(x_step->ahead) : std::nullopt;
}

unsigned StepGuard::followed() const {
  const std::lock_guard lock(x_mutex);
  return x_followed;
}

std::optional<std::string> StepGuard::objection(WallTime witness) const {
  const std::lock_guard lock(x_mutex);
  x_has_witness = true;
  const Reading machine = read();
  const WallTime ours = wall_of(machine);
  if (within(ours - witness, kMostApart)) {
    return std::nullopt;
  }
  if (x_step && within(machine.wall - witness, kMostApart)) {
    follow(machine);
    return std::nullopt;
  }
  return fmt::format("the clocks do not agree: here it is {}, at the database {}; nothing is written until they do", to_string(ours),
                     to_string(witness));
}

}  // namespace pinfold
