#include "engine/customers/tickets.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/customers/contact_care.hpp"
#include "engine/mail/letters.hpp"
#include "ticket/ticket_words.hpp"

namespace pinfold::engine {
namespace {

constexpr int kMaxConflicts = 10;
constexpr std::size_t kExcerpt = 2000;

/// What the customer said with an entry; empty: it says nothing of theirs.
std::string words_of_customer(const ticket::EventBody& body) {
  if (const auto* opened = std::get_if<ticket::Opened>(&body); opened != nullptr && opened->side == ticket::Side::Customer) {
    return opened->subject;
  }
  const auto* message = std::get_if<ticket::Message>(&body);
  return message != nullptr && message->side == ticket::Side::Customer ? message->text : std::string{};
}
std::string speaker_of(const ticket::EventBody& body) {
  const auto* opened = std::get_if<ticket::Opened>(&body);
  return opened != nullptr ? opened->by : std::get<ticket::Message>(body).by;
}

}  // namespace

std::optional<inventory::Contact> ticket_recipient(records::Transaction& tx, const inventory::Inventory& all, const CustomerId& customer) {
  const std::vector<inventory::Contact> contacts = all.recipients(customer);
  const auto good = std::find_if(contacts.begin(), contacts.end(), [&](const inventory::Contact& contact) {
    return reach_of(tx.contacts().find(contact.id), Micros::max(), WallTime{}) != Reach::Failing;
  });
  if (good != contacts.end()) {
    return *good;
  }
  return contacts.empty() ? std::nullopt : std::optional(contacts.front());
}

void TicketDesk::tell_customer(records::Transaction& tx, const ticket::Ticket& t, const ticket::Event& event) {
  const auto all = x_desk.inventory();
  const auto contact = ticket_recipient(tx, *all, t.opening.customer);
  if (!contact) {
    return;
  }
  const desk::ServiceTerms& terms = desk::terms_of(x_desk.policy(), *all, t.opening.server);
  const std::vector<std::string> lines =
      ticket::TicketWords(contact->language).letter(t, event.body, ticket::remediator(terms.staff_remediates), terms.audit_included);
  if (lines.empty()) {
    return;
  }
  const inventory::Customer* customer = all->find(t.opening.customer);
  Letter letter;
  letter.key = fmt::format("ticket/{}/{}", t.id.value, event.seq);
  letter.kind = mail::LetterKind::Ticket;
  letter.to = contact->id.value;
  letter.to_name = customer == nullptr ? std::string{} : customer->name;
  letter.language = contact->language;
  letter.about = to_string(t.id);
  letter.server = t.opening.server;
  letter.lines = lines;
  letter.stands_for = fmt::format("{} {}", t.id.value, contact->id.value);
  static_cast<void>(queue_letter(tx, letter, x_clock.wall()));
}

void TicketDesk::tell_case(records::Transaction& tx, const ticket::Ticket& t, const ticket::Event& event) {
  const std::string words = printable(words_of_customer(event.body), kExcerpt);
  if (!t.opening.case_id || words.empty()) {
    return;
  }
  const std::string from = speaker_of(event.body);
  const bool is_appeal = t.opening.kind == ticket::Kind::Appeal && std::holds_alternative<ticket::Opened>(event.body);
  const desk::Input input = is_appeal
                                ? desk::Input{desk::ObjectionRaised{desk::ResponseChannel::Ticket, from, words}}
                                : desk::Input{desk::ResponseRecorded{desk::ResponseChannel::Ticket, from, desk::Statement::Unstated, std::nullopt,
                                                                     words, StaffId{}, fmt::format("{}#{}", to_string(t.id), event.seq)}};
  if (const auto applied = x_desk.apply(tx, *t.opening.case_id, input); !applied) {
    log_info("TICKET_NOT_IN_CASE", "{} in {}: {}", to_string(t.id), to_string(*t.opening.case_id), applied.error().why);
  }
}

Expected<ticket::Ticket, std::string> TicketDesk::put(records::Transaction& tx, ticket::TicketId id, const ticket::EventBody& body) {
  ticket::Ticket t = ticket::fold(id, tx.tickets().events(id));
  if (auto why = ticket::why_not(t, body)) {
    return Unexpected(to_string(id) + ": " + *std::move(why));
  }
  const ticket::Event event{t.last_seq + 1, x_clock.wall(), body};
  ticket::apply(t, event);
  tx.tickets().append(t, {event});
  tell_customer(tx, t, event);
  tell_case(tx, t, event);
  return t;
}

Expected<ticket::Ticket, std::string> TicketDesk::open(records::Transaction& tx, const ticket::Opened& opening) {
  if (opening.case_id && tx.cases().events(*opening.case_id).empty()) {
    return Unexpected("there is no case " + to_string(*opening.case_id));
  }
  // Checked before a number is spent.
  if (auto why = ticket::why_not(ticket::Ticket{}, opening)) {
    return Unexpected(*std::move(why));
  }
  return put(tx, tx.tickets().create(), opening);
}

Expected<ticket::Ticket, std::string> TicketDesk::put(ticket::TicketId id, const ticket::EventBody& body) {
  for (int attempt = 0;; ++attempt) {
    try {
      std::optional<Expected<ticket::Ticket, std::string>> result;
      x_desk.store().transact([&](records::Transaction& tx) { result = put(tx, id, body); });
      return *std::move(result);
    } catch (const records::Conflict&) {
      if (attempt == kMaxConflicts) {
        throw;
      }
    }
  }
}

Expected<ticket::Ticket, std::string> TicketDesk::open(const ticket::Opened& opening) {
  std::optional<Expected<ticket::Ticket, std::string>> result;
  x_desk.store().transact([&](records::Transaction& tx) { result = open(tx, opening); });
  return *std::move(result);
}

}  // namespace pinfold::engine
