/// What the desk forgets, and when: contents of closed cases, closed tickets, mails and reports that were worked on, and evidence that nothing names
/// any more. Once a night by `pinfold serve`, or by `pinfold retention --apply`. The chain of events still verifies afterwards, and a case keeps
/// its place, its times and its outcome, so that repeat offenders are still known (GDPR article 5(1)(e), storage limitation).
/// Used by:  serve and the command line. Clock: injected. Threads: one worker's.
/// Bounds:   kBatch rows a transaction, so that nobody waits for it; open cases, open tickets and undecided reports are never touched.
/// Errors:   StoreError is passed on; what was done stays done, the rest is for the next night.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

struct Forgotten {
  std::size_t cases = 0;
  std::size_t tickets = 0;
  std::size_t mails = 0;
  std::size_t reports = 0;
  records::EvidenceStore::Swept evidence;
  [[nodiscard]] std::size_t all() const { return cases + tickets + mails + reports + evidence.pieces; }
};
[[nodiscard]] std::string to_string(const Forgotten& forgotten);  ///< "3 cases, 0 tickets, 12 mails, 4 reports, 9 pieces of evidence (1.2 MB)"

enum class Forget : std::uint8_t { Trial, Really };
/// All that is due at `now`. A trial counts at most kTrialCount of each kind, and evidence as it is named today.
[[nodiscard]] Forgotten forget(records::Store& store, records::EvidenceStore& evidence, const config::Retention& retention, WallTime now, Forget how);

inline constexpr std::size_t kBatch = 100;
inline constexpr std::size_t kTrialCount = 100'000;

class RetentionWorker {
public:
  static constexpr Micros kHour = std::chrono::hours{3};  ///< of the day, UTC

  RetentionWorker(records::Store& store, records::EvidenceStore& evidence, const config::Retention& retention, const Clock& clock)
      : x_store(store), x_evidence(evidence), x_retention(retention), x_clock(clock) {}

  /// Forgets what is due if it has not been done today and it is past kHour; several desks: whoever comes first.
  void look();

private:
  [[nodiscard]] bool claim_day(WallTime now);

  records::Store& x_store;
  records::EvidenceStore& x_evidence;
  config::Retention x_retention;
  const Clock& x_clock;
};

}  // namespace pinfold::engine
