#include "records/report_json.hpp"

#include <nlohmann/json.hpp>

namespace pinfold::records {

nlohmann::json to_json(const ReportRow& row) {
  return {{"id", row.id},
          {"received", to_string(row.received)},
          {"from", row.sender},
          {"authenticated", row.authenticated},
          {"subject", row.subject},
          {"format", row.format},
          {"definition", row.definition},
          {"reporter", row.reporter},
          {"report_id", row.report_id},
          {"state", to_string(row.state)},
          {"sealed", row.is_sealed},
          {"findings", row.findings},
          {"not_ours", row.not_ours},
          {"dropped", row.dropped},
          {"why", row.why},
          {"raw_sha256", row.raw_sha256}};
}

}  // namespace pinfold::records
