/// What the desk itself says of a ticket, in its reader's language: one line an entry, what to do next, and the letter that tells a customer of an
/// entry. What people write stays as they wrote it. The words: ticket/words/ticket.LANGUAGE.txt (base/words.hpp).
/// Used by: the API's tickets (the user's language), letters (the contact's), the command line (English). Pure. Threads: any.
/// Bounds:  as long as what the ticket says, which is bounded (ticket.hpp). Errors: a word that English lacks is a bug and aborts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/words.hpp"
#include "ticket/checklist.hpp"

namespace pinfold::ticket {

class TicketWords {
public:
  /// `language` is BCP 47: "de-AT" finds "de", what is unknown finds "en".
  explicit TicketWords(std::string_view language);

  /// One line. `by` stands for whoever made the entry: their login, or what the reader may know of them ("our staff").
  [[nodiscard]] std::string line(const EventBody& body, const std::string& by) const;
  [[nodiscard]] std::string line(const EventBody& body) const;
  [[nodiscard]] std::string line(const Ticket& t, const NextStep& step) const;
  [[nodiscard]] std::string our_staff() const { return word("our_staff"); }

  /// What the customer is told by letter of an entry, line by line; empty: nothing. Of a ticket that staff opens, also what is the customer's to do
  /// next; of an audit that is asked for, also whether the service level includes it.
  [[nodiscard]] std::vector<std::string> letter(const Ticket& t, const EventBody& body, Side remediates, bool audit_included) const;

private:
  friend class TicketLetter;
  [[nodiscard]] const std::string& word(const std::string& key) const;

  Words x_words;
};

/// Who made an entry; empty: nobody is named.
[[nodiscard]] std::string by_of(const EventBody& body);

}  // namespace pinfold::ticket
