/// One writer a switch, over all desks that share a store: a lease in records::Settings, taken in the same transaction as the journal's line.
/// Used by: the executor. A lease is held from INTENT to the end of the action and renewed by every step; whoever lacks it neither writes to the
/// switch nor touches its open journal rows, so that recovery in one desk cannot take over what another is doing.
/// Clock:   wall time, passed in. Desks' clocks must agree to within a few seconds (NTP); the lease is far longer than an action.
/// Errors:  a damaged value counts as nobody's: the journal's open rows still block their ports.
/// Bounds:  one settings row a switch.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "records/store.hpp"

namespace pinfold::enforce {

/// Longer than any action: inspection, a slow command line, ten seconds of verification.
inline constexpr Micros kLeaseLife = std::chrono::minutes{2};

/// True when a desk of that name is known to be gone, so that its lease is nobody's before it ends.
using IsGone = std::function<bool(const std::string& owner)>;

/// Takes or renews; false: another desk holds it.
[[nodiscard]] bool take_lease(records::Transaction& tx, const SwitchId& id, const std::string& owner, WallTime now, const IsGone& is_gone);
/// Gives it back if it is ours.
void release_lease(records::Transaction& tx, const SwitchId& id, const std::string& owner);

/// The same for whatever else one desk does at a time, under a settings name of its own.
[[nodiscard]] bool take_lease(records::Transaction& tx, std::string_view setting, Micros life, const std::string& owner, WallTime now,
                              const IsGone& is_gone);
void release_lease(records::Transaction& tx, std::string_view setting, const std::string& owner);

}  // namespace pinfold::enforce
