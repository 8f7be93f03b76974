/// CSV as reporters write it → rows by column name. Lenient where inventory's reader is strict: a faulty row costs itself alone, and the separator
/// is the one that the header row uses (comma, semicolon, tab, bar).
/// Used by: csv.cpp (lists), the definitions' engine.
/// Bounds:  rows and columns below; cells are views or copies of at most kMaxCell bytes. Formulas ("=1+1") are text like any other here; what shows
///          cells to people must not hand them to a spreadsheet unescaped.
/// Source:  RFC 4180.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "report/report.hpp"
#include "report/times.hpp"

namespace pinfold::report {

inline constexpr std::size_t kMaxColumns = 200;
inline constexpr std::size_t kMaxCell = 4096;

class CsvRow {
public:
  CsvRow(const std::vector<std::string>& names, const std::vector<std::string>& cells) : x_names(names), x_cells(cells) {}
  /// The first of the columns that is there and not empty; names in lower case, "_" for blanks.
  [[nodiscard]] std::string_view cell(std::initializer_list<std::string_view> names) const;
  [[nodiscard]] std::string_view cell(std::string_view name) const { return cell({name}); }

private:
  const std::vector<std::string>& x_names;
  const std::vector<std::string>& x_cells;
};

/// Calls `each` for every row below the header row; `header_ok` sees the column names (lower case) first. Returns the rows that were faulty
/// (more cells than columns, an unclosed quote).
std::uint64_t read_rows(std::string_view text, const std::function<bool(const std::vector<std::string>&)>& header_ok,
                        const std::function<void(const CsvRow&)>& each);

/// How a list is to be read where its columns do not say it themselves.
struct ListHints {
  std::string name;                              ///< Shadowserver's report type, or a file name it can be told from
  std::optional<abuse::AbuseClass> abuse_class;  ///< of all rows
  std::optional<abuse::AbuseClass> otherwise{};  ///< of rows that say nothing themselves: what the mail around the list is about
  TimeContext times;                             ///< lists are in UTC unless a definition says otherwise
};

/// A line of column names, an address's and a time's among them.
[[nodiscard]] bool has_list_columns(std::string_view line);

/// The statements of a list whose columns can be recognised; false when there is no column with an address.
[[nodiscard]] bool read_list(std::string_view text, const ListHints& hints, Report& report);

}  // namespace pinfold::report
