/// Sealed reports (child abuse material): who may touch them and how long their raw mail is kept are the operator's rules ([reports] of the
/// configuration). Only an officer (sealed_officers) decides about one or takes the raw mail out, and each time it stands in the record of acts;
/// after sealed_keep the raw mail is erased, the report's row stays. Backups are older than what is erased: the operator's rule must cover them. Used
/// by: `pinfold reports sealed`, `pinfold reports triage`, the API's report routes, a worker of `pinfold serve`. Threads: any. Clock: the caller's.
/// Errors:  why somebody may not, in words; a lost store or evidence folder throws.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/expected.hpp"
#include "config/config.hpp"
#include "engine/desk_service.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

/// Empty: that login is an officer; else why not.
[[nodiscard]] std::string why_no_officer(const std::vector<std::string>& officers, std::string_view login);

/// The raw mail of a sealed report for an officer, written into the record of acts before it is handed out.
[[nodiscard]] Expected<std::string, std::string> take_out_sealed(records::Store& store, const records::EvidenceStore& evidence,
                                                                 const config::Config& config, std::int64_t report, const std::string& by,
                                                                 const std::string& reason, WallTime now);

class SealedRetention {
public:
  SealedRetention(records::Store& store, records::EvidenceStore& evidence, const config::Config& config, const Clock& clock)
      : x_store(store), x_evidence(evidence), x_config(config), x_clock(clock) {}
  /// One round, at most each hour: erases the raw mails whose time is over. How many.
  std::size_t look();

private:
  records::Store& x_store;
  records::EvidenceStore& x_evidence;
  const config::Config& x_config;
  const Clock& x_clock;
  std::optional<WallTime> x_looked;
};

}  // namespace pinfold::engine
