/// The part of the policy file that is the desk's: [policy], [limits], [class.*], [level.*], [[maintenance]], [[on_call]]. Refuses what contradicts
/// itself and what could break an invariant (a measure armed where warnings are not, for any class at any level). Internal to `config`.
#pragma once

#include "config/toml_table.hpp"
#include "desk/policy.hpp"

namespace pinfold::config {

void read_desk_policy(TableReader& root, desk::Policy& policy);

}  // namespace pinfold::config
