/// A step in the making: what it records is at once folded into a copy of the case, so that each conclusion is drawn from what stands there by then.
/// Used by: step and its conclusions. Private to the desk. Threads: none. Cost: one copy of the case.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "desk/step.hpp"

namespace pinfold::desk {

class Draft {
public:
  Draft(const Case& c, const Policy& policy, const Moment& moment) : x_case(c), x_policy(policy), x_moment(moment) {}

  [[nodiscard]] const Case& current() const { return x_case; }
  [[nodiscard]] const Policy& policy() const { return x_policy; }
  [[nodiscard]] const Moment& moment() const { return x_moment; }

  void record(EventBody body);
  /// A notice to the first contact that has not bounced yet. False: there is none left. At most one a step (there is one fresh token).
  [[nodiscard]] bool queue_notice(NoticeKind kind);
  /// A notice to that contact, whatever became of others. Like every notice: at most one a step.
  void write_to(const ContactId& contact, NoticeKind kind);
  /// Calls a person, once for the same words. Urgent: a port, or proof that ages; everything else can wait for the morning. A call `about` an action
  /// is over as soon as that action no longer waits.
  enum class Urgency : std::uint8_t { Now, CanWait };
  void call_person(const std::string& what, Urgency urgency = Urgency::Now, std::optional<ActionId> about = std::nullopt);
  void set_port(ActionId action, PortWish wish);
  /// Once more, past the rails that held it; `seq` of the release makes the key a new one.
  void set_port_released(ActionId action, std::uint32_t seq);

  [[nodiscard]] Step finish() && { return std::move(x_step); }

private:
  Case x_case;
  const Policy& x_policy;
  const Moment& x_moment;
  Step x_step;
};

/// What follows from the facts and the time (tick.cpp).
void conclude(Draft& draft);

}  // namespace pinfold::desk
