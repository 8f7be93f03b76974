/// `pinfold audit run` and `audit plan`, and what `audit show` says of a report: the part of audits that deals with the agent's reports.
/// Ordering, consent and reading stand with the tickets (ticket_commands.cpp).
#pragma once

#include <functional>
#include <string>

#include "pinfold/context.hpp"
#include "ticket/ticket.hpp"

namespace pinfold::app {

/// `ticket_named` turns what the user named, a server or a ticket, into the ticket with its audit.
void add_audit_run_commands(CLI::App& audit, Context& context, const std::function<ticket::TicketId(const std::string&)>& ticket_named);
/// Findings and recommended plan of the ticket's last report; nothing when there is none or it is not of the agent's form.
void show_audit_report(Context& context, ticket::TicketId id);

}  // namespace pinfold::app
