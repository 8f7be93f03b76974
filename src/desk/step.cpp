#include "desk/step.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "desk/handlers.hpp"
#include "desk/incidents.hpp"
#include "desk/judgement.hpp"

namespace pinfold::desk {
namespace {

bool is_sure(const abuse::Finding& finding, const Policy& policy) { return finding.confidence >= policy.min_confidence; }

/// The owner has been written nothing real yet (also: only observed notices, from before warnings were armed).
bool needs_warning(const Case& c, const Policy& policy) {
  const bool is_early = c.state == State::Triage || c.state == State::WarningQueued;
  return is_early && std::all_of(c.notices.begin(), c.notices.end(), [&](const Notice& n) { return n.observed_only && warnings_armed(c, policy); });
}

void warn(Draft& d) {
  if (!d.queue_notice(NoticeKind::Warning)) {
    d.call_person(std::string(kNobodyToWrite), Draft::Urgency::CanWait);
  }
}

bool port_may_be_off(const Case& c) { return c.state == State::Disabled || c.state == State::Discussed || c.state == State::Enabling; }

Result handle(Draft d, const Tick&) {
  conclude(d);
  return std::move(d).finish();
}

Result handle(Draft d, const FindingArrived& input) {
  const Case& c = d.current();
  const abuse::Finding& f = input.finding;
  const WallTime now = d.moment().now;
  if (f.server != c.server || abuse::family_of(f.abuse_class) != c.family) {
    return reject(fmt::format("the finding is about {} ({}), this case about {} ({})", f.server.value, to_string(abuse::family_of(f.abuse_class)),
                              c.server.value, to_string(c.family)));
  }
  if (const auto known = c.findings.find(f.id); known != c.findings.end()) {
    const Sighting& s = known->second;
    if (s.origin != f.origin) {
      return reject(fmt::format("finding {} belongs to {}, not to {}", f.id.value, to_string(s.origin), to_string(f.origin)));
    }
    if (s.last_seen == span_of(f, now).last && s.detected_at == f.detected_at && s.confidence == f.confidence) {
      return reject("nothing new: this finding is recorded already");
    }
  }
  const Placement placement = place(c, f, now, d.policy().quiet_gap);
  d.record(FindingRecorded{f, placement.incident, placement.joins});
  if (is_sure(f, d.policy()) && needs_warning(d.current(), d.policy())) {
    warn(d);
  }
  return std::move(d).finish();
}

Result handle(Draft d, const NoteAdded& input) { return recorded(d, input); }

Result handle(Draft d, const ClosedByStaff& input) {
  if (input.by.value.empty() || input.reason.empty()) {
    return reject("closing takes a name and a reason");
  }
  if (port_may_be_off(d.current())) {
    return reject("the port is off: record the discussion, so that it comes back on, then close");
  }
  if (const PortAction* action = d.current().open_action()) {
    d.record(ActionDropped{action->id, input.by, "the case is being closed"});
  }
  d.record(input);
  return std::move(d).finish();
}

}  // namespace

Expected<Step, Rejected> step(const Case& c, const Input& input, const Policy& policy, const Moment& moment) {
  // A write that was on its way when the case closed is a fact about the switch; refusing it would leave a dark port that nobody knows of.
  const bool taken_when_closed = std::holds_alternative<NoteAdded>(input) || std::holds_alternative<PortActionFinished>(input);
  if (is_final(c.state) && !taken_when_closed) {
    if (std::holds_alternative<Tick>(input)) {
      return Step{};
    }
    return reject(fmt::format("{} is closed", to_string(c.id)));
  }
  return std::visit([&](const auto& what) { return handle(Draft(c, policy, moment), what); }, input);
}

Step open(CaseId id, const CaseOpened& opening, const abuse::Finding& finding, const Policy& policy, const Moment& moment) {
  Case c;
  c.id = id;
  Draft d(c, policy, moment);
  d.record(opening);
  d.record(FindingRecorded{finding, IncidentId{1}});
  if (is_sure(finding, policy)) {
    warn(d);
  }
  return std::move(d).finish();
}

}  // namespace pinfold::desk
