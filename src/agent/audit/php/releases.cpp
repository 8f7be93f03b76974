#include "agent/audit/php/releases.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/embedded.hpp"
#include "base/text.hpp"

namespace pinfold {
const std::vector<EmbeddedFile>& php_applications_files();
}  // namespace pinfold

namespace pinfold::agent::audit {
namespace {

using State = Application::State;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Numbers and words in their order; everything else separates.
std::vector<std::string> parts_of(std::string_view version) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < version.size();) {
    const auto same = is_digit(version[i]) ? is_digit : is_letter;
    if (!is_digit(version[i]) && !is_letter(version[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < version.size() && same(version[end])) {
      ++end;
    }
    parts.push_back(to_lower(version.substr(i, end - i)));
    i = end;
  }
  return parts;
}

/// A release candidate comes before its release; a patch level, or a bare letter, after it.
bool comes_before(const std::string& word) {
  for (const char* early : {"alpha", "beta", "rc", "dev", "pre", "preview", "m", "snapshot"}) {
    if (word == early) {
      return true;
    }
  }
  return false;
}

/// A missing part is 0; -1 for a word that comes before the release, 1 for one that comes after.
int weight_of_rest(const std::vector<std::string>& parts, std::size_t from) {
  for (std::size_t i = from; i < parts.size(); ++i) {
    if (is_digit(parts[i][0])) {
      if (parts[i].find_first_not_of('0') != std::string::npos) {
        return 1;
      }
    } else {
      return comes_before(parts[i]) ? -1 : 1;
    }
  }
  return 0;
}

int compare_parts(const std::string& a, const std::string& b) {
  const bool a_is_number = is_digit(a[0]);
  const bool b_is_number = is_digit(b[0]);
  if (a_is_number && b_is_number) {
    const auto start_a = std::min(a.find_first_not_of('0'), a.size());
    const auto start_b = std::min(b.find_first_not_of('0'), b.size());
    const std::string_view x = std::string_view(a).substr(start_a);
    const std::string_view y = std::string_view(b).substr(start_b);
    return x.size() != y.size() ? (x.size() < y.size() ? -1 : 1) : x.compare(y);
  }
  if (a_is_number != b_is_number) {
    const int word = comes_before(a_is_number ? b : a) ? -1 : (a_is_number ? -1 : 1);
    // "2.0.1" against "2.0rc1": the word weighs; "2.0.1" against "2.0a": the number does.
    return a_is_number ? (comes_before(b) ? 1 : word) : (comes_before(a) ? -1 : word);
  }
  return a.compare(b);
}

/// "6.4" is the branch of "6.4.2" and of "6.4", not of "6.40".
bool is_of_branch(const std::vector<std::string>& version, const std::vector<std::string>& branch) {
  return branch.size() <= version.size() && std::equal(branch.begin(), branch.end(), version.begin());
}

bool is_over(const std::string& over, std::string_view today) { return over == "yes" || (!over.empty() && std::string_view(over) <= today); }

std::string cell(std::string_view text) { return text == "-" ? std::string{} : std::string(text); }

std::string_view embedded(std::string_view name) {
  for (const EmbeddedFile& file : php_applications_files()) {
    if (file.name == name) {
      return file.text;
    }
  }
  PINFOLD_ASSERT(false && "the tables of releases are compiled in");
  return {};
}

/// Calls take(cells) for every line that has that many; the number of the first that has not.
template <typename Take>
std::optional<std::string> each_line(std::string_view text, std::size_t columns, Take&& take) {
  std::size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (trim(line).empty() || line.front() == '#') {
      continue;
    }
    const auto cells = split(trim(line), '\t');
    if (cells.size() != columns) {
      return fmt::format("line {}: {} columns, not {}", number, cells.size(), columns);
    }
    take(cells);
  }
  return std::nullopt;
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  const auto x = parts_of(a);
  const auto y = parts_of(b);
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (const int order = compare_parts(x[i], y[i]); order != 0) {
      return order < 0 ? -1 : 1;
    }
  }
  const std::size_t common = std::min(x.size(), y.size());
  return weight_of_rest(x, common) - weight_of_rest(y, common);
}

