#include "engine/alone.hpp"

#include "enforce/lease.hpp"

namespace pinfold::engine {

bool Alone::is_ours() {
  const WallTime now = x_clock.wall();
  const bool is_news = now < x_asked || now - x_asked >= kRenewEvery;
  if (is_news) {
    x_store.transact([&](records::Transaction& tx) { x_was_ours = enforce::take_lease(tx, x_setting, kHolds, x_owner, now, x_is_gone); });
    x_asked = now;
  }
  return x_was_ours;
}

}  // namespace pinfold::engine
