/// Effects as outbox rows and back: kind and JSON payload.
#pragma once

#include <optional>

#include "desk/step.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

inline constexpr std::string_view kSendNotice = "send_notice";
inline constexpr std::string_view kSetPort = "set_port";
inline constexpr std::string_view kCallPerson = "call_person";

/// Not to be carried out before `not_before`.
[[nodiscard]] records::Job to_job(CaseId id, const desk::Effect& effect, WallTime not_before);
/// nullopt: the row is not of that kind or is damaged.
[[nodiscard]] std::optional<desk::SendNotice> parse_send_notice(const records::Job& job);
[[nodiscard]] std::optional<desk::SetPort> parse_set_port(const records::Job& job);
[[nodiscard]] std::optional<desk::CallPerson> parse_call_person(const records::Job& job);

}  // namespace pinfold::engine
