/// CSV text into lines of cells (RFC 4180): quoted cells, doubled quotes, CRLF or LF, a leading byte order mark. Knows nothing of columns.
/// Used by: csv.cpp only.
/// Bounds:  the caller limits the text; one line is held at a time.
/// Errors:  a stray or unclosed quote, a bare CR, with its line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"

namespace pinfold::inventory {

struct CsvLine {
  std::size_t number = 0;  ///< from 1: where it begins
  std::vector<std::string> cells;
};
struct CsvFault {
  std::size_t line = 0;
  std::string what;
};

class CsvLines {
public:
  explicit CsvLines(std::string_view text);
  /// The next line that is not empty; nullopt at the end.
  [[nodiscard]] Expected<std::optional<CsvLine>, CsvFault> next();

private:
  [[nodiscard]] Expected<std::string, CsvFault> cell();
  [[nodiscard]] Expected<std::string, CsvFault> quoted_cell();
  [[nodiscard]] bool at_line_end() const;
  [[nodiscard]] char peek() const { return x_at < x_text.size() ? x_text[x_at] : '\n'; }
  void skip_line_end();

  std::string_view x_text;
  std::size_t x_at = 0;
  std::size_t x_line = 1;
};

}  // namespace pinfold::inventory
