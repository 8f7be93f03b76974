/// A row of `events`, and the event in it. Internal to `store`. Errors: StoreError for content that does not match its commitment or cannot be read.
#pragma once

#include "desk/event.hpp"
#include "store/sql.hpp"

namespace pinfold::store {

struct EventRow {
  long long seq = 0;
  long long at = 0;
  std::string kind;
  std::string commitment;
  Nullable<std::string> salt;
  Nullable<std::string> payload;
};
[[nodiscard]] desk::Event read_event(CaseId id, const EventRow& row);

}  // namespace pinfold::store
