#include "inventory/csv_lines.hpp"

#include <utility>

namespace pinfold::inventory {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  ///< UTF-8, as spreadsheets write it

}  // namespace

CsvLines::CsvLines(std::string_view text) : x_text(text) {
  if (x_text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    x_text.remove_prefix(kByteOrderMark.size());
  }
}

bool CsvLines::at_line_end() const { return x_at >= x_text.size() || x_text[x_at] == '\n' || x_text.substr(x_at, 2) == "\r\n"; }

void CsvLines::skip_line_end() {
  if (x_at < x_text.size()) {
    x_at += x_text[x_at] == '\r' ? 2U : 1U;
    ++x_line;
  }
}

Expected<std::optional<CsvLine>, CsvFault> CsvLines::next() {
  while (x_at < x_text.size() && at_line_end()) {
    skip_line_end();
  }
  if (x_at >= x_text.size()) {
    return std::optional<CsvLine>{};
  }
  CsvLine line;
  line.number = x_line;
  for (;;) {
    auto text = peek() == '"' ? quoted_cell() : cell();
    if (!text) {
      return Unexpected(std::move(text).error());
    }
    line.cells.push_back(std::move(text).value());
    if (at_line_end()) {
      skip_line_end();
      return std::optional(std::move(line));
    }
    ++x_at;  // the comma
  }
}

Expected<std::string, CsvFault> CsvLines::cell() {
  const std::size_t begin = x_at;
  while (!at_line_end() && peek() != ',') {
    if (peek() == '"') {
      return Unexpected(CsvFault{x_line, "a quote inside a cell that does not begin with one"});
    }
    if (peek() == '\r') {
      return Unexpected(CsvFault{x_line, "a carriage return that does not end the line"});
    }
    ++x_at;
  }
  return std::string(x_text.substr(begin, x_at - begin));
}

Expected<std::string, CsvFault> CsvLines::quoted_cell() {
  const std::size_t opened_on = x_line;
  std::string text;
  for (++x_at; x_at < x_text.size(); ++x_at) {
    const char c = x_text[x_at];
    if (c != '"') {
      x_line += c == '\n' ? 1U : 0U;
      text += c;
    } else if (x_text.substr(x_at, 2) == "\"\"") {
      text += c;
      ++x_at;
    } else {
      ++x_at;
      if (at_line_end() || peek() == ',') {
        return text;
      }
      return Unexpected(CsvFault{x_line, "text behind a closing quote"});
    }
  }
  return Unexpected(CsvFault{opened_on, "a quote that is never closed"});
}

}  // namespace pinfold::inventory
