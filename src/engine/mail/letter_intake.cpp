#include "engine/mail/letter_intake.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/mail/canary.hpp"
#include "engine/mail/letters.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kListed = 10'000;
constexpr std::size_t kExcerpt = 2000;
constexpr std::size_t kLongestLine = 1000;

std::string sender_of(const message::Mail& mail) { return mail.from.empty() ? std::string{} : to_lower(printable(mail.from.front().address, 254)); }

/// Written by somebody, as far as can be told: neither a program's answer nor a report about delivery.
bool is_from_a_person(const mail::Classified& classified) {
  return (classified.kind == desk::MailKind::Reply && !classified.is_empty_reply) || classified.kind == desk::MailKind::Unknown;
}

/// Safe to show, line by line.
std::string printable_lines(std::string_view text, std::size_t most) {
  std::string result;
  for (const std::string_view line : split(text.substr(0, most), '\n')) {
    result += (result.empty() ? "" : "\n") + printable(line, kLongestLine);
  }
  return result;
}

/// The words: without what was quoted; all of the first text where nothing else was found.
std::string words_of(const IncomingMail& mail) {
  if (!trim(mail.classified.reply_text).empty()) {
    return printable_lines(mail.classified.reply_text, ticket::kMaxText / 4);
  }
  for (const message::Part& part : mail.parsed.parts) {
    if (part.embedded == 0 && part.type == "text/plain" && !trim(part.text).empty()) {
      return printable_lines(part.text, ticket::kMaxText / 4);
    }
  }
  return {};
}

/// Everything that is not the mail's own text, known by its hash. The bytes are in the raw mail, which the evidence store keeps.
std::vector<ticket::Attachment> attachments_of(const message::Mail& mail) {
  std::vector<ticket::Attachment> found;
  for (const message::Part& part : mail.parts) {
    const bool is_text = part.filename.empty() && (part.type == "text/plain" || part.type == "text/html");
    if (part.embedded == 0 && !is_text && part.sha256.size() == 64 && found.size() < ticket::kMaxAttachments) {
      found.push_back({part.filename.empty() ? part.type : printable(part.filename, 200), part.sha256, part.size});
    }
  }
  return found;
}

}  // namespace

bool LetterIntake::accepts(std::string_view recipient) {
  const auto reference = mail::parse_letter_address(x_ours, recipient);
  if (!reference) {
    return false;
  }
  bool ours = false;
  x_desk.store().read([&](records::Transaction& tx) {
    ours = reference->kind == mail::LetterKind::Canary ? is_canary(tx, reference->token) : letter_of_token(tx, *reference).has_value();
  });
  return ours;
}

bool LetterIntake::take_canary(records::Transaction& tx, const std::vector<std::string>& recipients) {
  for (const std::string& recipient : recipients) {
    const auto reference = mail::parse_letter_address(x_ours, recipient);
    if (reference && reference->kind == mail::LetterKind::Canary) {
      if (!reference->is_bounce) {
        static_cast<void>(canary_came_back(tx, reference->token, x_clock.wall()));
      }
      return true;  // also one that we no longer know: nobody else is meant
    }
  }
  return false;
}

std::optional<mail::LetterReference> LetterIntake::cited(records::Transaction& tx, const IncomingMail& mail) const {
  std::vector<mail::LetterReference> found;
  for (const std::string& recipient : mail.recipients) {
    if (const auto reference = mail::parse_letter_address(x_ours, recipient)) {
      found.push_back(*reference);
    }
  }
  for (auto id = mail.parsed.references.rbegin(); id != mail.parsed.references.rend(); ++id) {
    if (const auto reference = mail::parse_letter_message_id(x_ours, *id)) {
      found.push_back(*reference);
    }
  }
  const auto known = std::find_if(found.begin(), found.end(), [&](const auto& reference) { return letter_of_token(tx, reference).has_value(); });
  return known == found.end() ? std::nullopt : std::optional(*known);
}

std::string LetterIntake::answer_of_contact(records::Transaction& tx, const IncomingMail& mail, const std::string& address) {
  records::ContactRow row = tx.contacts().find(ContactId{address});
  const WallTime now = x_clock.wall();
  if (mail.classified.dsn) {
    const bool failed = mail.classified.dsn->action == mail::DsnAction::Failed;
    const bool arrived = mail.classified.dsn->action == mail::DsnAction::Delivered || mail.classified.dsn->action == mail::DsnAction::Relayed ||
                         mail.classified.dsn->action == mail::DsnAction::Expanded;
    if (failed) {
      row.failed = now;
      row.failure = printable(mail.classified.dsn->status + " " + mail.classified.dsn->diagnostic, 300);
    } else if (arrived) {
      row.delivered = now;
    }
    tx.contacts().put(row);
    return failed ? "a contact's address fails" : "our question reached a contact";
  }
  if (!is_from_a_person(mail.classified)) {
    return fmt::format("{}; no answer of a contact", mail::kind_name(mail.classified.kind));
  }
  // Whoever holds the letter's token has read it, whatever address they write from.
  row.verified = now;
  row.verified_how = "answered our question";
  tx.contacts().put(row);
  log_info("CONTACT_VERIFIED", "{}", printable(address, 100));
  return "a contact answers: verified";
}

