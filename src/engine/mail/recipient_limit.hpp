/// No more letters to one mailbox within an hour than the operator wants: a detector gone wrong, or a customer with hundreds of servers, must not
/// make an owner's mail server refuse us. A letter over the limit waits; deadlines run from delivery, so nobody loses time by it. Kept in the store,
/// so that it holds over restarts and several desks. Clock: the caller's. Bounds: an hour's letters a mailbox.
#pragma once

#include <optional>
#include <string>

#include "records/store.hpp"

namespace pinfold::engine {

/// When the next letter to `recipient` may go; nullopt: now. `limit` 0: no limit.
[[nodiscard]] std::optional<WallTime> hold_until(records::Transaction& tx, const std::string& recipient, unsigned limit, WallTime now);
/// One went out, or may have.
void count_letter(records::Transaction& tx, const std::string& recipient, WallTime now);

}  // namespace pinfold::engine
