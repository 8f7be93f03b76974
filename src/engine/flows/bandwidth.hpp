/// Bandwidth by server: takes the minutes that flows show and the intervals that interface counters show, and keeps both in the history.
///
///   collector ──minutes──▶ ┐
///                          ├─ pending ──once a minute──▶ history ─▶ percentiles, series
///   poller ──intervals──▶ ─┤
///   pushed counters ─────▶ ┤
///      └─names of ports──▶ └─▶ collector (windows of servers without flows; attribution by port)
///
/// Used by: serve, whose workers call `keep` (once a second) and `poll` (kPollers threads, so that one silent switch does not hold the others up).
/// Lost at a kill: what is pending, and the minutes that the accountant still holds: four at most. `finish` writes them out.
/// Bounds:  kMaxPending samples while the history cannot be written; further ones are dropped and counted.
/// Clock:   injected. Threads: any. Errors: StoreError out of `keep`; what could not be written stays pending.
#pragma once

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/lock_guarded.hpp"
#include "collect/collector.hpp"
#include "collect/interface_poller.hpp"
#include "collect/interface_table.hpp"
#include "collect/pushed_counters.hpp"
#include "config/config.hpp"
#include "http/staff_pages.hpp"
#include "records/history.hpp"

namespace pinfold::engine {

class Bandwidth {
public:
  static constexpr std::size_t kMaxPending = 500'000;
  static constexpr unsigned kPollers = 4;

  /// `collector` may be null (neither flows nor switches); it and `clock` must outlive this. `exporters` in the collector's order.
  Bandwidth(const config::Config& config, std::vector<collect::AllowedExporter> exporters, collect::Collector* collector,
            const inventory::Inventory& inventory, const Clock& clock);

  [[nodiscard]] bool polls() const { return x_poller != nullptr; }
  void set_inventory(const inventory::Inventory& inventory);
  void keep();
  /// True: a switch was asked, and another may be due.
  bool poll() { return x_poller && x_poller->poll_one(); }
  void finish();
  void add_metrics(http::Health& health) const;

private:
  [[nodiscard]] bool is_polled(const ServerId& server) const;
  void take(const ServerId& server, const collect::InterfaceInterval& interval);
  void add_pending(std::vector<records::TrafficSample> samples);
  void write_pending();

  const Clock& x_clock;
  std::vector<collect::AllowedExporter> x_exporters;
  collect::Collector* x_collector;
  std::unique_ptr<records::History> x_history;
  collect::InterfaceTable x_table;
  std::unique_ptr<collect::InterfacePoller> x_poller;  ///< null: no interface counters
  LockGuarded<collect::PushedCounters> x_pushed;
  LockGuarded<std::unordered_map<ServerId, MonoTime>> x_polled;  ///< when the poller last had figures of it
  LockGuarded<std::vector<records::TrafficSample>> x_pending;
  std::atomic<std::uint64_t> x_dropped{0};
  std::atomic<std::uint64_t> x_written{0};
  std::int64_t x_minute = -1;      ///< the last one that was taken; of `keep` alone
  std::uint64_t x_table_seen = 0;  ///< likewise
};

}  // namespace pinfold::engine
