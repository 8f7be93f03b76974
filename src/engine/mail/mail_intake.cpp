#include "engine/mail/mail_intake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/crypto.hpp"
#include "base/json_reader.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "message/authentication.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kAtOnce = 50;
constexpr std::size_t kMaxPayload = std::size_t{1} << 20U;
constexpr std::size_t kExcerpt = 2000;

/// What LMTP was told, as the inbox keeps it.
struct Taken {
  std::string raw_sha256;
  mail::Envelope envelope;
};

/// No "from": the envelope is not known.
std::string to_payload(const std::string& raw_sha256, const mail::Envelope& envelope) {
  nlohmann::json payload{{"raw", raw_sha256}, {"recipients", envelope.recipients}};
  if (envelope.from) {
    payload["from"] = *envelope.from;
  }
  return payload.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<Taken> parse_payload(const std::string& payload) {
  const auto json = parse_json(payload, kMaxPayload);
  if (!json || !json->is_object() || !json->contains("recipients") || !(*json)["recipients"].is_array()) {
    return std::nullopt;
  }
  JsonReader reader(*json);
  Taken taken{reader.text("raw"), {reader.has("from") ? std::optional(reader.text("from")) : std::nullopt, {}}};
  for (const nlohmann::json& recipient : (*json)["recipients"]) {
    taken.envelope.recipients.push_back(recipient.is_string() ? recipient.get<std::string>() : std::string{});
  }
  return reader.error() ? std::nullopt : std::optional<Taken>(std::move(taken));
}

std::string first_from(const message::Mail& mail) { return mail.from.empty() ? std::string{} : printable(mail.from.front().address, 254); }

/// A mail's own words as one line, for a timeline and a log: line ends become " / ".
std::string one_line(std::string_view text) {
  std::string joined;
  for (const std::string_view line : split(text, '\n')) {
    if (const std::string_view words = trim(line); !words.empty()) {
      joined += (joined.empty() ? "" : " / ") + printable(words, kExcerpt);
    }
  }
  return printable(joined, kExcerpt);
}

const desk::Notice* cited_notice(const desk::Case& c, const mail::Classified& mail) {
  for (const mail::Reference& reference : mail.references) {
    if (reference.case_id == c.id && reference.notice) {
      return c.find_notice(*reference.notice);
    }
  }
  return nullptr;
}

/// RFC 3464 section 2.3.3: delivered, relayed and expanded all say that the contact's mail server has taken the notice (expanded is what a
/// mailbox with a vacation program in its .forward gives). A success or failure notice about one of ours changes that notice's delivery; anything
/// else in a bounce does not.
std::optional<desk::Input> delivery_input(const desk::Case& c, const mail::Classified& mail) {
  const desk::Notice* notice = cited_notice(c, mail);
  if (notice == nullptr || !mail.dsn) {
    return std::nullopt;
  }
  const mail::Dsn& dsn = *mail.dsn;
  const std::string words = printable(fmt::format("{}: {}", dsn.remote_mta.empty() ? dsn.final_recipient : dsn.remote_mta, dsn.diagnostic), 400);
  switch (dsn.action) {
    case mail::DsnAction::Delivered:
    case mail::DsnAction::Relayed:
    case mail::DsnAction::Expanded: return desk::NoticeDelivered{notice->id, desk::DeliveryProof::Dsn, words};
    case mail::DsnAction::Failed: return desk::NoticeFailed{notice->id, printable(dsn.status, 40) + " " + words};
    default: return std::nullopt;
  }
}

}  // namespace

MailIntake::MailIntake(DeskService& desk, records::EvidenceStore& evidence, const mail::Reader& reader, std::vector<mail::OurAddresses> ours,
                       const Clock& clock, std::function<void()> arrived, std::string authserv_id, ReportRules rules)
    : x_desk(desk),
      x_evidence(evidence),
      x_reader(reader),
      x_ours(std::move(ours)),
      x_authserv_id(std::move(authserv_id)),
      x_clock(clock),
      x_arrived(std::move(arrived)),
      x_reports(desk, rules),
      x_letters(desk, x_ours.front(), clock) {}

std::optional<desk::Case> MailIntake::believed(const std::vector<mail::Reference>& references) {
  for (const mail::Reference& reference : references) {
    auto c = x_desk.find(reference.case_id);
    const bool ours = c && std::any_of(c->notices.begin(), c->notices.end(), [&](const desk::Notice& notice) {
                        return (!reference.notice || *reference.notice == notice.id) && equal_secrets(notice.token, reference.token);
                      });
    if (ours) {
      return c;
    }
  }
  return std::nullopt;
}

