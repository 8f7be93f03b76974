/// The MIB's words for a port's states, read back: for drivers whose switches speak in text. The words themselves are guard::to_string's.
#pragma once

#include <optional>
#include <string_view>

#include "guard/guard.hpp"

namespace pinfold::enforce {

[[nodiscard]] std::optional<guard::AdminState> parse_admin(std::string_view word);
[[nodiscard]] std::optional<guard::OperState> parse_oper(std::string_view word);

}  // namespace pinfold::enforce
