// A report from a server that may be hostile: whatever it says, the plan that follows fits on a ticket and is made of printable text.
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "ticket/audit_report.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold;
  const auto report = ticket::parse_audit_report({reinterpret_cast<const char*>(data), size});  // NOLINT
  if (!report) {
    return 0;
  }
  const auto plan = ticket::recommended_plan(*report);
  PINFOLD_ASSERT(plan.size() <= ticket::kMaxSteps && report->counted <= report->findings.size());
  for (const ticket::PlanStep& step : plan) {
    for (const char c : step.what) {
      PINFOLD_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    }
  }
  return 0;
}