std::vector<mail::Reference> MailIntake::cited_by(std::string_view recipient) const {
  std::vector<mail::Reference> references;
  for (const mail::OurAddresses& ours : x_ours) {
    for (const auto& reference : {mail::parse_reply_address(ours, recipient), mail::parse_bounce_address(ours, recipient)}) {
      if (reference) {
        references.push_back(*reference);
      }
    }
  }
  return references;
}

mail::Classified MailIntake::classify(const message::Mail& mail, const mail::Envelope& envelope, const report::Report& report) const {
  mail::Classified first = mail::classify(mail, x_ours.front(), envelope, report);
  for (std::size_t i = 1; i < x_ours.size() && first.references.empty() && first.kind != desk::MailKind::Loop; ++i) {
    mail::Classified other = mail::classify(mail, x_ours[i], envelope, report);
    if (!other.references.empty() || other.kind == desk::MailKind::Loop) {
      return other;
    }
  }
  return first;
}

bool MailIntake::accepts(std::string_view recipient) {
  const bool is_desk = std::any_of(x_ours.begin(), x_ours.end(), [&](const auto& ours) { return iequals(recipient, mail::desk_address(ours)); });
  return is_desk || believed(cited_by(recipient)).has_value() || x_letters.accepts(recipient);
}

bool MailIntake::take(const mail::Delivery& delivery) { return take(delivery.raw, {delivery.from, delivery.recipients}); }

bool MailIntake::take(std::string_view raw, const mail::Envelope& envelope) {
  try {
    const std::string hash = x_evidence.put(raw);
    std::string places;
    for (const std::string& recipient : envelope.recipients) {
      places += "/" + to_lower(recipient);
    }
    x_desk.store().transact([&](records::Transaction& tx) {
      tx.inbox().add({.id = 0, .kind = "mail", .dedup_key = hash + places, .payload = to_payload(hash, envelope), .received = x_clock.wall()});
    });
    log_info("MAIL_TAKEN", "{} bytes for {}, SHA-256 {}", raw.size(),
             envelope.recipients.size() == 1 ? printable(envelope.recipients.front(), 100)
             : envelope.recipients.empty()   ? "a folder"
                                             : "several",
             hash.substr(0, 12));
    x_arrived();
    return true;
  } catch (const std::runtime_error& failure) {
    log_error("MAIL_NOT_TAKEN", "answered 451, the mail server keeps it: {}", failure.what());
    return false;
  }
}

bool MailIntake::work() {
  std::vector<records::InboxItem> items;
  x_desk.store().read([&](records::Transaction& tx) { items = tx.inbox().pending("mail", kAtOnce); });
  for (const records::InboxItem& item : items) {
    try {
      judge(item);
    } catch (const records::Conflict&) {         // NOLINT(bugprone-empty-catch): another desk has judged it meanwhile
    } catch (const std::logic_error& damaged) {  // its case contradicts itself: the mail keeps waiting, and so pauses disabling; others go on
      log_error("CASE_DAMAGED", "mail {} waits for a person: {}", item.id, damaged.what());
    }
  }
  return items.size() == kAtOnce;
}

