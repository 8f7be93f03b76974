/// The questions that step, the proof and the timer all ask of a case. Private to the desk. Pure; every time is a parameter.
#pragma once

#include <optional>
#include <string>

#include "desk/case.hpp"
#include "desk/policy.hpp"

namespace pinfold::desk {

/// Own telemetry, sure enough to act on.
[[nodiscard]] bool counts(const Sighting& s, const Policy& policy);

/// What the policy says for that class of abuse on this case's server and owner.
[[nodiscard]] Rules rules_of(const Case& c, abuse::AbuseClass abuse_class, const Policy& policy);
/// Warnings are armed for one of the classes that this case is about.
[[nodiscard]] bool warnings_armed(const Case& c, const Policy& policy);
/// How long a warning that is written now gives the owner: the longest of the case's classes.
[[nodiscard]] Micros window_now(const Case& c, const Policy& policy);

/// When the response window of the delivered warning ends; nullopt: no warning has reached anybody.
[[nodiscard]] std::optional<WallTime> deadline(const Case& c, const Policy& policy);

/// The second event: of the sightings that count and whose event time lies after the deadline, the latest; one of a class whose measures are armed
/// before all others. nullptr: it has not happened again.
[[nodiscard]] const Sighting* happened_again(const Case& c, const Policy& policy);
/// The latest sighting of our own sensors, whenever it was. nullptr: none.
[[nodiscard]] const Sighting* latest_own(const Case& c, const Policy& policy);

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

/// When a submitted warning is presumed delivered; nullopt: never, or nothing waits.
[[nodiscard]] std::optional<WallTime> presumed_delivered_at(const Case& c, const Policy& policy);

/// When who was warned and has not answered is reminded: half of the window. nullopt: never, or done, or something of theirs waits to be read.
[[nodiscard]] std::optional<WallTime> half_time(const Case& c, const Policy& policy);

/// A question that comes due: when, and the words in which a person is called.
struct Question {
  WallTime due;
  std::string words;
  bool can_wait = false;
};
/// The call for approval of the action that waits, once evidence had time to gather; nullopt: asked already, or nothing waits, or it is one of
/// many in a row that grew old before anybody decided: of those the 1st, 2nd, 4th, 8th… are called out, and from the 2nd on the call can wait for the
/// morning, when a person may still order the port off. Who is asked the same thing the tenth time stops reading.
[[nodiscard]] std::optional<Question> approval_question(const Case& c, const Policy& policy);
/// What a person is asked when it came again, but an answer may have been lost: once for a warning, not for every bout that follows.
[[nodiscard]] std::string deaf_question(const Case& c);
/// Those words, of whatever warning: by them a record says that our ears were not open.
[[nodiscard]] bool is_deaf_question(std::string_view words);
/// What waits for a person ages into a call again, kMaxReminders times, each time after twice as long; nullopt: nothing waits.
inline constexpr int kMaxReminders = 7;
[[nodiscard]] std::optional<Question> next_reminder(const Case& c, const Policy& policy);

}  // namespace pinfold::desk
