/// A parsed mail and its attachments → what it reports. Runs inside `pinfold-reader` on strangers' mail.
///
///   sealed? → ARF → XARF JSON → X-ARF → ACNS → the matching definition → lists (CSV) → running text
///
/// The first that recognises the mail has it. A definition that matches a mail in a standard format only names it and corrects its classes.
/// What nothing understands comes back with an empty format and `why`: it waits in the triage queue.
/// Cost:    linear in the mail. Threads: any. Never throws for what is in the mail.
#pragma once

#include "report/definition.hpp"
#include "report/report.hpp"

namespace pinfold::report {

[[nodiscard]] Report parse_report(const message::Mail& mail, std::vector<Document> documents, const Definitions& definitions);

}  // namespace pinfold::report
