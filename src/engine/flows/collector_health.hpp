/// What the collector counts, as the metrics page shows it, and whether the desk sees enough to judge: losses of the last minute.
/// Used by: serve. docs/manual/flows.md lists every metric, what it means and what to do about it.
/// Threads: LossWatch may be asked from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/lock_guarded.hpp"
#include "base/time.hpp"
#include "collect/counters.hpp"
#include "http/staff_pages.hpp"

namespace pinfold::engine {

void add_collector_metrics(const collect::CollectorCounters& counters, std::vector<http::Health::Metric>& metrics);

/// Everything that arrived or should have, and what of it was lost, in datagrams and packets; gaps of records count as at least one.
struct Losses {
  std::uint64_t arrived = 0;
  std::uint64_t kernel = 0;      ///< no room in a receive buffer or a ring
  std::uint64_t on_way = 0;      ///< gaps in the exporters' sequence numbers
  std::uint64_t unreadable = 0;  ///< refused datagrams, data sets without a template
  [[nodiscard]] std::uint64_t lost() const { return kernel + on_way + unreadable; }
};
[[nodiscard]] Losses losses_of(const collect::CollectorCounters& counters);

/// Compares the counters with those of the minute before.
class LossWatch {
public:
  /// More than this is not healthy: scans are then missed. A few lost datagrams are ordinary.
  static constexpr std::uint64_t kPerMilleIsIll = 10;
  static constexpr Micros kWindow = std::chrono::minutes{1};

  /// The part of the desk's health that is called "flows".
  [[nodiscard]] http::Health::Part part(const collect::CollectorCounters& counters, WallTime now);

private:
  struct Seen {
    WallTime at;
    Losses sums;
  };
  struct State {
    Seen older;  ///< between one and two windows ago, once the desk has run for that long
    Seen newer;
  };
  LockGuarded<State> x_state;
};

/// The setting under which the running desk leaves its counters every kReportEvery, for `pinfold health`: a JSON object with "at", "healthy", "note"
/// and "counters" (by metric and labels; those that are zero are left out, and what goes beyond kMaxReported).
inline constexpr std::string_view kFlowsReport = "flows.report";
inline constexpr Seconds kReportEvery{10};
inline constexpr std::size_t kMaxReported = 1000;
[[nodiscard]] std::string flows_report(const collect::CollectorCounters& counters, const http::Health::Part& part, WallTime now);

}  // namespace pinfold::engine
