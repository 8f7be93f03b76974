/// What the ticket and the audit commands share.
#pragma once

#include <string>

#include "pinfold/context.hpp"
#include "ticket/ticket.hpp"

namespace pinfold::app {

[[nodiscard]] ticket::TicketId parse_ticket_id(const std::string& text);  ///< "T-7" or "7"; Stop(WrongUse) otherwise
/// The bytes go into the evidence store, where nothing executes them; the ticket knows their hash.
[[nodiscard]] ticket::Attachment keep_attachment(Context& context, const std::string& file);
/// Adds an event and prints where the ticket stands then; Stop(No) when it may not be added.
void put_on_ticket(Context& context, ticket::TicketId id, ticket::EventBody body);
/// The ticket as it stands; Stop(No) when there is none.
[[nodiscard]] ticket::Ticket load_ticket(Context& context, ticket::TicketId id);
/// Prints its events and what to do next.
void show_ticket(Context& context, ticket::TicketId id);
/// Opens one and prints it.
[[nodiscard]] ticket::TicketId open_ticket(Context& context, ticket::Opened opened);

/// `pinfold audit …`: beside `pinfold ticket …`, whose events they are.
void add_audit_commands(CLI::App& app, Context& context);

}  // namespace pinfold::app
