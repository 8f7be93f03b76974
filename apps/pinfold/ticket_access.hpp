/// A ticket as the command line reads it, adds to it, and says what comes next: the words, and the command that does it.
/// Errors: Stop(No) where there is no such ticket, and where an entry is refused.
#pragma once

#include <string>
#include <vector>

#include "pinfold/context.hpp"
#include "ticket/ticket.hpp"

namespace pinfold::app {

[[nodiscard]] ticket::Ticket load_ticket(Context& context, ticket::TicketId id);
/// Adds an entry, and says where the ticket stands then and what to do next.
void put(Context& context, ticket::TicketId id, const ticket::EventBody& body);
/// Says that of the outcome of an entry.
void say_state(Context& context, const Expected<ticket::Ticket, std::string>& outcome);
/// Who remediates at the service level of the ticket's server.
[[nodiscard]] ticket::Side remediates(Context& context, const ticket::Ticket& t);
/// One line a step, English: "order an audit and name the folders that it may read (pinfold audit order T-7)".
[[nodiscard]] std::vector<std::string> next_lines(Context& context, const ticket::Ticket& t);

}  // namespace pinfold::app
