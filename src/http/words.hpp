/// The words of a page in its reader's language, from http/pages/NAME.LANGUAGE.txt (base/words.hpp).
#pragma once

#include <string_view>

#include "base/words.hpp"

namespace pinfold::http {

using pinfold::Words;

/// `language` is BCP 47: "de-AT" finds "de", what is unknown finds "en".
[[nodiscard]] Words words_of(std::string_view page, std::string_view language);

}  // namespace pinfold::http
