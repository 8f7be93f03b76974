/// The record of those who accuse: how often each detector, agent and reporter was right, as the cases that came of it ended.
/// By the rule of desk/verdict.hpp, which the queue's rows and so the API's list of detectors go by as well.
/// Used by: `pinfold detector list`, operators who set thresholds; reputation of reporters. Derived from the cases' events at every call; nothing is
/// kept, so it cannot drift from them. Cost: O(events of all cases). Threads: any.
#pragma once

#include <string>
#include <vector>

#include "desk/case.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

struct DetectorRecord {
  abuse::Origin origin = abuse::Origin::Network;
  abuse::AbuseClass abuse_class = abuse::AbuseClass::Other;
  std::string kind;  ///< the class's sub-kind
  std::string who;   ///< of reporters: who reported; of the rest empty (all points run the same detector)
  unsigned cases = 0;
  unsigned right = 0;
  unsigned wrong = 0;
  unsigned unknown = 0;
  unsigned open = 0;
  std::vector<CaseId> wrong_in;  ///< the latest kMaxWrongCases, to look at
  /// Of the cases in which it is known, per cent; nullopt: in none.
  [[nodiscard]] std::optional<unsigned> percent_wrong() const;
};
inline constexpr std::size_t kMaxWrongCases = 20;

/// Those that were wrong most often first.
[[nodiscard]] std::vector<DetectorRecord> detector_records(records::Transaction& tx);

}  // namespace pinfold::engine
