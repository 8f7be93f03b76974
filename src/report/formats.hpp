/// The standard formats, one function each: true when the mail is in that format (the report then carries its name), whether or not anything in it
/// could be used. None throws; each is linear in its input.
/// Used by: report::parse_report, in the order below.
#pragma once

#include "report/input.hpp"

namespace pinfold::report {

/// Abuse Reporting Format: RFC 5965 (message/feedback-report), RFC 6591 (auth-failure), and Microsoft's JMRP, which is the same without the part.
[[nodiscard]] bool read_arf(const Input& input, Report& report);
/// XARF in JSON: version 4 (xarf.org, one object) and version 3 (Abusix, `Report` and `ReporterInfo`). JSON of at most kMaxJson bytes, 32 deep.
[[nodiscard]] bool read_xarf_json(const Input& input, Report& report);
/// X-ARF 0.1 and 0.2: "Key: value" lines with Reported-From and Report-Type in a text part.
[[nodiscard]] bool read_x_arf(const Input& input, Report& report);
/// Automated Copyright Notice System 1.x and 2.x XML, as an attachment or in the text.
[[nodiscard]] bool read_acns(const Input& input, Report& report);
/// Lists with a header row (Shadowserver's reports in old and new column names, and whoever writes like them).
[[nodiscard]] bool read_csv(const Input& input, Report& report);
/// Running text: accused addresses, the times beside them, the class its words tell.
[[nodiscard]] bool read_plain_text(const Input& input, Report& report);

}  // namespace pinfold::report
