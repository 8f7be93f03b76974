/// Words in their reader's language, out of files that are compiled into the program: NAME.LANGUAGE.txt, lines of "key = text". English is complete;
/// what another language lacks is taken from it. A new language is a new file.
/// Used by: the pages that need no script (http/words.hpp), tickets (ticket/ticket_words.hpp).
/// Threads: any. Cost: a pass over one or two small files. Errors: a line without '=' is a bug and aborts (tests read every file).
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/embedded.hpp"

namespace pinfold {

using Words = std::map<std::string, std::string>;

/// `language` is BCP 47: "de-AT" finds "de", what is unknown finds "en". Without an English file: no words.
[[nodiscard]] Words read_words(const std::vector<EmbeddedFile>& files, std::string_view name, std::string_view language);

/// "{by} consents" with {"by", "Mr Owner"}. A name without a value stays as it is; what values bring along is not filled again.
[[nodiscard]] std::string fill(std::string_view text, std::initializer_list<std::pair<std::string_view, std::string>> values);

}  // namespace pinfold
