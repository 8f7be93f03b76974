#include "report/text_table.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "report/addresses.hpp"
#include "report/csv.hpp"

namespace pinfold::report {
namespace {

constexpr std::string_view kSeparators = ",;\t|";
constexpr std::size_t kLongestLine = 4000;

/// "-----+-----", "======"
bool is_ruler(std::string_view line) { return !line.empty() && line.find_first_not_of("-=+|_ \t") == std::string_view::npos; }

/// "Format: ASN | IP | Timestamp (UTC)": the names alone.
std::string_view without_label(std::string_view line) {
  const auto colon = line.find(':');
  const auto separator = line.find_first_of(kSeparators);
  return colon != std::string_view::npos && separator != std::string_view::npos && colon < separator ? trim(line.substr(colon + 1)) : line;
}

/// The bars around a row ("| a | b |") are no separators.
std::string_view without_frame(std::string_view line) {
  line = trim(line);
  const bool framed = line.size() > 2 && line.front() == '|';
  line.remove_prefix(framed ? 1 : 0);
  line.remove_suffix(framed && line.back() == '|' ? 1 : 0);
  return trim(line);
}

/// What stands before the address of a row.
bool is_nothing_or_a_time(std::string_view before, const TimeContext& context) {
  const auto times = before.empty() ? std::vector<FoundTime>{} : find_times(before, context);
  return before.empty() || (times.size() == 1 && times.front().at == 0 && times.front().size + 1 >= before.size());
}

}  // namespace

std::string list_in_text(std::string_view text) {
  std::string list;
  char separator = 0;
  std::size_t rows = 0;
  for (std::string_view line : split(text, '\n')) {
    line = without_frame(line.substr(0, kLongestLine));
    if (separator == 0) {
      const std::string_view names = without_label(line);
      if (names.size() < 400 && has_list_columns(names)) {
        separator = names[names.find_first_of(kSeparators)];
        list = std::string(names) + "\n";
      }
      continue;
    }
    if (is_ruler(line) || (rows == 0 && line.empty())) {
      continue;
    }
    if (line.find(separator) == std::string_view::npos || ++rows > kMaxTableRows) {
      break;
    }
    list += std::string(line) + "\n";
  }
  return rows == 0 ? std::string{} : list;
}

bool read_rows_of_text(std::string_view text, const Input& input, std::optional<abuse::AbuseClass> known, Report& report) {
  std::size_t rows = 0;
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view head = line.substr(0, 1000);
    const bool has_cells = head.find_first_of("|;\t,") != std::string_view::npos;
    const auto addresses = find_addresses(head);
    const bool one = addresses.size() == 1 && !addresses.front().is_range;
    const bool leads = one && is_nothing_or_a_time(trim(head.substr(0, addresses.front().at)), input.times);
    const auto times = one && (has_cells || leads) ? find_times(head, input.times) : std::vector<FoundTime>{};
    if (times.empty() || ++rows > kMaxTableRows) {
      continue;
    }
    Statement statement;
    statement.address = addresses.front().address;
    statement.abuse_class = known.value_or(abuse::AbuseClass::Other);
    statement.first = times.front().time;
    statement.last = times.back().time;
    add_statement(report, std::move(statement));
  }
  report.dropped += rows > kMaxTableRows ? rows - kMaxTableRows : 0;
  return !report.statements.empty();
}

}  // namespace pinfold::report
