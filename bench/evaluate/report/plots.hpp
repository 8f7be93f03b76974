/// The report's pictures, from rows: recall against attack rate, and time to detect against attack rate, by class, a line a sampling rate.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "evaluate/report/row.hpp"

namespace pinfold::evaluate {

/// Writes recall-CLASS.svg and time-CLASS.svg; the names, in order of class.
[[nodiscard]] std::vector<std::string> write_plots(std::span<const Row> rows, const std::filesystem::path& folder);

}  // namespace pinfold::evaluate
