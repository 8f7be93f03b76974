/// A report's row as JSON, as the command line prints it and the API hands it out (there the id is text). Stable names; no text of the mail but its
/// subject, and of a sealed report not even that (the row has none).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "records/reports.hpp"

namespace pinfold::records {

[[nodiscard]] nlohmann::json to_json(const ReportRow& row);

}  // namespace pinfold::records
