/// The text of a policy file; load_policy (config.hpp) reads it from disk. Internal to `config` and its tests.
#pragma once

#include "config/config.hpp"

namespace pinfold::config {

[[nodiscard]] Expected<PolicyFile, ConfigError> parse_policy(std::string_view text, const std::filesystem::path& file);

}  // namespace pinfold::config
