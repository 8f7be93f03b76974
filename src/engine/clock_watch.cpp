#include "engine/clock_watch.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "engine/jobs.hpp"

namespace pinfold::engine {
namespace {

std::string words(Micros ahead) {
  const auto whole = std::chrono::round<Seconds>(ahead < Micros{0} ? -ahead : ahead);
  return fmt::format("{} {}", to_string(Micros{whole}), ahead < Micros{0} ? "behind" : "ahead of");
}

}  // namespace

void ClockWatch::look() {
  const std::optional<Micros> ahead = x_clock.ahead();
  if (const unsigned followed = x_clock.followed(); followed != x_followed) {
    log_warning("CLOCK_FOLLOWED", "the machine's clock stayed where it was set, and the desk now goes by it: {}", to_string(x_clock.wall()));
    call_person("the desk now goes by the machine's clock as it was set. Silence of owners from before does not count; look at what became due");
    x_followed = followed;
  }
  const bool is_news = ahead && (!x_told || *ahead - *x_told > StepGuard::kTolerated || *x_told - *ahead > StepGuard::kTolerated);
  if (is_news) {
    log_warning("CLOCK_STEPPED", "the machine's clock was set: it is {} the desk's, which goes on by its own time", words(*ahead));
    call_person(fmt::format("the clock of the desk's machine was set: it is {} the desk's, which goes on by its own for now. Put the clock right",
                            words(*ahead)));
  } else if (!ahead && x_told) {
    log_info("CLOCK_RIGHT", "the machine's clock and the desk's agree again");
  }
  x_told = ahead;
}

void ClockWatch::call_person(const std::string& what) {
  const WallTime now = x_clock.wall();
  x_store.transact([&](records::Transaction& tx) {
    tx.outbox().add(to_job(CaseId{}, {fmt::format("clock/{}", to_string(now)), desk::CallPerson{what}}, now));
  });
}

http::Health::Part ClockWatch::part() const {
  const std::optional<Micros> ahead = x_clock.ahead();
  return {"clock", !ahead, ahead ? fmt::format("the machine's clock is {} the desk's", words(*ahead)) : "agrees with the machine's"};
}

}  // namespace pinfold::engine