Expected<Releases, std::string> Releases::parse(std::string_view text) {
  Releases releases;
  const auto fault = each_line(text, 6, [&](const auto& cells) {
    releases.x_branches[std::string(cells[0])].push_back({std::string(cells[1]), cell(cells[2]), cell(cells[3]), cell(cells[4]), cell(cells[5])});
  });
  if (fault) {
    return Unexpected(*fault);
  }
  return releases;
}

const Releases& Releases::own() {
  static const Releases releases = [] {
    auto parsed = parse(embedded("releases.tsv"));
    PINFOLD_ASSERT(parsed && "the table of releases is well formed");
    return std::move(*parsed);
  }();
  return releases;
}

Releases::Judgement Releases::judge(std::string_view app, std::string_view version, std::string_view today) const {
  const auto known = x_branches.find(app);
  if (known == x_branches.end()) {
    return {};
  }
  const auto parts = parts_of(version);
  const Branch* all = nullptr;
  const Branch* nearest = nullptr;
  const Branch* ended = nullptr;
  std::size_t depth = 0;
  for (const Branch& branch : known->second) {
    if (branch.branch == "*") {
      all = &branch;
    } else if (const auto of = parts_of(branch.branch); is_of_branch(parts, of)) {
      ended = is_over(branch.over, today) ? &branch : ended;
      if (of.size() > depth) {
        depth = of.size();
        nearest = &branch;
      }
    }
  }
  const auto advisory = [](const Branch& branch) { return branch.advisory.empty() ? std::string{} : ", " + branch.advisory; };
  if (all != nullptr && is_over(all->over, today)) {
    ended = all;
  }
  const Branch* measure = nearest != nullptr && (!nearest->safe.empty() || !nearest->latest.empty()) ? nearest : all;
  const bool has_holes = measure != nullptr && !version.empty() && !measure->safe.empty() && compare_versions(version, measure->safe) < 0;
  if (has_holes) {
    return {State::Vulnerable, fmt::format("{} closes known holes{}{}", measure->safe, advisory(*measure),
                                           ended == nullptr ? "" : "; this branch is no longer maintained")};
  }
  if (ended != nullptr) {
    const std::string since = ended->over == "yes" ? "" : " since " + ended->over;
    return {State::EndOfLife, "no longer maintained" + since + advisory(*ended)};
  }
  if (version.empty() || (all == nullptr && nearest == nullptr)) {
    return {};
  }
  if (measure != nullptr && !measure->latest.empty() && compare_versions(version, measure->latest) < 0) {
    return {State::Outdated, "newest known of its branch: " + measure->latest};
  }
  return {State::Current, {}};
}

Expected<Platforms, std::string> Platforms::parse(std::string_view text) {
  Platforms platforms;
  const auto fault = each_line(text, 3, [&](const auto& cells) {
    platforms.x_over[{std::string(cells[0]), std::string(cells[1])}] = cell(cells[2]);
  });
  if (fault) {
    return Unexpected(*fault);
  }
  return platforms;
}

const Platforms& Platforms::own() {
  static const Platforms platforms = [] {
    auto parsed = parse(embedded("platforms.tsv"));
    PINFOLD_ASSERT(parsed && "the table of platforms is well formed");
    return std::move(*parsed);
  }();
  return platforms;
}

std::optional<std::string> Platforms::over(std::string_view id, std::string_view version, std::string_view today) const {
  std::string key{version};
  while (!key.empty()) {
    const auto found = x_over.find({std::string(id), key});
    if (found != x_over.end()) {
      return is_over(found->second, today) ? std::optional(found->second) : std::nullopt;
    }
    const std::size_t dot = key.rfind('.');
    key = dot == std::string::npos ? "" : key.substr(0, dot);
  }
  return std::nullopt;
}

}  // namespace pinfold::agent::audit
