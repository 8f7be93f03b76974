/// Tickets joined to the store and to the people: an entry is checked, kept, and followed by what follows from it, in one transaction.
///   staff writes       a letter to the customer (by mail: engine/mail/letters.hpp)
///   the customer writes on a case's ticket     an answer of that case; an appeal is an objection
/// Used by: `pinfold ticket`, `pinfold audit`, mail in (engine/mail/letter_intake.hpp), the portal. Threads: any. Clock: injected.
/// Errors:  why an entry may not be added, in words for whoever tried. Conflicts are tried again.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/expected.hpp"
#include "engine/desk_service.hpp"
#include "ticket/ticket.hpp"

namespace pinfold::engine {

/// Whom the letters of a ticket go to: the first contact that has not failed lately.
[[nodiscard]] std::optional<inventory::Contact> ticket_recipient(records::Transaction& tx, const inventory::Inventory& all,
                                                                 const CustomerId& customer);

class TicketDesk {
public:
  TicketDesk(DeskService& desk, const Clock& clock) : x_desk(desk), x_clock(clock) {}

  [[nodiscard]] Expected<ticket::Ticket, std::string> open(const ticket::Opened& opening);
  [[nodiscard]] Expected<ticket::Ticket, std::string> open(records::Transaction& tx, const ticket::Opened& opening);
  [[nodiscard]] Expected<ticket::Ticket, std::string> put(ticket::TicketId id, const ticket::EventBody& body);
  [[nodiscard]] Expected<ticket::Ticket, std::string> put(records::Transaction& tx, ticket::TicketId id, const ticket::EventBody& body);

private:
  void tell_customer(records::Transaction& tx, const ticket::Ticket& t, const ticket::Event& event);
  void tell_case(records::Transaction& tx, const ticket::Ticket& t, const ticket::Event& event);

  DeskService& x_desk;
  const Clock& x_clock;
};

}  // namespace pinfold::engine
