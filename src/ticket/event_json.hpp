/// Ticket events ↔ JSON: what the store keeps and `pinfold ticket show --json` prints. {"kind": "...", fields…}. Errors: parse names the field.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/expected.hpp"
#include "ticket/ticket.hpp"

namespace pinfold::ticket {

[[nodiscard]] nlohmann::json to_json(const EventBody& body);
[[nodiscard]] Expected<EventBody, std::string> parse_event(const nlohmann::json& json);

}  // namespace pinfold::ticket
