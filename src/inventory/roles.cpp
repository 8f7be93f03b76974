#include "inventory/roles.hpp"

#include <algorithm>
#include <array>

namespace pinfold::inventory {
namespace {

constexpr std::array<std::string_view, kRoles> kNames = {"mail_relay", "newsletter",    "monitoring", "scanner",    "config_management", "proxy",
                                                         "resolver",   "game_or_voice", "backup",     "speed_test", "file_sharing"};

}  // namespace

std::string_view to_string(Role role) { return kNames.at(static_cast<std::size_t>(role)); }

std::optional<Role> parse_role(std::string_view text) {
  const auto* found = std::find(kNames.begin(), kNames.end(), text);
  return found == kNames.end() ? std::nullopt : std::optional{static_cast<Role>(found - kNames.begin())};
}

}  // namespace pinfold::inventory
