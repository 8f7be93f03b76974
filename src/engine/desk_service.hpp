/// The desk's pure core joined to the store: one input, one transaction. Loads a case, steps it, appends what was decided and puts its effects
/// into the outbox, all or nothing. Used by every worker of `pinfold serve`, and by the command line directly: there is no other writer of
/// cases, and no state outside the store, so any number of processes may do this at once.
/// Clock:   injected. Threads: any.
/// Errors:  Rejected for an input that the ladder refuses; StoreError is thrown through; a case whose events contradict themselves throws
///          std::logic_error and is left untouched.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/expected.hpp"
#include "base/lock_guarded.hpp"
#include "desk/step.hpp"
#include "engine/ears.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

class DeskService {
public:
  /// `changed` is called after every commit that added an effect or an event, so that workers need not wait for their next look.
  DeskService(records::Store& store, const desk::Policy& policy, const Clock& clock, std::function<void()> changed);

  /// Steps a case that exists. The case as it stands afterwards.
  Expected<desk::Case, desk::Rejected> apply(CaseId id, const desk::Input& input);
  /// The same, inside a transaction that also does something else (marks a job or a mail as worked on).
  Expected<desk::Case, desk::Rejected> apply(records::Transaction& tx, CaseId id, const desk::Input& input);

  /// A finding finds its case by server, the tenant at event time, and family; or opens one. nullopt: nobody's server, or nobody held it then.
  std::optional<CaseId> take_finding(const abuse::Finding& finding);
  std::optional<CaseId> take_finding(records::Transaction& tx, const abuse::Finding& finding) { return take_finding(tx, finding, StaffId{}); }
  /// Staff opens a case by hand (phishing, a telephone complaint), or adds to the open one. nullopt: nobody's server.
  std::optional<CaseId> open_by_staff(const ServerId& server, abuse::AbuseClass abuse_class, const std::string& summary, const StaffId& by);

  /// Lets time pass for every case that is due. How many were looked at.
  std::size_t tick_due();

  /// As it stands; nullopt: no such case.
  [[nodiscard]] std::optional<desk::Case> find(CaseId id);
  /// May this server be disabled now, and why (not)?
  [[nodiscard]] desk::Proof prove(const desk::Case& c);
  /// Asked once more when a port action is about to be written, inside the transaction that writes the intent.
  [[nodiscard]] std::optional<std::string> why_not_now(records::Transaction& tx, CaseId id, ActionId action);

  [[nodiscard]] std::shared_ptr<const inventory::Inventory> inventory();
  [[nodiscard]] const desk::Policy& policy() const { return x_policy; }
  [[nodiscard]] records::Store& store() { return x_store; }

private:
  [[nodiscard]] std::shared_ptr<const inventory::Inventory> inventory(records::Transaction& tx);
  std::optional<CaseId> take_finding(records::Transaction& tx, const abuse::Finding& finding, const StaffId& by);
  [[nodiscard]] desk::Moment moment_for(records::Transaction& tx, const CustomerId& customer, const ServerId& server);
  /// Appends a step's events and effects to a case, then ticks it until nothing more follows.
  desk::Case commit_step(records::Transaction& tx, desk::Case c, std::vector<desk::Event> history, desk::Step step);

  struct CachedInventory {
    std::int64_t version = -1;
    std::shared_ptr<const inventory::Inventory> inventory;
  };

  records::Store& x_store;
  desk::Policy x_policy;
  const Clock& x_clock;
  std::function<void()> x_changed;
  LockGuarded<CachedInventory> x_inventory;
};

}  // namespace pinfold::engine