std::string LetterIntake::message_of_ticket(records::Transaction& tx, const IncomingMail& mail, const std::string& stands_for) {
  const auto space = stands_for.find(' ');
  const auto number = parse_number(stands_for.substr(0, space));
  if (!number || *number == 0) {
    return "cites a ticket that is not there";
  }
  const ticket::TicketId id{static_cast<std::int64_t>(*number)};
  if (mail.classified.dsn) {
    return answer_of_contact(tx, mail, space == std::string::npos ? std::string{} : stands_for.substr(space + 1));
  }
  if (!is_from_a_person(mail.classified)) {
    return fmt::format("{}; no message of {}", mail::kind_name(mail.classified.kind), to_string(id));
  }
  ticket::Message message{ticket::Side::Customer, sender_of(mail.parsed), words_of(mail), attachments_of(mail.parsed),
                          printable(mail.parsed.message_id, 300)};
  const auto put = x_tickets.put(tx, id, std::move(message));
  return put ? "a message of " + to_string(id) : put.error();
}

std::optional<CustomerId> LetterIntake::customer_of(const std::string& address) {
  const auto all = x_desk.inventory();
  for (const inventory::Customer& customer : all->customers()) {
    const bool is_contact = std::any_of(customer.contacts.begin(), customer.contacts.end(), [&](const auto& k) { return k.id.value == address; });
    if (is_contact || (customer.account && customer.account->value == address)) {
      return customer.id;
    }
  }
  return std::nullopt;
}

std::optional<std::string> LetterIntake::out_of_the_blue(records::Transaction& tx, const IncomingMail& mail) {
  const std::string from = sender_of(mail.parsed);
  const auto customer = from.empty() || !is_from_a_person(mail.classified) ? std::nullopt : customer_of(from);
  if (!customer) {
    return std::nullopt;
  }
  const auto all = x_desk.inventory();
  std::vector<CaseId> paused;
  for (const records::CaseSummary& row : tx.cases().list(kListed)) {
    const inventory::Customer* holder = all->find(row.customer);
    const bool concerns = row.customer == *customer || (holder != nullptr && holder->reseller == customer);
    if (concerns && !desk::is_final(row.state) && paused.size() < kMaxCasesPaused) {
      paused.push_back(row.id);
    }
  }
  const std::string words = printable(words_of(mail), kExcerpt);
  for (const CaseId id : paused) {
    const desk::MailReceived received{desk::MailKind::Unknown,
                                      "cites no case, but comes from a contact of this customer: perhaps an answer",
                                      from,
                                      printable(mail.parsed.message_id, 300),
                                      mail.raw_sha256,
                                      words,
                                      true};
    static_cast<void>(x_desk.apply(tx, id, received));
  }
  if (!paused.empty()) {
    return fmt::format("from a contact of {}, cites nothing: waits for a person in {} case(s)", customer->value, paused.size());
  }
  const std::string subject = trim(mail.parsed.subject).empty() ? std::string("a mail without a subject") : printable(mail.parsed.subject, 200);
  const auto opened = x_tickets.open(tx, {*customer, ServerId{}, ticket::Kind::Question, subject, ticket::Side::Customer, from});
  if (!opened) {
    return opened.error();
  }
  const auto put = x_tickets.put(
      tx, opened->id,
      ticket::Message{ticket::Side::Customer, from, words_of(mail), attachments_of(mail.parsed), printable(mail.parsed.message_id, 300)});
  return "opened " + to_string(opened->id) + (put ? "" : "; " + put.error());
}

std::optional<std::string> LetterIntake::take(records::Transaction& tx, const IncomingMail& mail) {
  const auto reference = cited(tx, mail);
  if (!reference) {
    return out_of_the_blue(tx, mail);
  }
  const std::string stands_for = letter_of_token(tx, *reference).value_or("");
  switch (reference->kind) {
    case mail::LetterKind::Contact: return answer_of_contact(tx, mail, stands_for);
    case mail::LetterKind::Ticket: return message_of_ticket(tx, mail, stands_for);
    case mail::LetterKind::Aup: return mail.classified.dsn ? answer_of_contact(tx, mail, stands_for) : out_of_the_blue(tx, mail);
    case mail::LetterKind::Canary: return "a canary";
  }
  return std::nullopt;
}

}  // namespace pinfold::engine
