// What an agent (or whoever stole its key) may send to the desk: findings and enrolments. What is accepted must survive being written again.
#include <nlohmann/json.hpp>

#include "base/assert.hpp"
#include "wire/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto batch = pinfold::wire::parse_findings(body)) {
    PINFOLD_ASSERT(batch->findings.size() <= pinfold::wire::kMaxFindings);
    const std::string again = pinfold::wire::to_json(*batch).dump();
    PINFOLD_ASSERT(again.size() > pinfold::wire::kMaxFindingsBody || pinfold::wire::parse_findings(again).has_value());
  }
  if (const auto enrolment = pinfold::wire::parse_enrolment(body)) {
    PINFOLD_ASSERT(pinfold::wire::parse_enrolment(pinfold::wire::to_json(*enrolment).dump()).has_value());
  }
  return 0;
}
