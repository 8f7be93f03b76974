/// Polls switches for the counters of the ports that servers stand on.
///
///   schedule ─▶ who are you? ─restarted, table changed, an hour passed─▶ names ─▶ InterfaceTable
///                  │                                                        │
///                  └──────────────▶ counters of the wanted ports, by name ◀─┘ ─▶ rate(before, after) ─▶ sink
///
/// Only ports with exactly one server count: what several servers share says nothing about one of them. Each answer carries the port's name beside
/// its counters, so that an index that moved between two questions cannot charge a neighbour.
/// Used by: engine: several workers call poll_one(), which blocks on the network for at most a few time-outs and never on another switch.
/// Clock:   injected. Threads: any. The sink is called from the polling thread, without any lock held.
/// Cost:    13 objects a port, three ports a request; one reading (about 200 bytes) a wanted port is kept.
/// Errors:  counted a switch; a switch that does not answer is asked less often (poll_schedule.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/lock_guarded.hpp"
#include "collect/interface_counters.hpp"
#include "collect/interface_table.hpp"
#include "collect/poll_schedule.hpp"
#include "collect/switch_reader.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::collect {

struct PolledSwitch {
  SwitchId id;
  OpenAgent open;
};

struct SwitchCounters {
  SwitchId id;
  std::uint64_t polls = 0;
  std::uint64_t failures = 0;
  std::uint64_t renamings = 0;                 ///< the names were read anew
  std::uint64_t intervals = 0;                 ///< handed to the sink
  std::array<std::uint64_t, kNoRates> gaps{};  ///< by NoRate
  std::size_t ports = 0;                       ///< wanted and present
  std::size_t absent = 0;                      ///< wanted, but no port has that name
  std::optional<std::string> fault;            ///< the last poll's; nullopt: it answered
};

class InterfacePoller {
public:
  using Sink = std::function<void(const ServerId&, const InterfaceInterval&)>;
  /// Names are read anew so often even where nothing seems to have changed: not every agent keeps ifTableLastChange.
  static constexpr Nanos kRefreshNames = std::chrono::hours{1};

  /// `clock` and `table` must outlive the poller.
  InterfacePoller(std::vector<PolledSwitch> switches, Nanos interval, const Clock& clock, InterfaceTable& table, Sink sink);
  ~InterfacePoller();
  InterfacePoller(const InterfacePoller&) = delete;
  InterfacePoller& operator=(const InterfacePoller&) = delete;

  void set_inventory(const inventory::Inventory& inventory);
  /// Asks one switch that is due. False: none was.
  bool poll_one();
  [[nodiscard]] std::vector<SwitchCounters> counters() const;

private:
  class Polled;
  using Wanted = std::map<PortName, ServerId>;
  using WantedPorts = std::map<SwitchId, std::shared_ptr<const Wanted>>;

  const Clock& x_clock;
  Sink x_sink;
  LockGuarded<PollSchedule> x_schedule;
  LockGuarded<WantedPorts> x_wanted;
  std::vector<std::unique_ptr<Polled>> x_switches;
};

}  // namespace pinfold::collect
