#include "enforce/executor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "enforce/work.hpp"

namespace pinfold::enforce {

using desk::ActionResult;
using desk::GuardOutcome;
using desk::PortWish;
using guard::OperState;
using records::JournalState;
using Ending = ActionOutcome::Ending;

namespace {

[[nodiscard]] ActionOutcome finished(ActionResult result, std::string why, bool needs_person) {
  ActionOutcome outcome;
  outcome.ending = Ending::Finished;
  outcome.result = result;
  outcome.why = std::move(why);
  outcome.needs_person = needs_person;
  return outcome;
}

[[nodiscard]] ActionOutcome not_begun(Ending ending, std::string why, bool needs_person = false) {
  ActionOutcome outcome;
  outcome.ending = ending;
  outcome.why = std::move(why);
  outcome.needs_person = needs_person;
  return outcome;
}

/// What a request that was finished earlier is told when it comes again.
[[nodiscard]] ActionOutcome told_again(const records::JournalRow& row) {
  const ActionResult result = row.state == JournalState::Verified   ? ActionResult::Verified
                              : row.state == JournalState::Mismatch ? ActionResult::Mismatch
                                                                    : ActionResult::NotSent;
  return finished(result, "finished earlier: " + row.note, result != ActionResult::Verified);
}

/// Whether the link's state fits the wish: a down that leaves the link up is none.
[[nodiscard]] bool oper_agrees(std::optional<OperState> oper, PortWish wish) {
  if (wish == PortWish::Up) {
    return oper == OperState::Up;
  }
  return oper == OperState::Down || oper == OperState::LowerLayerDown || oper == OperState::NotPresent;
}

/// State and link of the port and of every port bonded with it. In quarantine the link stays as it is.
[[nodiscard]] bool agrees(const guard::PortFacts& facts, PortWish wish) {
  if (!is_as_wished(facts, wish)) {
    return false;
  }
  return facts.quarantine_vlan ||
         (oper_agrees(facts.oper, wish) &&
          (!facts.bond.value || std::all_of(facts.bond.value->begin(), facts.bond.value->end(),
                                            [&](const guard::BondMember& member) { return oper_agrees(member.oper, wish); })));
}

/// An enabled port whose server is switched off has no carrier, and that is none of our business.
[[nodiscard]] bool is_without_carrier(std::optional<OperState> oper) {
  return oper == OperState::Down || oper == OperState::LowerLayerDown || oper == OperState::Dormant;
}

}  // namespace

std::string read_back_text(const guard::PortFacts& facts) {
  std::string text = fmt::format("ifAdminStatus {}, ifOperStatus {}", guard::to_string(facts.admin), guard::to_string(facts.oper));
  if (facts.quarantine_vlan) {
    text += facts.pvid ? fmt::format(", VLAN {}", *facts.pvid) : ", VLAN unreadable";
  }
  for (const guard::BondMember& member : facts.bond.value.value_or(std::vector<guard::BondMember>{})) {
    text += fmt::format(", {} {}/{}", printable(member.name.value), guard::to_string(member.admin), guard::to_string(member.oper));
  }
  return text;
}

Executor::Executor(records::Store& store, DriverFactory drivers, const Clock& clock, Wait wait, ExecutorSettings settings)
    : x_store(store), x_drivers(std::move(drivers)), x_clock(clock), x_wait(std::move(wait)), x_settings(std::move(settings)) {}

ActionOutcome Executor::run(const ActionRequest& request, const inventory::Inventory& inventory, const StillHolds& still_holds) {
  const std::lock_guard lock(x_one_at_a_time);
  return run_locked(request, inventory, still_holds);
}

ActionOutcome Executor::run_locked(const ActionRequest& request, const inventory::Inventory& inventory, const StillHolds& still_holds) {
  const inventory::Server* server = inventory.find(request.server);
  if (request.wish == PortWish::Up) {
    std::optional<std::string> elsewhere;
    x_store.read([&](records::Transaction& tx) { elsewhere = held_elsewhere(tx, request.server, server); });
    if (elsewhere) {
      return not_begun(Ending::Refused, *std::move(elsewhere), true);
    }
  }
  if (server == nullptr || !server->port) {
    return not_begun(Ending::Refused, "the inventory has no switch port for this server", true);
  }
  Work work = Work::fresh(request, *server, inventory);
  std::optional<records::JournalRow> earlier;
  x_store.read([&](records::Transaction& tx) { earlier = tx.journal().find(work.id); });
  if (earlier) {
    return is_open(earlier->state) ? resume(*earlier, inventory, still_holds) : told_again(*earlier);
  }
  work.driver = x_drivers(work.port.switch_id);
  if (!work.driver) {
    return not_begun(Ending::Refused, fmt::format("switch {} is not configured", printable(work.port.switch_id.value)), true);
  }
  auto facts = work.driver->inspect(work.port);
  if (!facts && facts.error().kind != DriverError::Kind::NotFound) {
    return not_begun(Ending::Deferred, facts.error().what, facts.error().kind == DriverError::Kind::Refused);
  }
  if (facts) {
    work.facts = *std::move(facts);
    work.neighbours = work.driver->admin_states();
  }
  x_store.read([&](records::Transaction& tx) { work.facts.vlan_to_restore = vlan_before(tx, work); });
  if (auto ended = begin(work, still_holds)) {
    return *std::move(ended);
  }
  if (is_as_wished(work.facts, request.wish)) {
    return verify(work, "it was so already; nothing was written");
  }
  return write(work, still_holds);
}

/// What stands against beginning the action now.
std::optional<ActionOutcome> Executor::against(records::Transaction& tx, Work& work, const StillHolds& still_holds) const {
  work.verdicts = guard::evaluate(question(tx, work), x_settings.policy);
  const GuardOutcome judged = guard::outcome_of(work.verdicts);
  if (has_open_row(tx, work.port.switch_id, work.port.name)) {  // whose the port is, and how it is, is known when that has ended
    return not_begun(Ending::Deferred, "the port has another action that is not finished");
  }
  if (judged == GuardOutcome::Hold && work.facts.fell_silent) {
    return not_begun(Ending::Deferred, "the switch did not answer everything: " + reasons(work.verdicts));
  }
  if (judged != GuardOutcome::Pass) {
    return not_begun(judged == GuardOutcome::Refuse ? Ending::Refused : Ending::Held, reasons(work.verdicts), true);
  }
  if (auto lapsed = still_holds(tx, work.request)) {
    return not_begun(Ending::Dropped, *std::move(lapsed));
  }
  return std::nullopt;
}

/// Guards, predicate and intent in one transaction: no other process, and no owner's answer, can come in between.
std::optional<ActionOutcome> Executor::begin(Work& work, const StillHolds& still_holds) {
  std::optional<ActionOutcome> ended;
  x_store.transact([&](records::Transaction& tx) {
    ended.reset();
    if (!lease(tx, work.port.switch_id)) {
      ended = not_begun(Ending::Deferred, "another desk is writing to this switch");
      return;
    }
    ended = against(tx, work, still_holds);
    if (!ended && !tx.journal().begin(intent(work))) {
      ended = not_begun(Ending::Deferred, "another desk has begun this action");
    }
    if (ended) {
      release_lease(tx, work.port.switch_id, x_settings.owner);
    }
  });
  if (ended) {
    ended->verdicts = work.verdicts;
  } else {
    log_journal(work.request, JournalState::Intent, {});
  }
  return ended;
}

ActionOutcome Executor::write(Work& work, const StillHolds& still_holds) {
  const auto again = work.driver->reread(work.port);
  if (!again) {
    return unanswered(work, again.error());
  }
  if (!guard::same_identity(work.facts, *again)) {
    return abandon(work, "the switch or the port changed between the guards and the write; nothing was written");
  }
  if (is_as_wished(*again, work.request.wish)) {
    const bool is_ours = work.request.wish == PortWish::Up || work.state != JournalState::Intent;  // SENT is durable before every write
    return is_ours ? verify(work, "it became so meanwhile; nothing was written") : abandon(work, std::string(kShutByOthers));
  }
  bool is_stopped = false;
  bool is_ours = false;
  std::optional<std::string> lapsed;
  const MonoTime leased = x_clock.mono();
  x_store.transact([&](records::Transaction& tx) {
    is_ours = lease(tx, work.port.switch_id);
    if (!is_ours) {
      return;
    }
    is_stopped = work.request.wish == PortWish::Down && stopped(tx);
    lapsed = still_holds(tx, work.request);
    if (!is_stopped && !lapsed) {
      tx.journal().advance(work.id, JournalState::Sent, work.driver->describe_write(*again, wished_state(work.request.wish)), x_clock.wall());
    }
  });
  if (!is_ours) {
    return taken_over(work);
  }
  if (is_stopped) {
    return abandon(work, "the kill switch was set meanwhile; nothing was written");
  }
  if (lapsed) {
    return abandon(work, *std::move(lapsed), Ending::Dropped);
  }
  log_journal(work.request, JournalState::Sent, {});
  work.state = JournalState::Sent;
  work.sent_at = x_clock.mono();
  if (*work.sent_at - leased >= kLeaseLife / 2) {  // a disk that took so long: by now the switch may be another desk's
    return unanswered(work, {DriverError::Kind::Unreachable, "this machine stood still before the write; nothing was written"});
  }
  guard::PortFacts target = *again;
  target.vlan_to_restore = work.facts.vlan_to_restore;
  const auto written = work.driver->set(target, wished_state(work.request.wish));
  if (written) {
    return verify(work, {});
  }
  switch (written.error().kind) {
    case DriverError::Kind::Timeout:
    case DriverError::Kind::Malformed: return verify(work, "the write was not answered: " + written.error().what);
    case DriverError::Kind::Moved: return mismatch(work, written.error().what, {});
    case DriverError::Kind::Unreachable:
    case DriverError::Kind::Refused:
    case DriverError::Kind::NotFound: break;
  }
  return abandon(work, "the switch refused the write: " + written.error().what);
}

/// Agents keep what they show for some seconds (net-snmp: 3 s), so a first disagreement says nothing yet.
Executor::Polled Executor::poll(Work& work) {
  const MonoTime start = x_clock.mono();
  Polled polled;
  while (true) {
    auto now = work.driver->reread(work.port);
    if (now) {
      polled.last = *std::move(now);
      polled.is_same = guard::same_identity(work.facts, *polled.last);
      polled.agrees = polled.is_same && agrees(*polled.last, work.request.wish);
    } else {
      polled.error = now.error();
    }
    if (!polled.is_same || polled.agrees || x_clock.mono() - start >= x_settings.verify_within) {
      return polled;
    }
    x_wait(x_settings.poll_every);
  }
}

ActionOutcome Executor::verify(Work& work, std::string remark) {
  const MonoTime start = x_clock.mono();
  const bool is_down = work.request.wish == PortWish::Down;
  const Polled polled = poll(work);
  const auto& last = polled.last;
  if (!last) {
    return unanswered(work, polled.error);
  }
  if (!polled.is_same) {
    return mismatch(work, "the switch or the port changed around the write", read_back_text(*last));
  }
  if (!polled.agrees) {
    if (is_down || !is_as_wished(*last, work.request.wish) || !is_without_carrier(last->oper)) {
      return mismatch(work, remark.empty() ? "the state did not follow the write" : remark, read_back_text(*last));
    }
    remark += remark.empty() ? "enabled, but no carrier" : "; enabled, but no carrier";
  }
  work.took = std::chrono::duration_cast<Millis>(x_clock.mono() - work.sent_at.value_or(start));
  if (is_down && !last->quarantine_vlan) {
    const Heard heard = listen(work, *last);
    if (heard.is_still_heard) {
      return mismatch(work, heard.what, read_back_text(*last));
    }
    work.instruments = heard.what;
  }
  return verified(work, *last, std::move(remark));
}

/// The second proof, from the data path: a switch was seen to say "down" and go on forwarding.
Executor::Heard Executor::listen(Work& work, const guard::PortFacts& facts) {
  const auto now = work.driver->traffic(facts);
  if (now && now->learned == std::size_t{0}) {
    return {false, "no MAC address is learned on the port any more"};
  }
  if (!now || !now->octets) {
    return {false, "neither forwarding table nor counters of the port can be compared"};
  }
  const Micros until_shown = work.driver->traffic_lag() + x_settings.poll_every;
  x_wait(until_shown);  // from here on the counter shows nothing from before the write
  const auto first = work.driver->traffic(facts);
  x_wait(until_shown);
  const auto second = work.driver->traffic(facts);
  if (!first || !second || !first->octets || !second->octets) {
    return {false, "the port's counters could not be compared"};
  }
  if (*first->octets == *second->octets) {
    return {false, "the port's counter of received octets stands still"};
  }
  return {true, fmt::format("the switch says that the port is down, and it goes on receiving: {} octets, then {}", *first->octets, *second->octets)};
}

ActionOutcome Executor::verified(Work& work, const guard::PortFacts& facts, std::string remark) {
  std::string note = read_back_text(facts);
  for (const std::string* part : {&work.instruments, &remark}) {
    note += part->empty() ? "" : "; " + *part;
  }
  if (!advance(work, JournalState::Verified, note)) {
    return taken_over(work);
  }
  ActionOutcome outcome = finished(ActionResult::Verified, std::move(remark), false);
  outcome.read_back = read_back_text(facts);
  outcome.instruments = work.instruments;
  outcome.took = work.took;
  outcome.verdicts = work.verdicts;
  return outcome;
}

/// Nothing is written again. What a person needs most is whether another port was hit.
ActionOutcome Executor::mismatch(Work& work, std::string why, std::string read_back) {
  why += "; " + compare_neighbours(work);
  if (!advance(work, JournalState::Mismatch, why + (read_back.empty() ? "" : "; " + read_back))) {
    return taken_over(work);
  }
  ActionOutcome outcome = finished(ActionResult::Mismatch, std::move(why), true);
  outcome.read_back = std::move(read_back);
  outcome.verdicts = work.verdicts;
  return outcome;
}

std::string Executor::compare_neighbours(Work& work) {
  const auto after = work.driver->admin_states();
  if (!work.neighbours || !after) {
    return "the other ports could not be compared";
  }
  const std::string changed = changed_ports(*work.neighbours, *after, written_ports(work.port.name, work.facts));
  if (changed.empty()) {
    return "no other port changed";
  }
  x_store.transact([&](records::Transaction& tx) { arm_switch(tx, work.port.switch_id, false, x_clock.wall()); });
  log_error("SWITCH_DISARMED", "{}: {}", printable(work.port.switch_id.value), changed);
  return changed + "; the switch is disarmed until a person arms it again";
}

ActionOutcome Executor::abandon(Work& work, std::string why, Ending ending) {
  if (!advance(work, JournalState::Abandoned, why)) {
    return taken_over(work);
  }
  ActionOutcome outcome = finished(ActionResult::NotSent, std::move(why), ending != Ending::Dropped);
  outcome.ending = ending;
  outcome.verdicts = work.verdicts;
  return outcome;
}

/// The switch is silent with a row open. The row stays open, and recover() asks again.
ActionOutcome Executor::unanswered(Work& work, const DriverError& error) {
  ActionOutcome outcome = not_begun(Ending::Deferred, error.what);
  outcome.verdicts = work.verdicts;
  if (work.state == JournalState::Intent || work.state == JournalState::Unknown) {  // the second time it is no news for the case
    x_store.transact([&](records::Transaction& tx) { release_lease(tx, work.port.switch_id, x_settings.owner); });
    outcome.result = work.state == JournalState::Intent ? ActionResult::NotSent : ActionResult::Unknown;
    outcome.needs_person = work.state == JournalState::Unknown;
    return outcome;
  }
  if (!advance(work, JournalState::Unknown, error.what)) {
    return taken_over(work);
  }
  outcome.result = ActionResult::Unknown;
  outcome.needs_person = true;
  outcome.ending = Ending::Finished;
  return outcome;
}

/// The lease ended while this machine stood still, and another desk has the row now: it tells the end of it.
ActionOutcome Executor::taken_over(const Work& work) {
  ActionOutcome outcome = not_begun(Ending::Deferred, "another desk has taken this action over");
  outcome.verdicts = work.verdicts;
  return outcome;
}

}  // namespace pinfold::enforce
