/// Report ↔ JSON: what `pinfold-reader` prints beside the mail and mail::Reader reads back. Read strictly: the child may have been taken over.
/// Errors:  parse names the field. Bounds: those of report.hpp are held again.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/expected.hpp"
#include "report/report.hpp"

namespace pinfold::report {

[[nodiscard]] nlohmann::json to_json(const Report& report);
[[nodiscard]] Expected<Report, std::string> parse_report_json(const nlohmann::json& json);

}  // namespace pinfold::report
