/// Port actions from the outbox: guards, journal and driver through enforce::Executor, the result back into the case; then the second proof,
/// silence on the wire. Also what the command line needs to look at a port.
/// Threads: the port worker's own; one action at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "enforce/executor.hpp"
#include "engine/desk_service.hpp"

namespace pinfold::engine {

/// With SNMP drivers for the configured switches.
[[nodiscard]] std::unique_ptr<enforce::Executor> make_executor(const config::Config& config, records::Store& store, const Clock& clock);
/// "up, ifOperStatus up", or why it could not be read. For people.
[[nodiscard]] std::string read_port(const config::Config& config, const inventory::Server& server);

/// What the collector knows of a server's silence.
struct TrafficView {
  std::optional<WallTime> last_from_server;  ///< end time of the last record from it
  std::optional<WallTime> last_from_anyone;  ///< end time of the last record at all: the collector is not deaf
};

class PortWorker {
public:
  using Traffic = std::function<TrafficView(const ServerId&)>;
  PortWorker(DeskService& desk, enforce::Executor& executor, const Clock& clock, Traffic traffic);

  /// Takes up what a process that is gone had begun. Call before anything else may act.
  void recover();
  /// One job; true when there may be more.
  bool work();
  /// Looks whether servers whose port was shut have fallen silent. Call about once a second.
  void watch_silence();

private:
  void record(const records::Job* job, const enforce::ActionRequest& request, const enforce::ActionOutcome& outcome);
  void retry_later(const records::Job& job, const enforce::ActionOutcome& outcome);
  void judge_silence(CaseId id);
  [[nodiscard]] enforce::Executor::StillHolds still_holds();

  DeskService& x_desk;
  enforce::Executor& x_executor;
  const Clock& x_clock;
  Traffic x_traffic;
};

}  // namespace pinfold::engine
