/// Carries one port action from the guards to a verified state, with a write-ahead journal, and finishes after a crash what was begun.
///
///   kill switch · inspect · guards ─▶ [one transaction: predicate and limits again, INTENT] ─▶ identity again ─▶ SENT ─▶ set ─▶ poll
///        │ not Pass: nothing written                                                 │ moved: ABANDONED           │       │
///        ▼                                                                           ▼                            ▼       ▼
///     Refused / Held                                                               NotSent        VERIFIED | MISMATCH | UNKNOWN
///
/// - Every journal state is durable before the next step begins, so a crash leaves at most "it may have been written", and recover() reads
///   before it does anything. Nothing is ever written twice without a successful reading between that showed the old state.
/// - A down counts when the state agrees *and* the port's own instruments have stopped: no MAC address is learned on it any more, or its counter
///   of received octets stands still. A switch that says "down" and goes on receiving is a mismatch. (In quarantine the port goes on.)
/// - A set that times out is unknown, not failed: the state is read, and the set is not sent again.
/// - Mismatch: no second write; the other ports' admin states are compared with those before, and a person is called. If another port
///   did change, the switch is disarmed: nothing more is written to it until a person has looked and armed it again.
/// - The predicate (why was this server to be cut off?) and the kill switch are asked in the transaction that writes INTENT and once more in the
///   one that writes SENT, so that an owner's answer is either seen or comes after the write.
/// Clock:   `clock` for intervals and the journal's times; waiting goes through `wait`, so that a test never sleeps.
/// Threads: any; one action at a time in the process (an action takes at most about 30 s). Processes are kept apart by the journal (one open
///          row a port, one down in flight a switch) and by a lease a switch (lease.hpp): what another desk has begun is left to it.
/// Bounds:  polls every `poll_every` for at most `verify_within`.
/// Errors:  StoreError is passed on: what was done so far stands in the journal, and recover() takes it up.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "desk/event.hpp"
#include "desk/policy.hpp"
#include "enforce/driver.hpp"
#include "enforce/lease.hpp"
#include "enforce/switch_settings.hpp"
#include "inventory/inventory.hpp"
#include "records/store.hpp"

namespace pinfold::enforce {

struct ActionRequest {
  CaseId case_id;
  ActionId action;
  ServerId server;
  desk::PortWish wish = desk::PortWish::Down;
};

struct ActionOutcome {
  /// Refused and Held: by the guards; see `verdicts`. Dropped: the predicate no longer held. Deferred: nothing was begun, and trying again later
  /// is harmless (the switch does not answer, or not everything that the guards need; the port has an unfinished action). Finished: see `result`.
  enum class Ending : std::uint8_t { Finished, Refused, Held, Dropped, Deferred };
  Ending ending = Ending::Deferred;
  desk::ActionResult result = desk::ActionResult::NotSent;  ///< NotSent unless Finished
  std::vector<desk::GuardVerdict> verdicts;
  std::string read_back;    ///< "ifAdminStatus down, ifOperStatus down"; empty when nothing was read after the write
  std::string instruments;  ///< what the port's own instruments showed after a down: "no MAC address is learned any more"
  std::string why;          ///< one sentence for people; empty when Verified without anything to remark
  Millis took{0};           ///< from the write to the verified state
  bool needs_person = false;
};

struct RecoveredAction {
  ActionRequest request;
  ActionOutcome outcome;
};

struct DryRun {
  std::vector<desk::GuardVerdict> verdicts;
  std::string write;  ///< the exact write that would be done; empty when the port could not be read
  std::string error;  ///< why it could not be read
};

struct ExecutorSettings {
  desk::Policy policy;
  std::set<net::MacAddress> gateway_macs;
  std::filesystem::path kill_switch;  ///< while this file exists, or cannot be looked for, nothing is disabled (G0)
  std::string owner = "desk";         ///< whose leases ours are; differs between desks that share a store (process_owner.hpp)
  IsGone is_gone;                     ///< none: leases of others end by time alone
  /// What the desk holds for an action (G6, G7), asked in the transaction that decides. None: there is no warrant, which holds.
  std::function<guard::Warrant(records::Transaction&, const ActionRequest&)> warrant;
  Micros poll_every = std::chrono::milliseconds{250};
  Micros verify_within = std::chrono::seconds{10};
  Micros redo_within = std::chrono::minutes{15};  ///< an older down is not taken up again after a crash
};

class Executor {
public:
  /// A fresh driver for one action; nullptr: no such switch is configured.
  using DriverFactory = std::function<std::unique_ptr<Driver>(const SwitchId&)>;
  /// Why the action may no longer be written, or nullopt. Called inside a transaction: it must use that one and open no other.
  using StillHolds = std::function<std::optional<std::string>(records::Transaction&, const ActionRequest&)>;
  using Wait = std::function<void(Micros)>;

