/// One session of a pool, for as long as this lives. SOCI's own soci::session(pool) waits for ever.
/// Errors: StoreError when none becomes free in time. Threads: the pool's are any, the session's is one.
#pragma once

#include <fmt/format.h>

#include "base/time.hpp"
#include "records/store.hpp"
#include "store/sql.hpp"

namespace pinfold::store {

class Lease {
public:
  Lease(soci::connection_pool& pool, Millis timeout) : x_pool(pool) {
    if (!pool.try_lease(x_position, static_cast<int>(timeout.count()))) {
      throw records::StoreError(fmt::format("busy: no database session became free within {}", to_string(Micros{timeout})));
    }
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { x_pool.give_back(x_position); }
  [[nodiscard]] soci::session& session() { return x_pool.at(x_position); }

private:
  soci::connection_pool& x_pool;
  std::size_t x_position = 0;
};

}  // namespace pinfold::store
