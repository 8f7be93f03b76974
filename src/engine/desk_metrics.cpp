#include "engine/desk_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "engine/breaker.hpp"

namespace pinfold::engine {
namespace {

using http::Health;
using records::Waiting;

double age(const std::optional<WallTime>& since, WallTime now) {
  return since ? std::max(0.0, std::chrono::duration<double>(now - *since).count()) : 0.0;
}

/// The two metrics of what waits: how many, and for how many seconds the oldest.
struct WaitingNames {
  const char* count;
  const char* oldest;
};
constexpr WaitingNames kJobs{"pinfold_outbox_jobs", "pinfold_outbox_jobs_oldest_seconds"};
constexpr WaitingNames kInbox{"pinfold_inbox_pending", "pinfold_inbox_pending_oldest_seconds"};
constexpr WaitingNames kCalls{"pinfold_calls_open", "pinfold_calls_open_oldest_seconds"};

void add_waiting(std::vector<Health::Metric>& metrics, const WaitingNames& names, const std::string& labels, const Waiting& row, WallTime now) {
  metrics.push_back({names.count, labels, static_cast<double>(row.count)});
  metrics.push_back({names.oldest, labels, age(row.oldest, now)});
}

std::uint64_t ports_down(records::Transaction& tx) {
  const auto rows = tx.journal().newest_of_each_port();
  return static_cast<std::uint64_t>(std::count_if(rows.begin(), rows.end(), [](const records::JournalRow& row) {
    return row.wish == desk::PortWish::Down || row.state != records::JournalState::Verified;
  }));
}

}  // namespace

std::vector<Health::Metric> DeskMetrics::count() {
  std::vector<Health::Metric> metrics;
  const WallTime now = x_clock.wall();
  x_store.read([&](records::Transaction& tx) {
    const records::Census census = tx.housekeeping().census();
    for (const Waiting& row : census.cases) {
      metrics.push_back({"pinfold_cases_open", fmt::format("family=\"{}\",state=\"{}\"", row.kind, row.state), static_cast<double>(row.count)});
    }
    for (const Waiting& row : census.jobs) {
      add_waiting(metrics, kJobs, fmt::format("kind=\"{}\",state=\"{}\"", row.kind, row.state), row, now);
    }
    for (const Waiting& row : census.inbox) {
      add_waiting(metrics, kInbox, fmt::format("kind=\"{}\"", row.kind), row, now);
    }
    add_waiting(metrics, kCalls, "", census.calls, now);
    metrics.push_back({"pinfold_reports_triage", "", static_cast<double>(census.triage)});
    metrics.push_back({"pinfold_ports_held_down", "", static_cast<double>(ports_down(tx))});
    metrics.push_back({"pinfold_breaker_open", "breaker=\"notices\"", is_open(tx, Breaker::Notices) ? 1.0 : 0.0});
    metrics.push_back({"pinfold_breaker_open", "breaker=\"measures\"", is_open(tx, Breaker::Measures) ? 1.0 : 0.0});
  });
  return metrics;
}

void DeskMetrics::add_to(std::vector<Health::Metric>& metrics) {
  const MonoTime now = x_clock.mono();
  const bool is_due = x_counted.with([&](Counted& counted) {
    const bool due = !counted.at || now - *counted.at >= kEvery;
    if (due) {
      counted.at = now;  // only one counts, the others take what there is
    }
    return due;
  });
  if (is_due) {
    auto fresh = count();
    x_counted.with([&](Counted& counted) { counted.metrics = std::move(fresh); });
  }
  x_counted.with([&](const Counted& counted) { metrics.insert(metrics.end(), counted.metrics.begin(), counted.metrics.end()); });
}

}  // namespace pinfold::engine