void MailIntake::judge(const records::InboxItem& item) {
  const auto taken = parse_payload(item.payload);
  const auto raw = taken ? x_evidence.get(taken->raw_sha256) : std::nullopt;
  if (!raw) {
    finish(item, "damaged: the raw mail is missing");
    return;
  }
  if (take_canary(item, taken->envelope.recipients)) {
    return;
  }
  const auto read = x_reader.open(*raw);
  if (!read) {
    throw std::runtime_error("the mail reader cannot be run: " + read.error().why);  // the mail stays in the inbox
  }
  mail::Classified classified;
  message::Mail parsed;
  if (const auto* unreadable = std::get_if<mail::Unreadable>(&read->mail)) {
    classified.why = "unreadable: " + unreadable->why;
    classified.needs_person = true;
    for (const std::string& recipient : taken->envelope.recipients) {
      const auto cited = cited_by(recipient);
      classified.references.insert(classified.references.end(), cited.begin(), cited.end());
    }
  } else {
    parsed = std::get<message::Mail>(read->mail);
    classified = classify(parsed, taken->envelope, read->report);
  }
  const auto c = believed(classified.references);
  if (!c && classified.kind == desk::MailKind::Report) {
    x_desk.store().transact([&](records::Transaction& tx) {
      const TakenReport report{taken->raw_sha256, parsed, read->report, item.received, message::authenticated_domains(parsed, x_authserv_id)};
      tx.inbox().finish(item.id, describe(x_reports.take(tx, report)));
    });
    x_arrived();  // its findings wait in the inbox
    return;
  }
  if (!c && take_letter(item, {taken->raw_sha256, parsed, classified, taken->envelope.recipients})) {
    return;
  }
  if (!c) {
    log_info("MAIL_WITHOUT_CASE", "{} from {}: {}", mail::kind_name(classified.kind), first_from(parsed), classified.why);
    x_desk.store().transact([&](records::Transaction& tx) {
      if (classified.needs_person) {
        x_reports.keep_for_person(tx, {taken->raw_sha256, parsed, read->report, item.received, {}},
                                  fmt::format("{}: {}", mail::kind_name(classified.kind), classified.why));
      }
      tx.inbox().finish(item.id, fmt::format("{}; cites no case of ours", mail::kind_name(classified.kind)));
    });
    return;
  }
  finish(item, mail::kind_name(classified.kind), c->id, inputs_for(*c, classified, parsed, taken->raw_sha256));
}

bool MailIntake::take_canary(const records::InboxItem& item, const std::vector<std::string>& recipients) {
  bool taken = false;
  x_desk.store().transact([&](records::Transaction& tx) {
    taken = x_letters.take_canary(tx, recipients);
    if (taken) {
      tx.inbox().finish(item.id, "a canary");
    }
  });
  return taken;
}

bool MailIntake::take_letter(const records::InboxItem& item, const IncomingMail& mail) {
  std::optional<std::string> note;
  x_desk.store().transact([&](records::Transaction& tx) {
    note = x_letters.take(tx, mail);
    if (note) {
      tx.inbox().finish(item.id, *note);
    }
  });
  if (note) {
    log_info("MAIL_IS_A_LETTER", "from {}: {}", first_from(mail.parsed), *note);
  }
  return note.has_value();
}

std::vector<desk::Input> MailIntake::inputs_for(const desk::Case& c, const mail::Classified& mail, const message::Mail& parsed,
                                                const std::string& raw_sha256) {
  std::vector<desk::Input> inputs;
  if (const auto delivery = delivery_input(c, mail)) {
    inputs.push_back(*delivery);
    return inputs;
  }
  desk::MailReceived received{
      mail.kind, mail.why, first_from(parsed), printable(parsed.message_id, 300), raw_sha256, one_line(mail.reply_text), mail.needs_person};
  const bool listed = is_contact(c.customer, received.from);
  if (mail.kind == desk::MailKind::Reply && !listed) {
    received.needs_person = true;
    received.why += "; the sender is no listed contact";
  }
  const bool is_answer = mail.kind == desk::MailKind::Reply && listed && !received.needs_person;
  inputs.emplace_back(received);
  if (is_answer) {
    inputs.emplace_back(desk::ResponseRecorded{
        desk::ResponseChannel::Mail, received.from, desk::Statement::Unstated, {}, received.excerpt, StaffId{}, received.message_id});
  }
  return inputs;
}

bool MailIntake::is_contact(const CustomerId& customer, const std::string& address) {
  const auto all = x_desk.inventory();
  const auto listed = all->recipients(customer);
  const inventory::Customer* found = all->find(customer);
  const auto is_it = [&](const inventory::Contact& contact) { return iequals(contact.id.value, address); };
  return std::any_of(listed.begin(), listed.end(), is_it) || (found != nullptr && std::any_of(found->contacts.begin(), found->contacts.end(), is_it));
}

void MailIntake::finish(const records::InboxItem& item, std::string_view note, std::optional<CaseId> id, const std::vector<desk::Input>& inputs) {
  x_desk.store().transact([&](records::Transaction& tx) {
    tx.inbox().finish(item.id, note);
    for (const desk::Input& input : inputs) {
      const auto result = x_desk.apply(tx, *id, input);
      if (!result) {
        log_warning("MAIL_INPUT_REJECTED", "{}: {}", to_string(*id), result.error().why);
      }
    }
  });
}

}  // namespace pinfold::engine
