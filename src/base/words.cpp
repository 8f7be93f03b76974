#include "base/words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace pinfold {
namespace {

void read_into(Words& words, const std::vector<EmbeddedFile>& files, const std::string& name) {
  const auto file = std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& one) { return one.name == name; });
  if (file == files.end()) {
    return;
  }
  for (const std::string_view line : split(file->text, '\n')) {
    if (trim(line).empty()) {
      continue;
    }
    const std::size_t equals = line.find('=');
    PINFOLD_ASSERT(equals != std::string_view::npos);
    words.insert_or_assign(std::string(trim(line.substr(0, equals))), std::string(trim(line.substr(equals + 1))));
  }
}

}  // namespace

Words read_words(const std::vector<EmbeddedFile>& files, std::string_view name, std::string_view language) {
  Words words;
  read_into(words, files, fmt::format("{}.en.txt", name));
  read_into(words, files, fmt::format("{}.{}.txt", name, to_lower(language.substr(0, language.find_first_of("-_")))));
  return words;
}

std::string fill(std::string_view text, std::initializer_list<std::pair<std::string_view, std::string>> values) {
  std::string filled;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) {
      break;
    }
    const std::string_view name = text.substr(open + 1, close - open - 1);
    const auto* const value = std::find_if(values.begin(), values.end(), [&](const auto& one) { return one.first == name; });
    filled += text.substr(0, open);
    filled += value == values.end() ? std::string(text.substr(open, close - open + 1)) : value->second;
    text.remove_prefix(close + 1);
  }
  return filled.append(text);
}

}  // namespace pinfold
