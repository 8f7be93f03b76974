/// Tables that stand in running text: below a line of column names, like a CSV file that was pasted; or lines with one address and its times each.
/// Used by: csv.cpp (with names) and the plain-text reader (without). Bounds: kMaxTableRows rows; the rest is counted in `dropped`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "report/input.hpp"

namespace pinfold::report {

inline constexpr std::size_t kMaxTableRows = 2000;

/// The pasted list: the first line whose cells are column names, an address's and a time's among them, and the lines below it; rulers left out.
/// Empty when there is none.
[[nodiscard]] std::string list_in_text(std::string_view text);

/// Every line with one address and at least one time, if the address begins the line or the line has cells. False when there is none.
[[nodiscard]] bool read_rows_of_text(std::string_view text, const Input& input, std::optional<abuse::AbuseClass> known, Report& report);

}  // namespace pinfold::report
