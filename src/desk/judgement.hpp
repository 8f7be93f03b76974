/// The questions that step, the proof and the timer all ask of a case. Private to the desk. Pure; every time is a parameter.
#pragma once

#include <optional>

#include "desk/case.hpp"
#include "desk/policy.hpp"

namespace pinfold::desk {

/// Own telemetry, sure enough to act on.
[[nodiscard]] bool counts(const Sighting& s, const Policy& policy);

/// When the response window of the delivered warning ends; nullopt: no warning has reached anybody.
[[nodiscard]] std::optional<WallTime> deadline(const Case& c, const Policy& policy);

/// The second event: of the sightings that count and whose event time lies after the deadline, the latest. nullptr: it has not happened again.
[[nodiscard]] const Sighting* happened_again(const Case& c, const Policy& policy);

/// Network and host both saw the second event.
[[nodiscard]] bool both_origins_agree(const Case& c, const Sighting& again, const Policy& policy);

/// Until when the last answer is taken at its word: the promised date, but no further than the watch window (time, not immunity).
[[nodiscard]] WallTime answer_covers_until(const Case& c, const Policy& policy);

/// What contradicts the answer. Either a new bout after it (after the promised date, if there is one), or the old bout, when it still runs past that
/// date, or past a response window where no date was named (nobody mends a server in the second in which they answer). nullptr: nothing.
[[nodiscard]] const Sighting* contradicts_answer(const Case& c, const Policy& policy);

/// Abuse that took place after the port came back. nullptr: none.
[[nodiscard]] const Sighting* breaks_probation(const Case& c, const Policy& policy);

/// When the case closes by quiet alone, if nothing more happens; nullopt: not by time. A mail that waits for a person keeps it open.
[[nodiscard]] std::optional<WallTime> closes_at(const Case& c, const Policy& policy);

}  // namespace pinfold::desk
