#include "mail/dsn.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/enum_names.hpp"
#include "base/text.hpp"
#include "mail/phrases.hpp"
#include "mail/reply_text.hpp"

namespace pinfold::mail {
namespace {

constexpr EnumNames<DsnAction, 5> kActions{{{{DsnAction::Delivered, "delivered"},
                                             {DsnAction::Relayed, "relayed"},
                                             {DsnAction::Failed, "failed"},
                                             {DsnAction::Delayed, "delayed"},
                                             {DsnAction::Expanded, "expanded"}}}};

using Fields = std::vector<message::Header>;

/// Groups of header-like fields, separated by empty lines (RFC 3464 section 2.1).
std::vector<Fields> parse_groups(std::string_view text) {
  constexpr std::size_t kMaxGroups = 64;
  std::vector<Fields> groups(1);
  for (const std::string_view line : split(text.substr(0, kMaxScanned), '\n')) {
    if (trim(line).empty()) {
      if (!groups.back().empty() && groups.size() < kMaxGroups) {
        groups.emplace_back();
      }
      continue;
    }
    const bool folded = line.front() == ' ' || line.front() == '\t';
    const auto colon = line.find(':');
    if (folded && !groups.back().empty()) {
      groups.back().back().value += " " + std::string(trim(line));
    } else if (colon != std::string_view::npos && groups.back().size() < message::kMaxHeaders) {
      groups.back().push_back({std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))});
    }
  }
  return groups;
}

std::string field(const Fields& fields, std::string_view name) {
  const message::Header* header = message::find_header(fields, name);
  return header == nullptr ? std::string{} : printable(header->value);
}

/// "rfc822; a@b.example" → "a@b.example"
std::string after_type(std::string_view value) {
  const auto semicolon = value.find(';');
  const std::string_view rest = trim(semicolon == std::string_view::npos ? value : value.substr(semicolon + 1));
  const bool bracketed = rest.size() >= 2 && rest.front() == '<' && rest.back() == '>';
  return std::string(bracketed ? rest.substr(1, rest.size() - 2) : rest);
}

DsnAction action_of(std::string_view action, std::string_view status) {
  const std::string word = to_lower(trim(action.substr(0, action.find_first_of(" (;"))));
  if (const auto known = kActions.parse(word)) {
    return *known;
  }
  switch (status.empty() ? '5' : status.front()) {
    case '2': return DsnAction::Delivered;
    case '4': return DsnAction::Delayed;
    default: return DsnAction::Failed;
  }
}

Dsn recipient_status(const Fields& fields) {
  Dsn dsn;
  dsn.standard = true;
  dsn.diagnostic = after_type(field(fields, "Diagnostic-Code"));
  dsn.status = find_status(field(fields, "Status"));
  if (dsn.status.empty()) {
    dsn.status = find_status(dsn.diagnostic);
  }
  dsn.action = action_of(field(fields, "Action"), dsn.status);
  dsn.remote_mta = after_type(field(fields, "Remote-MTA"));
  dsn.final_recipient = after_type(field(fields, "Final-Recipient"));
  dsn.original_recipient = after_type(field(fields, "Original-Recipient"));
  return dsn;
}

bool fared_well(const Dsn& dsn) {
  return dsn.action == DsnAction::Delivered || dsn.action == DsnAction::Relayed || dsn.action == DsnAction::Expanded;
}

bool is_mail_system(const message::Mailbox& sender) {
  static constexpr std::array<std::string_view, 10> kAccounts = {"mailer-daemon", "postmaster",       "mailerdaemon",  "mail-daemon",
                                                                 "mdaemon",       "mail.daemon",      "mailer_daemon", "mail-system",
                                                                 "bounce",        "microsoftexchange"};
  static constexpr std::array<std::string_view, 8> kNames = {"mail delivery",      "mailer-daemon",        "mail daemon", "postmaster",
                                                             "mail administrator", "system administrator", "mail system", "mail server"};
  const std::string account = fold(std::string_view(sender.address).substr(0, sender.address.find('@')));
  const std::string name = fold(sender.name);
  const auto in = [](std::string_view text) { return [text](std::string_view word) { return text.find(word) != std::string_view::npos; }; };
  return std::any_of(kAccounts.begin(), kAccounts.end(), in(account)) || std::any_of(kNames.begin(), kNames.end(), in(name));
}

