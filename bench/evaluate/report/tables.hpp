/// The report's tables, as Markdown, from rows. Each takes all rows and picks its own.
#pragma once

#include <span>
#include <string>

#include "evaluate/report/row.hpp"

namespace pinfold::evaluate {

/// Recall by class and sampling, above and below the floor, and time to detect.
[[nodiscard]] std::string recall_table(std::span<const Row> rows, const std::string& half);
/// Precision by class: accusations that were right among all, episodes and innocent days together.
[[nodiscard]] std::string precision_table(std::span<const Row> rows, const std::string& half);
/// False findings by role.
[[nodiscard]] std::string innocents_table(std::span<const Row> rows, const std::string& half);
/// One line on all innocent days: how many, how many false findings, the 95 % bound per 1,000 server-days.
[[nodiscard]] std::string innocents_summary(std::span<const Row> rows, const std::string& half);
/// What came of the same scenes through two collectors and their summaries, beside one process that has all records.
[[nodiscard]] std::string merged_table(std::span<const Row> rows);
[[nodiscard]] std::string captures_table(std::span<const Row> rows);
[[nodiscard]] std::string seven_table(std::span<const Row> rows);
/// FastNetMon beside Pinfold, on the episodes that both were given.
[[nodiscard]] std::string fastnetmon_table(std::span<const Row> rows);

}  // namespace pinfold::evaluate
