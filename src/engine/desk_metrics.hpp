/// How the desk itself is doing, as metrics: open cases, effects that wait and for how long, mails and findings not yet worked on, calls that nobody
/// took, reports in triage, ports held down, open breakers. Used by: serve, for /metrics.
/// Counted at most once in kEvery, by whoever asks first after that: one reading transaction.
/// Threads: any. Clock: injected, monotonic for the pace, wall for ages. Errors: StoreError is passed on; the counts before it stay.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/lock_guarded.hpp"
#include "desk/policy.hpp"
#include "http/health.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

class DeskMetrics {
public:
  static constexpr Micros kEvery = std::chrono::seconds{10};

  DeskMetrics(records::Store& store, const Clock& clock) : x_store(store), x_clock(clock) {}

  void add_to(std::vector<http::Health::Metric>& metrics);

private:
  struct Counted {
    std::optional<MonoTime> at;
    std::vector<http::Health::Metric> metrics;
  };
  [[nodiscard]] std::vector<http::Health::Metric> count();

  records::Store& x_store;
  const Clock& x_clock;
  LockGuarded<Counted> x_counted;
};

}  // namespace pinfold::engine
