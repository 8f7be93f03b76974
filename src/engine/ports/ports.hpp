/// Port actions from the outbox: guards, journal and driver through enforce::Executor, the result back into the case; then the second proof,
/// silence on the wire; and what is looked after between actions: open journal rows, drift, configurations that are not saved yet.
/// Threads: the port worker's own; one action at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "enforce/executor.hpp"
#include "enforce/upkeep.hpp"
#include "engine/desk_service.hpp"

namespace pinfold::engine {

/// What the collector knows of a server's silence.
struct TrafficView {
  std::optional<WallTime> last_from_server;  ///< end time of the last record from it
  std::optional<WallTime> last_from_anyone;  ///< end time of the last record at all: the collector is not deaf
};

class PortWorker {
public:
  using Traffic = std::function<TrafficView(const ServerId&)>;
  PortWorker(DeskService& desk, enforce::Executor& executor, enforce::Upkeep upkeep, std::vector<SwitchId> switches, const Clock& clock,
             Traffic traffic);

  /// Takes up port actions that a process that is gone had begun. Call before anything else may act.
  void take_up_open_rows();
  /// Puts back jobs that a process that is gone had claimed: running one again tells the journal's result, or takes up what was begun.
  void recover();
  /// Takes up open rows, looks for drift and saves configurations, each when its time has come. Call about once a second.
  void look_after();
  /// One job; true when there may be more.
  bool work();
  /// Looks whether servers whose port was shut have fallen silent. Call about once a second.
  void watch_silence();

private:
  void record(const records::Job* job, const enforce::ActionRequest& request, const enforce::ActionOutcome& outcome);
  void retry_later(const records::Job& job, const enforce::ActionOutcome& outcome);
  void judge_silence(CaseId id);
  void report(const enforce::Drift& drift);
  [[nodiscard]] enforce::Executor::StillHolds still_holds();

  DeskService& x_desk;
  enforce::Executor& x_executor;
  enforce::Upkeep x_upkeep;
  std::vector<SwitchId> x_switches;
  std::optional<MonoTime> x_looked_after;  ///< when it was last done
  const Clock& x_clock;
  Traffic x_traffic;
};

}  // namespace pinfold::engine
