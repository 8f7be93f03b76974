/// What the desk learns of contacts from its cases: which addresses mail has reached, which it has not, who has answered. So it knows today whom it
/// could not reach tomorrow (`pinfold contact list`). Bounds: one row an address, written in the transaction of the case's events.
#pragma once

#include <vector>

#include "inventory/inventory.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

/// Deliveries and failures of this case's notices; an answer verifies the address that gave it.
void remember_contacts(records::Transaction& tx, const desk::Case& c, const std::vector<desk::Event>& added);

/// The address's mail is taken by a host within the server's own addresses (as recorded; nothing is looked up here).
[[nodiscard]] bool lives_on(records::Transaction& tx, const ContactId& contact, const inventory::Server* server);

}  // namespace pinfold::engine
