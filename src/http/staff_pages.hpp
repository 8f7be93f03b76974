/// The staff's pages that need no script, read-only so far: the list of cases and one case with its proof and its timeline; and the
/// machine's pages: /healthz and /metrics.
///   GET /, /cases         cases, newest change first (kMaxListed)
///   GET /cases/PF-42      one case
///   GET /healthz          JSON; 503 when something is not healthy
///   GET /metrics          Prometheus text format 0.0.4
/// Security: who may see them is decided before (http/portal.hpp). No writing route (logging out is the portal's). Strict CSP, nothing leaves the
/// origin, all text is escaped by the templates. Threads: any.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "desk/policy.hpp"
#include "http/health.hpp"
#include "http/message.hpp"
#include "records/store.hpp"

namespace pinfold::http {

inline constexpr std::size_t kMaxListed = 500;

class StaffPages {
public:
  StaffPages(records::Store& store, const desk::Policy& policy, const Clock& clock, std::function<Health()> health);
  /// Who is logged in is offered a way out.
  [[nodiscard]] Response handle(const Request& request, bool is_logged_in = false) const;

private:
  [[nodiscard]] Response cases(bool may_leave) const;
  [[nodiscard]] Response one_case(CaseId id, bool may_leave) const;
  [[nodiscard]] Response healthz() const;
  [[nodiscard]] Response metrics() const;

  records::Store& x_store;
  desk::Policy x_policy;
  const Clock& x_clock;
  std::function<Health()> x_health;
};

}  // namespace pinfold::http
