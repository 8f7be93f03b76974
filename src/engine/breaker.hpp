/// The circuit breaker: when more notices or more disables are asked for within an hour than the policy allows, a detector or a feed has gone wrong.
/// It opens then, nothing more goes out, a person is called, and only a person closes it (`pinfold breaker reset`). Kept in the store, so that
/// every process sees it and a restart does not forget.
/// Open on notices: letters wait in the outbox. Open on measures: the proof's clause "nothing stops it" fails. People's own orders are not stopped.
/// Bounds: two settings. Clock: the caller's.
#pragma once

#include <vector>

#include "desk/policy.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

enum class Breaker : std::uint8_t { Notices, Measures };

[[nodiscard]] bool is_open(records::Transaction& tx, Breaker breaker);
/// Counts what was just recorded, and opens a breaker that has seen too much.
void watch_breakers(records::Transaction& tx, CaseId id, const std::vector<desk::Event>& added, const desk::Policy& policy, WallTime now);
/// What is counted begins anew.
void reset(records::Transaction& tx, Breaker breaker, WallTime now);

}  // namespace pinfold::engine
