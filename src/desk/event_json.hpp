/// Event bodies ↔ JSON: what the store keeps, the API shows and `pinfold case show --json` prints. {"kind": "...", fields…}
/// Errors: parse names the field.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/expected.hpp"
#include "desk/event.hpp"

namespace pinfold::desk {

[[nodiscard]] nlohmann::json to_json(const EventBody& body);
[[nodiscard]] Expected<EventBody, std::string> parse_event(const nlohmann::json& json);

}  // namespace pinfold::desk
