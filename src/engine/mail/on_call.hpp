/// Calls to people: along the policy's on-call list, one step further whenever nobody takes the call (`pinfold call take`) within `escalate_after`;
/// the last step is called again, each time after twice as long, at most `remind_after`. What is written here is read at three in the morning:
/// of several open calls of a case only the newest goes further, and none does once a person has acted on the case since, it is closed, or the
/// action that the call is about no longer waits; in the policy's quiet hours nobody is called for what can wait, and in the morning only for what
/// nobody has acted on meanwhile. Calls go by mail through the operator's own mail server and as a POST to the step's webhook, whichever it has
/// (both: both); each also stands in the log (PERSON_CALLED). An empty list: the log alone. Where a customer is concerned the call says how to
/// telephone them. The webhook gets {"call", "case", "what", "called", "step", "name", "customer", "phone", "take"}; any 2xx is good. Threads: the
/// calls' worker. Errors: what cannot be handed over now is tried again with the next escalation.
#pragma once

#include "base/clock.hpp"
#include "config/config.hpp"
#include "engine/desk_service.hpp"
#include "mail/submitter.hpp"

namespace pinfold::engine {

class OnCallWorker {
public:
  OnCallWorker(DeskService& desk, const config::Config& config, const mail::Submitter& submitter, const Clock& clock)
      : x_desk(desk), x_config(config), x_submitter(submitter), x_clock(clock) {}

  /// Jobs that a process that is gone had claimed are called out again: twice is better than never.
  void recover();
  /// One call that waits; false: none.
  bool work();
  /// Calls that nobody has taken go one step further. How many did.
  std::size_t escalate();

private:
  /// Who, or what, has dealt with what the call is about; empty: nothing yet.
  [[nodiscard]] StaffId settled_by(const records::CallRow& row, const std::optional<desk::CallPerson>& effect) const;
  /// What the job of that call asks for; nullopt: it is gone, or of another kind.
  [[nodiscard]] std::optional<desk::CallPerson> effect_of(const std::string& key) const;
  void call(const records::CallRow& row);
  void call_by_mail(const desk::OnCall& person, const records::CallRow& row, const std::string& customer);
  void call_by_webhook(const desk::OnCall& person, const records::CallRow& row, const inventory::Customer* customer);

  DeskService& x_desk;
  const config::Config& x_config;
  const mail::Submitter& x_submitter;
  const Clock& x_clock;
};

}  // namespace pinfold::engine
