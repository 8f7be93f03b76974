/// Tells people when the machine's clock was stepped (base/step_guard.hpp): a line in the log, a call, a part of the desk's health while the desk
/// goes on by its own time; and again when the step was followed, for then our ears begin anew (engine/ears.hpp) and no silence of before counts.
/// Used by: serve. Threads: `look` one worker's, `part` any. Errors: StoreError from look; what could not be recorded is with the next look.
#pragma once

#include "base/step_guard.hpp"
#include "http/health.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

class ClockWatch {
public:
  ClockWatch(records::Store& store, const StepGuard& clock) : x_store(store), x_clock(clock) {}
  void look();
  [[nodiscard]] http::Health::Part part() const;

private:
  void call_person(const std::string& what);

  records::Store& x_store;
  const StepGuard& x_clock;
  std::optional<Micros> x_told;  ///< the step that people know of
  unsigned x_followed = 0;
};

}  // namespace pinfold::engine
