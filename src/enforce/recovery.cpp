/// What recover() and a repeated run() do with a journal row that is open: read first, then adopt, redo or abandon.
#include <fmt/format.h>

#include "base/text.hpp"
#include "enforce/work.hpp"

namespace pinfold::enforce {

using desk::GuardOutcome;
using desk::PortWish;
using records::JournalState;
using Ending = ActionOutcome::Ending;

std::vector<RecoveredAction> Executor::recover(const inventory::Inventory& inventory, const StillHolds& still_holds) {
  const std::lock_guard lock(x_one_at_a_time);
  std::vector<records::JournalRow> open;
  x_store.read([&](records::Transaction& tx) { open = tx.journal().open(); });
  std::vector<RecoveredAction> recovered;
  recovered.reserve(open.size());
  for (const records::JournalRow& row : open) {
    recovered.push_back({{row.case_id, row.action, row.server, row.wish}, resume(row, inventory, still_holds)});
  }
  return recovered;
}

ActionOutcome Executor::resume(const records::JournalRow& row, const inventory::Inventory& inventory, const StillHolds& still_holds) {
  Work work = Work::resume(row, inventory);
  bool is_ours = false;
  x_store.transact([&](records::Transaction& tx) {
    const auto now = tx.journal().find(row.id);
    is_ours = now && is_open(now->state) && lease(tx, row.switch_id);
    if (is_ours) {  // `row` is as somebody saw it: until the lease was ours, another desk may have gone on from INTENT to SENT and written
      work = Work::resume(*now, inventory);
    }
  });
  if (!is_ours) {
    return taken_over(work);
  }
  work.driver = x_drivers(row.switch_id);
  if (!work.driver) {
    return unanswered(work, {DriverError::Kind::Unreachable, fmt::format("switch {} is no longer configured", printable(row.switch_id.value))});
  }
  auto facts = work.driver->inspect(work.port);
  if (!facts && facts.error().kind == DriverError::Kind::NotFound) {
    return abandon(work, "the port is gone: " + facts.error().what);
  }
  if (!facts || !guard::is_off(*facts)) {
    return unanswered(work, facts ? DriverError{DriverError::Kind::Malformed, "the port's state is unreadable"} : facts.error());
  }
  work.facts = *std::move(facts);
  x_store.read([&](records::Transaction& tx) { work.facts.vlan_to_restore = vlan_before(tx, work); });
  return is_as_wished(work.facts, row.wish) ? adopt(work) : redo(work, still_holds);
}

/// The state is as wished. It is ours only if we can have written it: SENT is durable before every write.
ActionOutcome Executor::adopt(Work& work) {
  if (work.state == JournalState::Intent && work.request.wish == PortWish::Down) {
    return abandon(work, std::string(kShutByOthers));
  }
  return verify(work, "found so after an interruption");
}

ActionOutcome Executor::redo(Work& work, const StillHolds& still_holds) {
  if (work.server == nullptr) {
    return abandon(work, "interrupted, and the server is no longer recorded on that port");
  }
  std::optional<std::string> against;
  GuardOutcome judged = GuardOutcome::Pass;
  x_store.read([&](records::Transaction& tx) {
    against.reset();
    work.verdicts = guard::evaluate(question(tx, work), x_settings.policy);
    judged = guard::outcome_of(work.verdicts);
    const auto newest = tx.journal().last_on(work.port.switch_id, work.port.name);
    if (!newest || newest->id != work.id) {
      against = "interrupted, and the port has a newer action";
    } else if (work.request.wish == PortWish::Down && x_clock.wall() - work.resumed->at >= x_settings.redo_within) {
      against = "interrupted too long ago to be done unseen";
    } else if (judged != GuardOutcome::Pass && !(judged == GuardOutcome::Hold && work.facts.fell_silent)) {
      against = "interrupted, and the guards do not pass now: " + reasons(work.verdicts);
    }
  });
  if (against) {
    return abandon(work, *std::move(against));
  }
  if (judged != GuardOutcome::Pass) {
    return unanswered(work, {DriverError::Kind::Timeout, "the switch did not answer everything: " + reasons(work.verdicts)});
  }
  return write(work, still_holds);  // which asks the predicate
}

}  // namespace pinfold::enforce
