#include "engine/keep_finding.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "abuse/finding_json.hpp"

namespace pinfold::engine {

bool keep_finding(records::Transaction& tx, const abuse::Finding& finding, WallTime now) {
  // A reporter repeats himself word for word, days apart (but a stranger's words must not shut out the same words when they are authenticated); a
  // sensor's statement grows, and each state of it counts.
  const bool reported = finding.origin == abuse::Origin::Reporter;
  return tx.inbox().add({.id = 0,
                         .kind = "finding",
                         .dedup_key = reported
                                          ? finding.id.value
                                          : fmt::format("{}/{}/{}", finding.id.value, to_string(finding.last_seen), to_string(finding.detected_at)),
                         .payload = abuse::to_json(finding).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                         .received = now});
}

}  // namespace pinfold::engine
