/// Work that one desk does for all that share a store: webhooks, the canary, the on-call list, looking after contacts and switches. Who does it is a
/// lease in the store's settings, renewed while the desk works; it ends kHolds after a desk that was lost, at once after one that is known to be
/// gone. Two desks can both believe in it for the moment in which one stands still: what must never happen twice has its own key in the store. Clock:
/// wall time, injected; desks' clocks agree to within a few seconds. Threads: one object a worker. Errors: StoreError.
#pragma once

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

class Alone {
public:
  static constexpr Micros kHolds = std::chrono::seconds{15};
  static constexpr Micros kRenewEvery = std::chrono::seconds{5};

  Alone(records::Store& store, const Clock& clock, std::string name, std::string owner, std::function<bool(const std::string&)> is_gone)
      : x_store(store), x_clock(clock), x_setting("alone/" + std::move(name)), x_owner(std::move(owner)), x_is_gone(std::move(is_gone)) {}

  /// Whether this desk is the one, now.
  [[nodiscard]] bool is_ours();

private:
  records::Store& x_store;
  const Clock& x_clock;
  std::string x_setting;
  std::string x_owner;
  std::function<bool(const std::string&)> x_is_gone;
  WallTime x_asked;
  bool x_was_ours = false;
};

}  // namespace pinfold::engine
