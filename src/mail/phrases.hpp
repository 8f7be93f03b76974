/// What programs write when they answer or bounce without a form, in the languages of Europe and East Asia. For src/mail only.
/// Used by: signs (absences, robots, receipts), dsn (bounces in prose).
/// Letters: compared after `fold`, which makes small letters of Latin, Greek and Cyrillic capitals; accents count.
/// Bounds:  linear in the text times the number of phrases; callers cut the text (kMaxScanned). Pure.
#pragma once

#include <string>
#include <string_view>

namespace pinfold::mail {

/// Small letters throughout; typographic apostrophes and no-break spaces become plain ones.
[[nodiscard]] std::string fold(std::string_view text);

// All of these take folded text.

/// A subject that an absence program made: "automatic reply: …", "abwesenheitsnotiz", "自動返信".
[[nodiscard]] bool is_absence_subject(std::string_view subject);
/// "I am out of the office until …" and the like.
[[nodiscard]] bool says_absent(std::string_view text);
/// Words of a program about itself, or of a ticket robot: "this is an automated response", "a ticket has been created".
[[nodiscard]] bool says_automatic(std::string_view text);
/// How many phrases stand in it that a ticket robot writes and a person may: "we have received your request", "your ticket number".
[[nodiscard]] std::size_t count_acknowledgements(std::string_view text);
/// A ticket robot's first line: "ticket received", "[ticket id: 1] new support ticket opened".
[[nodiscard]] bool is_robot_subject(std::string_view subject);
/// A read receipt in prose; `text` may be long.
[[nodiscard]] bool is_receipt(std::string_view subject, std::string_view text);

[[nodiscard]] bool is_bounce_subject(std::string_view subject);
[[nodiscard]] bool says_failed(std::string_view text);
[[nodiscard]] bool says_delayed(std::string_view text);
/// "re:", "aw:", "sv:" and their kin, which a person's mail program writes before an answer or a forwarded mail.
[[nodiscard]] bool has_answer_prefix(std::string_view subject);

}  // namespace pinfold::mail
