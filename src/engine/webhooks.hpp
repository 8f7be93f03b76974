/// Sends the feed's changes to whoever asked for them: reads what is new, queues a delivery for each webhook that may see it, sends what is due.
///   feed ──look──▶ deliveries (store) ──send──▶ POST, signed (Standard Webhooks 1.0) ──▶ delivered | tried again | failed
/// Tried again after kRetries; then it has failed. 410 switches the webhook off. A webhook in trouble does not hold up the others: one attempt a
/// delivery and round, each bounded by kWithin.
/// Bounds:  kAtOnce changes and deliveries a round; the delivery log is kept kKeepLog. At least once: a kill between answer and record sends again
/// with
///          the same webhook-id.
/// Security: https (or this machine); no redirects; private addresses are the operator's to block by firewall, since his own programs often live
/// there. Threads: its worker's. Clock: injected. Errors: StoreError; what a receiver does wrong stands in the log of deliveries.
#pragma once

#include "base/clock.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

class Webhooks {
public:
  static constexpr Seconds kWithin{10};
  static constexpr Micros kKeepLog = std::chrono::days{30};

  Webhooks(records::Store& store, const Clock& clock) : x_store(store), x_clock(clock) {}
  /// One round; true: there is more to do at once.
  bool work();

private:
  bool look();
  bool send_one();

  records::Store& x_store;
  const Clock& x_clock;
  WallTime x_pruned;
};

}  // namespace pinfold::engine