  Executor(records::Store& store, DriverFactory drivers, const Clock& clock, Wait wait, ExecutorSettings settings);

  /// Repeating a request writes nothing: what was finished is told again, what was begun is taken up as recover() does.
  [[nodiscard]] ActionOutcome run(const ActionRequest& request, const inventory::Inventory& inventory, const StillHolds& still_holds);

  /// Takes up every open journal row; call it before anything else may act, and again while rows stay open (a switch that does not answer).
  ///   state == wish      → adopted, and verified. (A down that was only intended and is down was shut by somebody else: abandoned.)
  ///   state != wish      → an up is done again. A down is done again only as the port's newest row, younger than `redo_within`, with all
  ///                        guards passing now and the predicate still holding; else it is abandoned and a person is called.
  ///   no answer, or not all that the guards need → stays open: Unknown if it may have been written, Deferred if not.
  [[nodiscard]] std::vector<RecoveredAction> recover(const inventory::Inventory& inventory, const StillHolds& still_holds);

  /// Everything up to the write, for people: changes nothing.
  /// `action` nullopt: no case's action is named, so that G6 and G7 hold and say so.
  [[nodiscard]] DryRun dry_run(const ServerId& server, desk::PortWish wish, const inventory::Inventory& inventory,
                               const std::optional<std::pair<CaseId, ActionId>>& action = std::nullopt);

  /// The journal's key of a request: SHA-256 over case, action, switch, port and wish.
  [[nodiscard]] static std::string journal_id(const ActionRequest& request, const inventory::AccessPort& port);

private:
  struct Work;  // one action on its way

  [[nodiscard]] ActionOutcome run_locked(const ActionRequest& request, const inventory::Inventory& inventory, const StillHolds& still_holds);
  [[nodiscard]] ActionOutcome resume(const records::JournalRow& row, const inventory::Inventory& inventory, const StillHolds& still_holds);
  [[nodiscard]] ActionOutcome adopt(Work& work);
  [[nodiscard]] ActionOutcome redo(Work& work, const StillHolds& still_holds);
  [[nodiscard]] ActionOutcome write(Work& work, const StillHolds& still_holds);
  /// Readings until one agrees with the wish, or the identity is another one, or verify_within is over.
  struct Polled {
    std::optional<guard::PortFacts> last;  ///< nullopt: no reading succeeded
    bool is_same = true;                   ///< the same identity as at the guards
    bool agrees = false;
    DriverError error;  ///< of the last reading that failed
  };
  [[nodiscard]] Polled poll(Work& work);
  [[nodiscard]] ActionOutcome verify(Work& work, std::string remark);
  [[nodiscard]] ActionOutcome verified(Work& work, const guard::PortFacts& facts, std::string remark);
  /// Whether the port has stopped hearing its server.
  struct Heard {
    bool is_still_heard = false;
    std::string what;
  };
  [[nodiscard]] Heard listen(Work& work, const guard::PortFacts& facts);
  /// What the neighbours look like against before; disarms the switch when one of them changed.
  [[nodiscard]] std::string compare_neighbours(Work& work);
  [[nodiscard]] ActionOutcome mismatch(Work& work, std::string why, std::string read_back);
  [[nodiscard]] ActionOutcome abandon(Work& work, std::string why, ActionOutcome::Ending ending = ActionOutcome::Ending::Finished);
  [[nodiscard]] ActionOutcome unanswered(Work& work, const DriverError& error);

  [[nodiscard]] static ActionOutcome taken_over(const Work& work);
  [[nodiscard]] static bool is_ours_to_open(records::Transaction& tx, const Work& work);
  [[nodiscard]] static std::optional<std::uint16_t> vlan_before(records::Transaction& tx, const Work& work);

  [[nodiscard]] std::optional<ActionOutcome> against(records::Transaction& tx, Work& work, const StillHolds& still_holds) const;
  [[nodiscard]] std::optional<ActionOutcome> begin(Work& work, const StillHolds& still_holds);
  /// False, and nothing written: another desk has taken the row over.
  bool advance(const Work& work, records::JournalState state, std::string_view note);
  [[nodiscard]] bool lease(records::Transaction& tx, const SwitchId& id) const;
  [[nodiscard]] bool stopped(records::Transaction& tx) const;
  [[nodiscard]] guard::Question question(records::Transaction& tx, const Work& work) const;
  [[nodiscard]] guard::RecentDisables recent(records::Transaction& tx, const Work& work) const;
  [[nodiscard]] records::JournalRow intent(const Work& work) const;

  records::Store& x_store;
  DriverFactory x_drivers;
  const Clock& x_clock;
  Wait x_wait;
  ExecutorSettings x_settings;
  std::mutex x_one_at_a_time;
};

/// "ifAdminStatus down, ifOperStatus down".
[[nodiscard]] std::string read_back_text(const guard::PortFacts& facts);

}  // namespace pinfold::enforce
