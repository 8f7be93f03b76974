/// How a finding enters the inbox, whoever makes it. Used by: FindingWorker (our own telemetry), ReportIntake (third parties), triage.
#pragma once

#include "abuse/finding.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

/// False: this statement, as it stood then, is there already.
bool keep_finding(records::Transaction& tx, const abuse::Finding& finding, WallTime now);

}  // namespace pinfold::engine
