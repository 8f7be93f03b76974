#include <algorithm>

#include "base/text.hpp"
#include "report/csv.hpp"

namespace pinfold::report {
namespace {

/// The quoted text at the front, with "" for a quote in it; false when it is not closed.
bool take_quoted(std::string_view& text, std::string& cell) {
  text.remove_prefix(1);
  while (!text.empty()) {
    const auto quote = text.find('"');
    cell += text.substr(0, std::min(quote, kMaxCell));
    text.remove_prefix(quote == std::string_view::npos ? text.size() : quote + 1);
    if (quote == std::string_view::npos) {
      return false;
    }
    if (text.empty() || text.front() != '"') {
      return true;
    }
    cell += '"';
    text.remove_prefix(1);
  }
  return false;
}

/// Takes one line of cells off the text; false when a quote is not closed.
bool take_line(std::string_view& text, char separator, std::vector<std::string>& cells) {
  cells.clear();
  for (bool more = true; more;) {
    std::string cell;
    const bool closed = text.empty() || text.front() != '"' || take_quoted(text, cell);
    const auto end = std::min(text.find(separator), text.find('\n'));
    cell += text.substr(0, std::min(end, kMaxCell));
    more = end != std::string_view::npos && text[end] == separator;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    cell.resize(std::min(cell.size(), kMaxCell));
    if (cells.size() < kMaxColumns + 1) {
      cells.emplace_back(trim(cell));
    }
    if (!closed) {
      return false;
    }
  }
  return true;
}

char separator_of(std::string_view line) {
  static constexpr std::string_view kKnown = ",;\t|";
  return *std::max_element(kKnown.begin(), kKnown.end(),
                           [&](char a, char b) { return std::count(line.begin(), line.end(), a) < std::count(line.begin(), line.end(), b); });
}

/// Comments and blank lines before the header row: "#", ";" alone at the beginning, an XML prologue does not count.
std::string_view without_head(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") {
    text.remove_prefix(3);
  }
  while (!text.empty()) {
    const std::string_view line = trim(text.substr(0, text.find('\n')));
    if (!line.empty() && line.front() != '#') {
      break;
    }
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return text;
}

}  // namespace

std::string_view CsvRow::cell(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    const auto found = std::find(x_names.begin(), x_names.end(), name);
    const auto index = static_cast<std::size_t>(found - x_names.begin());
    if (found != x_names.end() && index < x_cells.size() && !x_cells[index].empty()) {
      return x_cells[index];
    }
  }
  return {};
}

std::uint64_t read_rows(std::string_view text, const std::function<bool(const std::vector<std::string>&)>& header_ok,
                        const std::function<void(const CsvRow&)>& each) {
  text = without_head(text);
  const char separator = separator_of(text.substr(0, text.find('\n')));
  std::vector<std::string> names;
  if (text.empty() || !take_line(text, separator, names) || names.size() < 2 || names.size() > kMaxColumns) {
    return 0;
  }
  for (std::string& name : names) {
    name = to_lower(name);
    if (const auto remark = name.find_first_of("(["); remark != std::string::npos && remark > 0) {  // "Time (UTC)"
      name = std::string(trim(std::string_view(name).substr(0, remark)));
    }
    std::replace(name.begin(), name.end(), ' ', '_');
  }
  if (!header_ok(names)) {
    return 0;
  }
  std::uint64_t faulty = 0;
  std::vector<std::string> cells;
  while (!text.empty()) {
    const bool whole = take_line(text, separator, cells);
    if (cells.size() == 1 && cells.front().empty()) {
      continue;
    }
    if (!whole || cells.size() > names.size() + 1) {
      ++faulty;
    } else {
      each(CsvRow(names, cells));
    }
  }
  return faulty;
}

}  // namespace pinfold::report
