/// Finding ↔ JSON, as the command line prints it, the agent sends it and the store keeps it.
/// Errors:  parse refuses what is missing, of the wrong type or out of range, and names the field.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "abuse/finding.hpp"
#include "base/expected.hpp"

namespace pinfold::abuse {

[[nodiscard]] nlohmann::json to_json(const Finding& finding);
/// The error is "field: what is wrong". The result is `bounded`.
[[nodiscard]] Expected<Finding, std::string> parse_finding(const nlohmann::json& json);

}  // namespace pinfold::abuse
