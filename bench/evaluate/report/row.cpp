#include "evaluate/report/row.hpp"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace pinfold::evaluate {

// NOLINTBEGIN: the library's macros, which nobody sees outside this file
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(FalseFinding, abuse_class, summary)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Row, part, name, half, method, attack, abuse_class, role, why, tool, found_as, one_in, rate, seconds,
                                                days, floor_seconds, seconds_to_detect, is_above_floor, is_above_stated_floor, is_found,
                                                is_kind_right, is_informed, records, false_ones)
// NOLINTEND

std::string to_json_line(const Row& row) { return nlohmann::json(row).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

Expected<Row, std::string> parse_row(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) {
    return Unexpected{std::string("not a JSON object")};
  }
  try {
    return json.get<Row>();
  } catch (const nlohmann::json::exception& error) {
    return Unexpected{std::string(error.what())};
  }
}

Expected<std::vector<Row>, std::string> read_rows(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) {
    return Unexpected{fmt::format("{}: cannot be opened", file.string())};
  }
  std::vector<Row> rows;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (number == 1 && line.starts_with("{\"program\":")) {
      continue;
    }
    auto row = parse_row(line);
    if (!row) {
      return Unexpected{fmt::format("{}, line {}: {}", file.string(), number, row.error())};
    }
    rows.push_back(*std::move(row));
  }
  return rows;
}

}  // namespace pinfold::evaluate
