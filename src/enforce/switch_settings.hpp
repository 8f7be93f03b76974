/// What the shared store's settings say of the enforcement as a whole (stopped or not), of a switch (armed, since when) and of a port (opened by
/// others). Used by: the executor, upkeep, and whoever arms or stops. Clock: wall time, passed in. Threads: the transaction's.
/// Bounds:  three rows a switch and one a port that was ever shut. Errors: what is damaged counts as not set, or as unknown.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "records/store.hpp"

namespace pinfold::enforce {

/// Names in records::Settings. Value "yes" = set; anything else, or nothing, is not.
inline constexpr std::string_view kStopSetting = "enforce/stop";  ///< the kill switch as `pinfold stop` sets it; the file is the other one
[[nodiscard]] std::string arming_setting(const SwitchId& id);     ///< "enforce/armed/sw1"
/// Arms, remembering since when (an armed switch stays armed since then), or disarms.
void arm_switch(records::Transaction& tx, const SwitchId& id, bool armed, WallTime now);
[[nodiscard]] std::optional<WallTime> armed_since(records::Transaction& tx, const SwitchId& id);
/// The port that `down` shut was seen up: somebody opened it. If it is shut later, that is somebody else's doing, and not Pinfold's to open.
void note_opened_by_others(records::Transaction& tx, const records::JournalRow& down);
[[nodiscard]] bool was_opened_by_others(records::Transaction& tx, const records::JournalRow& down);

}  // namespace pinfold::enforce