/// A header that only a mail system's notice has: 3 points, as it names itself.
bool has_bounce_header(const message::Mail& mail) {
  const std::string_view automatic = message::header_value(mail, "Auto-Submitted");
  return message::find_header(mail.headers, "X-Failed-Recipients") != nullptr ||
         message::find_header(mail.headers, "X-MS-Exchange-Message-Is-Ndr") != nullptr || icontains(automatic, "(failure)") ||
         icontains(automatic, "(warning-timeout)");
}

/// An SMTP reply of failure: "550 " or "550-" or "#5.1.1".
bool quotes_smtp_reply(std::string_view text) {
  for (std::size_t i = 0; i + 4 <= text.size(); ++i) {
    const bool code = (text[i] == '4' || text[i] == '5') && text[i + 1] >= '0' && text[i + 1] <= '5' && text[i + 2] >= '0' && text[i + 2] <= '9';
    const bool starts = i == 0 || text[i - 1] == ' ' || text[i - 1] == '\n' || text[i - 1] == '(' || text[i - 1] == ':';
    if (code && starts && (text[i + 3] == ' ' || text[i + 3] == '-')) {
      return true;
    }
  }
  return !find_status(text).empty();
}

bool carries_original(const message::Mail& mail, std::string_view text) {
  const bool part = std::any_of(mail.parts.begin(), mail.parts.end(),
                                [](const message::Part& p) { return p.type == "message/rfc822" || p.type == "text/rfc822-headers"; });
  return part || (text.find("\nReceived: ") != std::string_view::npos && icontains(text, "\nSubject: ")) || icontains(text, "\nMessage-ID: <");
}

std::string written_text(const message::Mail& mail) {
  std::string text;
  for (const message::Part& part : mail.parts) {
    if (part.embedded == 0 && (istarts_with(part.type, "text/") || part.type == "message/delivery-status")) {
      const std::string_view written = std::string_view(part.text).substr(0, kMaxScanned - std::min(kMaxScanned, text.size()));
      text += part.type == "text/html" ? html_to_text(written) : std::string(written);
      text += '\n';
    }
  }
  return text;
}

