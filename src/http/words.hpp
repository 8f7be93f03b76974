/// The words of a page in its reader's language, from http/pages/NAME.LANGUAGE.txt: lines of "key = text". English is complete; what another
/// language lacks is taken from it. A new language is a new file.
/// Threads: any; built once. Errors: a line without '=' is a bug and aborts (the files are compiled in, and a test reads them).
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace pinfold::http {

using Words = std::map<std::string, std::string>;

/// `language` is BCP 47: "de-AT" finds "de", what is unknown finds "en".
[[nodiscard]] Words words_of(std::string_view page, std::string_view language);

}  // namespace pinfold::http
