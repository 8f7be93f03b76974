/// A case's events in words for people: what stands below an event's line, whose act it was, and what of it its owner may see.
/// Used by: the staff's pages that need no script, the API. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "desk/case.hpp"

namespace pinfold::http {

/// A finding's evidence, the guards' verdicts, the proof.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> details_of(const desk::EventBody& body);
/// A running bout is told again and again; only its latest statement is shown with all its evidence.
[[nodiscard]] bool is_told_again_later(const desk::Case& c, const desk::Event& event);
/// Who stands behind it: finding, mail, owner, staff, port or desk.
[[nodiscard]] std::string_view side_of(const desk::EventBody& body);
/// The staff who did it; empty: nobody of them.
[[nodiscard]] std::string staff_of(const desk::EventBody& body);
/// The event as its owner may see it: without names of staff, strangers' mails, internal notes and the insides of the network. nullopt: not at all.
[[nodiscard]] std::optional<desk::EventBody> for_owner(const desk::EventBody& body);
/// A finding without who reported it.
[[nodiscard]] abuse::Finding without_reporter_of(abuse::Finding finding);
/// What its owner has to know: waiting, answered, off, probation or closed.
[[nodiscard]] std::string_view stand_of(const desk::Case& c);

}  // namespace pinfold::http
