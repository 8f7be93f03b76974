/// Mail that belongs to no case by its references: answers to letters (engine/mail/letters.hpp), messages to tickets, the canary, and what a customer
/// writes out of the blue.
///   canary's address                        it came back (before anything opens it)
///   cites a question to a contact           an answer verifies the address; a delivery report or a bounce is remembered
///   cites a ticket                          a message of the ticket, its attachments by hash; an answer of the ticket's case
///   cites nothing, from a listed contact    of a customer with open cases: perhaps their answer; it waits in each for a person, and pauses
///                                           disabling. Else it opens a ticket, so that a person reads it
///   anything else                           none of this desk's
/// From headers can be forged. What a forger gains here is a pause or a ticket, never a verified address (that takes the letter's token) nor a
/// disable. Threads: the mail worker's; `accepts` any. Bounds: kMaxCasesPaused cases a mail.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "engine/customers/tickets.hpp"
#include "engine/desk_service.hpp"
#include "mail/classify.hpp"
#include "mail/letter_addresses.hpp"

namespace pinfold::engine {

inline constexpr std::size_t kMaxCasesPaused = 20;

struct IncomingMail {
  const std::string& raw_sha256;
  const message::Mail& parsed;
  const mail::Classified& classified;
  const std::vector<std::string>& recipients;
};

class LetterIntake {
public:
  LetterIntake(DeskService& desk, mail::OurAddresses ours, const Clock& clock)
      : x_desk(desk), x_ours(std::move(ours)), x_clock(clock), x_tickets(desk, clock) {}

  /// RCPT TO: an address of one of our letters.
  [[nodiscard]] bool accepts(std::string_view recipient);
  /// A canary, if it went to the address of one.
  bool take_canary(records::Transaction& tx, const std::vector<std::string>& recipients);
  /// What was done with it, for the inbox; nullopt: nothing, it is none of ours.
  [[nodiscard]] std::optional<std::string> take(records::Transaction& tx, const IncomingMail& mail);

private:
  [[nodiscard]] std::optional<mail::LetterReference> cited(records::Transaction& tx, const IncomingMail& mail) const;
  std::string answer_of_contact(records::Transaction& tx, const IncomingMail& mail, const std::string& address);
  std::string message_of_ticket(records::Transaction& tx, const IncomingMail& mail, const std::string& stands_for);
  std::optional<std::string> out_of_the_blue(records::Transaction& tx, const IncomingMail& mail);
  [[nodiscard]] std::optional<CustomerId> customer_of(const std::string& address);

  DeskService& x_desk;
  mail::OurAddresses x_ours;
  const Clock& x_clock;
  TicketDesk x_tickets;
};

}  // namespace pinfold::engine
