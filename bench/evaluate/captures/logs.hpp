/// Flow logs that others published: Zeek conn.log (tab-separated or JSON) and Argus binetflow (comma-separated), as flow records.
/// A line becomes one record a direction, its TCP flags read off the history or state. Addresses that cannot be read are left out.
/// Errors: a file that cannot be opened, or of which no line could be read.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "evaluate/traffic/exporter.hpp"

namespace pinfold::evaluate {

[[nodiscard]] Expected<std::vector<ReceivedRecord>, std::string> read_conn_log(const std::filesystem::path& file);
[[nodiscard]] Expected<std::vector<ReceivedRecord>, std::string> read_binetflow(const std::filesystem::path& file);

}  // namespace pinfold::evaluate
