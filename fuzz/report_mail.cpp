// A mail with anything in it → what it reports, by every standard format, lists, zips and running text; no definitions. What comes out must survive
// the way to the desk unchanged, and must fit the bounds.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/assert.hpp"
#include "message/parse.hpp"
#include "report/parse.hpp"
#include "report/report_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold;  // NOLINT(google-build-using-namespace): one function
  static const report::Definitions kNone;
  report::Attachments attachments;
  const auto mail = message::parse_mail({reinterpret_cast<const char*>(data), size},
                                        [&](const auto& part, std::string_view bytes) { attachments.visit(part, bytes); });
  if (mail) {
    const report::Report report = report::parse_report(*mail, attachments.documents(), kNone);
    PINFOLD_ASSERT(report.statements.size() <= report::kMaxStatements);
    const auto back = report::parse_report_json(nlohmann::json::parse(report::to_json(report).dump()));
    PINFOLD_ASSERT(back && *back == report);
    static_cast<void>(report::to_findings(report, WallTime{}));
  }
  return 0;
}
