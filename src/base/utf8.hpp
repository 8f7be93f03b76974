/// RFC 3629: where one character ends. Pure; no Unicode tables.
#pragma once

#include <cstddef>
#include <string_view>

namespace pinfold {

/// How many bytes, 1 to 4, the character takes that `text` begins with; 0 if none stands there: nothing, a cut one, an overlong form, a surrogate,
/// or more than U+10FFFF (section 4). NUL is a character.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

}  // namespace pinfold
