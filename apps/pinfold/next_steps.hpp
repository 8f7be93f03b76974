/// What the command line says of a ticket's next steps: the words, and the command that does it.
#pragma once

#include <string>
#include <vector>

#include "pinfold/context.hpp"
#include "ticket/ticket.hpp"

namespace pinfold::app {

/// Who remediates at the service level of the ticket's server.
[[nodiscard]] ticket::Side remediates(Context& context, const ticket::Ticket& t);
/// One line a step, English: "order an audit and name the folders that it may read (pinfold audit order T-7)".
[[nodiscard]] std::vector<std::string> next_lines(Context& context, const ticket::Ticket& t);

}  // namespace pinfold::app
