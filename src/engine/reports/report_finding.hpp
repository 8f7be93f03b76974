/// A person's finding out of a report that no rule could use: how it enters the inbox, and that the reporter's record counts it when its case ends.
/// Used by: `pinfold reports triage finding` and the API's triage route.
#pragma once

#include <optional>
#include <string>

#include "abuse/finding.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

struct PersonsReading {
  ServerId server;
  abuse::AbuseClass abuse_class = abuse::AbuseClass::Other;
  std::string kind;
  std::optional<WallTime> at;  ///< when the report came, if nothing else is said; never later
};

/// Keeps the finding, notes it for the reporter's record, and takes the report off the queue. No answer is owed for it: the row keeps no mailbox.
void keep_report_finding(records::Transaction& tx, const records::ReportRow& row, const PersonsReading& reading, WallTime now);

}  // namespace pinfold::engine