/// What says a delivery's fate without a mail system's form: a sending service's event as JSON (Amazon SES by SNS), and a mailing list's manager that
/// refused a mail of a non-member.
std::optional<Dsn> recognise_service_notice(const message::Mail& mail) {
  std::string text = written_text(mail);
  Dsn dsn;
  if (istarts_with(trim(text), "{")) {  // a notification service wraps the event as a string: its quotes are escaped
    text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '\\' || c == ' '; }), text.end());
  }
  const bool bounced = icontains(text, "\"notificationType\":\"Bounce\"") || icontains(text, "\"eventType\":\"Bounce\"");
  const bool delivered = icontains(text, "\"notificationType\":\"Delivery\"") || icontains(text, "\"eventType\":\"Delivery\"");
  if (istarts_with(trim(text), "{") && (bounced || delivered) && icontains(text, "\"destination\"")) {
    dsn.action = delivered ? DsnAction::Delivered : DsnAction::Failed;
    dsn.status = find_status(text);
    dsn.diagnostic = "a sending service's notice (JSON)";
    return dsn;
  }
  const bool list_manager =
      message::find_header(mail.headers, "X-MLServer") != nullptr || message::find_header(mail.headers, "X-Mailman-Version") != nullptr;
  if (list_manager && (icontains(text, "not a member of this mailing list") || icontains(mail.subject, "not member"))) {
    dsn.action = DsnAction::Failed;
    dsn.diagnostic = "a mailing list takes mail from its members only";
    return dsn;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(DsnAction action) { return kActions.name(action); }

std::string find_status(std::string_view text) {
  const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  for (std::size_t i = 0; i + 5 <= text.size(); ++i) {
    const bool word = i == 0 || (!digit(i - 1) && text[i - 1] != '.');
    if (!word || (text[i] != '2' && text[i] != '4' && text[i] != '5') || text[i + 1] != '.' || !digit(i + 2)) {
      continue;
    }
    std::size_t dot = i + 3;
    while (digit(dot) && dot < i + 5) {
      ++dot;
    }
    std::size_t end = dot + 1;
    while (digit(end) && end < dot + 4) {
      ++end;
    }
    const bool closed = end > dot + 1 && !digit(end) && !(end < text.size() && text[end] == '.' && digit(end + 1));  // not an IP address
    if (dot < text.size() && text[dot] == '.' && closed) {
      return std::string(text.substr(i, end - i));
    }
  }
  return {};
}

std::optional<Dsn> parse_delivery_status(const message::Mail& mail) {
  const auto part = std::find_if(mail.parts.begin(), mail.parts.end(), [](const message::Part& p) {
    return p.embedded == 0 && (p.type == "message/delivery-status" || p.type == "message/global-delivery-status");
  });
  if (part == mail.parts.end()) {
    return std::nullopt;
  }
  const auto groups = parse_groups(part->text);
  std::optional<Dsn> chosen;
  std::string envelope_id;
  for (const Fields& fields : groups) {
    if (std::string id = field(fields, "Original-Envelope-Id"); !id.empty()) {
      envelope_id = std::move(id);
    }
    if (message::find_header(fields, "Final-Recipient") == nullptr && message::find_header(fields, "Action") == nullptr) {
      continue;
    }
    Dsn dsn = recipient_status(fields);
    if (!chosen || (fared_well(*chosen) && !fared_well(dsn))) {
      chosen = std::move(dsn);
    }
  }
  if (chosen) {
    chosen->envelope_id = std::move(envelope_id);
  }
  return chosen;
}

std::optional<Dsn> recognise_bounce(const message::Mail& mail) {
  if (auto told = recognise_service_notice(mail)) {
    return told;
  }
  const bool null_path = mail.return_path && (mail.return_path->empty() || istarts_with(*mail.return_path, "mailer-daemon"));
  const bool system = is_mail_system(mail.from.empty() ? message::Mailbox{std::string(message::header_value(mail, "From")), ""} : mail.from.front());
  const bool header = has_bounce_header(mail);
  const std::string head = fold(mail.subject);
  if (has_answer_prefix(head) && !null_path && !header) {
    return std::nullopt;  // a postmaster who writes himself, and people who forward a bounce
  }
  const bool subject = is_bounce_subject(head);
  const std::string text = written_text(mail);
  const std::string folded = fold(text);
  const bool smtp_reply = quotes_smtp_reply(text);
  const bool failed = says_failed(folded);
  const bool waits = says_delayed(folded);
  const unsigned who = (system ? 2U : 0U) + (subject ? 2U : 0U) + (null_path ? 1U : 0U) + (header ? 3U : 0U);
  const unsigned what = (failed ? 2U : 0U) + (smtp_reply ? 2U : 0U) + (waits ? 2U : 0U) + (carries_original(mail, text) ? 1U : 0U);
  // A mail system with the null return path and a bounce's subject says all, in whatever language its text is.
  const bool by_sender = who >= 5;
  if (!by_sender && (who < 1 || what < 1 || who + what < 4)) {
    return std::nullopt;
  }
  Dsn dsn;
  dsn.status = find_status(text);
  // "could not be delivered for more than 4 hours. It will be retried": the promise decides.
  dsn.action = waits && (dsn.status.empty() || dsn.status.front() == '4') ? DsnAction::Delayed : DsnAction::Failed;
  dsn.diagnostic = printable(trim(text), 200);
  if (const message::Header* failed_header = message::find_header(mail.headers, "X-Failed-Recipients")) {
    dsn.final_recipient = printable(trim(failed_header->value.substr(0, failed_header->value.find(','))));
  }
  return dsn;
}

}  // namespace pinfold::mail
