#include "ticket/aup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace pinfold::ticket {
namespace {

constexpr std::string_view kOpen = "<!-- classes:";
constexpr std::string_view kClose = "-->";

}  // namespace

Expected<Clauses, std::string> parse_clauses(std::string_view markdown) {
  if (markdown.size() > kMaxAupBytes) {
    return Unexpected(fmt::format("larger than {} KiB", kMaxAupBytes / 1024));
  }
  Clauses clauses;
  std::size_t number = 0;
  std::size_t headings = 0;
  for (const std::string_view line : split(markdown, '\n')) {
    ++number;
    const auto open = line.find(kOpen);
    if (line.empty() || line.front() != '#' || open == std::string_view::npos) {
      continue;
    }
    const auto close = line.find(kClose, open);
    if (close == std::string_view::npos || ++headings > kMaxClauses) {
      return Unexpected(fmt::format("line {}: the list of classes does not end with {}", number, kClose));
    }
    const std::string heading = printable(trim(line.substr(line.find_first_not_of('#'), open - line.find_first_not_of('#'))), 200);
    for (const std::string_view word : split(line.substr(open + kOpen.size(), close - open - kOpen.size()), ',')) {
      const auto abuse_class = abuse::parse_abuse_class(trim(word));
      if (!abuse_class) {
        return Unexpected(fmt::format("line {}: \"{}\" is no class of abuse", number, printable(trim(word), 60)));
      }
      if (const auto [known, is_new] = clauses.try_emplace(*abuse_class, heading); !is_new) {
        return Unexpected(fmt::format("line {}: {} stands at \"{}\" already", number, abuse::to_string(*abuse_class), known->second));
      }
    }
  }
  if (clauses.empty()) {
    return Unexpected(std::string("no heading names the classes it is about: ## 4.2 No attacks <!-- classes: port_scan, flood -->"));
  }
  return clauses;
}

std::vector<std::string> differences(std::string_view earlier, std::string_view later) {
  const auto a = split(earlier, '\n');
  const auto b = split(later, '\n');
  std::vector<std::string> lines;
  const auto add = [&](char sign, std::string_view text) { lines.push_back(sign + std::string(text)); };
  if (a.size() > kMaxDiffLines || b.size() > kMaxDiffLines) {
    std::for_each(a.begin(), a.end(), [&](std::string_view text) { add('-', text); });
    std::for_each(b.begin(), b.end(), [&](std::string_view text) { add('+', text); });
    return lines;
  }
  // common[i][j]: the length of the longest common subsequence of a[i..] and b[j..].
  std::vector<std::vector<std::uint16_t>> common(a.size() + 1, std::vector<std::uint16_t>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i][j] = a[i] == b[j] ? static_cast<std::uint16_t>(common[i + 1][j + 1] + 1) : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      add(' ', a[i++]);
      ++j;
    } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
      add('-', a[i++]);
    } else {
      add('+', b[j++]);
    }
  }
  return lines;
}

}  // namespace pinfold::ticket
