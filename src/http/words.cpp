#include "http/words.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "http/page.hpp"

namespace pinfold::http {
namespace {

void read_into(Words& words, const std::string& file) {
  if (!is_embedded(file)) {
    return;
  }
  for (const std::string_view line : split(embedded(file), '\n')) {
    if (trim(line).empty()) {
      continue;
    }
    const std::size_t equals = line.find('=');
    PINFOLD_ASSERT(equals != std::string_view::npos);
    words.insert_or_assign(std::string(trim(line.substr(0, equals))), std::string(trim(line.substr(equals + 1))));
  }
}

}  // namespace

Words words_of(std::string_view page, std::string_view language) {
  Words words;
  read_into(words, fmt::format("{}.en.txt", page));
  read_into(words, fmt::format("{}.{}.txt", page, to_lower(language.substr(0, language.find_first_of("-_")))));
  return words;
}

}  // namespace pinfold::http
