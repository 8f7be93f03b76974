/// What is looked after between actions: ports that do not stay as Pinfold left them, and configurations that are not saved yet.
///
/// Drift:   reported and never fought. A port that Pinfold shut and that is up now was opened by somebody, who may know why; once it is shut again it
///          is no longer Pinfold's, which is told as well. Nor is a port opened that others shut. For a day after an enable the port is watched too.
/// Saving:  a step of its own, at most one a switch in `save_every`, for all the actions since the last; it is checked by the driver, and a switch
///          that cannot be saved is tried again and told about.
/// Used by: engine's port worker, once a minute. Takes the switch's lease for a save, none for looking.
/// Clock:   wall. Threads: one. Bounds: one reading for each port that Pinfold holds down or opened within kWatchAfterEnable.
/// Errors:  StoreError is passed on. A switch that does not answer is left for the next round.
#pragma once

#include <string>
#include <vector>

#include "enforce/executor.hpp"

namespace pinfold::enforce {

inline constexpr Micros kWatchAfterEnable = std::chrono::hours{24};
inline constexpr Micros kSaveEvery = std::chrono::seconds{60};

struct Drift {
  records::JournalRow row;  ///< what Pinfold did last
  std::string what;         ///< one sentence
};

struct Saved {
  SwitchId switch_id;
  bool done = false;
  std::string why;  ///< when not done
};

class Upkeep {
public:
  Upkeep(records::Store& store, Executor::DriverFactory drivers, const Clock& clock, std::string owner, IsGone is_gone = {})
      : x_store(store), x_drivers(std::move(drivers)), x_clock(clock), x_owner(std::move(owner)), x_is_gone(std::move(is_gone)) {}

  /// What is new since the last look; a drift is told once, and again only after the port had been as it should be.
  [[nodiscard]] std::vector<Drift> look_for_drift();
  /// One entry for each switch that was due.
  [[nodiscard]] std::vector<Saved> save_due(const std::vector<SwitchId>& switches);

private:
  /// How a port is, against how Pinfold left it.
  struct Sight {
    std::string_view kind;  ///< "opened", "shut", "gone", "unconfigured"; empty: as it was left
    std::string what;       ///< one sentence; empty with an empty kind
  };
  /// nullopt: the switch says nothing now.
  [[nodiscard]] std::optional<Sight> look_at(const records::JournalRow& row);
  /// Remembers what was seen; true when it differs from the last time and is to be told.
  [[nodiscard]] bool is_news(const records::JournalRow& row, const Sight& sight);
  [[nodiscard]] std::optional<Saved> save(const SwitchId& id);

  records::Store& x_store;
  Executor::DriverFactory x_drivers;
  const Clock& x_clock;
  std::string x_owner;
  IsGone x_is_gone;
};

}  // namespace pinfold::enforce
