#include "mail/classify.hpp"

#include <algorithm>

#include "base/enum_names.hpp"
#include "base/text.hpp"
#include "mail/phrases.hpp"
#include "mail/reply_text.hpp"
#include "mail/signs.hpp"

namespace pinfold::mail {
namespace {

using desk::MailKind;

/// Collects every place in which the mail cites a case.
class ReferenceFinder {
public:
  ReferenceFinder(const message::Mail& mail, const OurAddresses& ours, const Envelope& envelope) : x_mail(mail), x_ours(ours), x_envelope(envelope) {}

  [[nodiscard]] std::vector<Reference> find() {
    for (const std::string& recipient : x_envelope.recipients) {
      address(recipient);
    }
    for (const message::Mailbox& to : x_mail.to) {
      address(to.address);
    }
    for (const std::string_view name : {"Delivered-To", "X-Original-To", "Envelope-To"}) {
      for (const message::Header& header : x_mail.headers) {
        if (iequals(header.name, name)) {
          address(header.value);
        }
      }
    }
    for (const std::string& id : x_mail.references) {
      add(parse_message_id(x_ours, id));
    }
    for (const message::Part& part : x_mail.parts) {
      original(part);
    }
    std::stable_sort(x_found.begin(), x_found.end(), [](const Reference& a, const Reference& b) { return a.where < b.where; });
    return std::move(x_found);
  }

private:
  void address(std::string_view text) {
    add(parse_bounce_address(x_ours, text));
    add(parse_reply_address(x_ours, text));
  }
  void message_ids(std::string_view value) {
    for (const std::string& id : message::parse_message_ids(value)) {
      add(parse_message_id(x_ours, id));
    }
  }
  /// The returned original: its headers as an embedded mail, as text, and our ENVID (which is the Message-ID without its domain).
  void original(const message::Part& part) {
    for (const message::Header& header : part.headers) {
      if (iequals(header.name, "Message-ID") || iequals(header.name, "References")) {
        message_ids(header.value);
      }
    }
    const std::string_view text = std::string_view(part.text).substr(0, kMaxScanned);
    for (const std::string_view line : split(text, '\n')) {
      const std::string_view plain = trim(line);
      if (istarts_with(plain, "Message-ID:")) {
        message_ids(plain);
      } else if (part.type == "message/delivery-status" && istarts_with(plain, "Original-Envelope-Id:")) {
        add(parse_message_id(x_ours, std::string(trim(plain.substr(plain.find(':') + 1))) + "@" + x_ours.domain));
      }
    }
  }
  void add(std::optional<Reference> reference) {
    constexpr std::size_t kMax = 16;
    const auto same = [&](const Reference& r) {
      return r.case_id == reference->case_id && r.token == reference->token && r.notice == reference->notice;
    };
    if (reference && x_found.size() < kMax && std::none_of(x_found.begin(), x_found.end(), same)) {
      x_found.push_back(*std::move(reference));
    }
  }

  const message::Mail& x_mail;
  const OurAddresses& x_ours;
  const Envelope& x_envelope;
  std::vector<Reference> x_found;
};

std::optional<std::string> find_loop(const message::Mail& mail, const OurAddresses& ours) {
  if (parse_message_id(ours, mail.message_id)) {
    return "its Message-ID is one of our notices'";
  }
  for (const message::Mailbox& from : mail.from) {
    if (iequals(from.address, desk_address(ours)) || parse_reply_address(ours, from.address)) {
      return "it says to come from our own address";
    }
    // A notice by its own form: where nothing is configured, and of a second desk that writes to this one.
    const OurAddresses theirs{"abuse", from.address.substr(from.address.rfind('@') + 1), "b", ""};
    if (parse_message_id(theirs, mail.message_id) && icontains(message::header_value(mail, "Reply-To"), "+pf-")) {
      return "it is a desk's notice";
    }
  }
  return std::nullopt;
}

/// Running text in which the report reader found whom it accuses and of what; words of its own that find_report_words does not know.
std::optional<std::string> find_accusation(const report::Report& report) {
  const bool accuses = std::any_of(report.statements.begin(), report.statements.end(),
                                   [](const report::Statement& statement) { return statement.abuse_class != abuse::AbuseClass::Other; });
  return accuses ? std::optional<std::string>("its text accuses an address") : std::nullopt;
}

bool has_null_path(const message::Mail& mail, const Envelope& envelope) {
  const std::optional<std::string>& path = envelope.from ? envelope.from : mail.return_path;
  return path && path->empty();
}

/// A postmaster who writes himself and pastes his log ("554 5.7.1 … blocked") is no mail system: nothing but words speaks for a bounce, his subject
/// speaks of abuse, and the report reader found whom he accuses.
bool is_postmasters_report(const message::Mail& mail, const Envelope& envelope, const Classified& result, const report::Report& reported) {
  static constexpr std::array<std::string_view, 8> kWords = {"spam", "abuse", "attack", "phish", "scan", "malware", "brute", "flood"};
  const std::string_view subject = mail.subject;
  const bool speaks_of_abuse = std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return icontains(subject, word); });
  return !result.dsn->standard && result.references.empty() && speaks_of_abuse && !is_bounce_subject(fold(subject)) &&
         !has_null_path(mail, envelope) && find_accusation(reported);
}

std::optional<Dsn> find_dsn(const message::Mail& mail) {
  if (auto dsn = parse_delivery_status(mail)) {
    return dsn;
  }
  auto dsn = recognise_bounce(mail);
  if (!dsn && mail.report_type == "delivery-status") {
    dsn = Dsn{};  // says that it is one, and nothing more
  }
  return dsn;
}

std::string describe(const Dsn& dsn) {
  std::string text =
      std::string(dsn.standard ? "delivery status notification: " : "a mail server's notice in prose: ") + std::string(to_string(dsn.action));
  if (!dsn.status.empty()) {
    text += ", status " + dsn.status;
  }
  return text;
}

bool is_mdn(const message::Mail& mail, std::string_view subject) {
  return is_receipt(subject, fold(std::string_view(own_text(mail)).substr(0, kMaxScanned))) || mail.report_type == "disposition-notification" ||
         std::any_of(mail.parts.begin(), mail.parts.end(),
                     [](const message::Part& part) { return part.embedded == 0 && part.type == "message/disposition-notification"; });
}

bool answers_something(const message::Mail& mail, std::string_view subject) {
  return !mail.references.empty() || message::find_header(mail.headers, "In-Reply-To") != nullptr || has_answer_prefix(subject);
}

/// Somebody hands on what he got ("Fwd: spam from your network"); mail programs give a forward the original's References as well.
bool is_forward(std::string_view subject) {
  static constexpr std::array<std::string_view, 6> kPrefixes = {"fwd:", "fw:", "wg:", "tr:", "doorst:", "vl:"};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view prefix) { return subject.substr(0, prefix.size()) == prefix; });
}

/// Past loop, DSN, MDN and report: an automatic answer, a person's, or unclear.
void judge_answer(const message::Mail& mail, const Envelope& envelope, Classified& result) {
  const bool cites = !result.references.empty();
  const auto decide = [&](MailKind kind, std::string why, bool needs_person) {
    result.kind = kind;
    result.why = std::move(why);
    result.needs_person = needs_person;
  };
  result.reply_text = strip_quotes(own_text(mail));
  if (auto header = find_auto_reply_header(mail)) {
    return decide(MailKind::AutoReply, *std::move(header), false);
  }
  if (has_null_path(mail, envelope)) {
    return decide(MailKind::AutoReply, "null return path: no person sends so", false);
  }
  const std::string subject = fold(mail.subject);
  const std::string text = fold(std::string_view(result.reply_text).substr(0, kMaxScanned));
  auto bulk = find_bulk_header(mail);
  auto words = find_absence(subject, text);
  words = words ? std::move(words) : find_robot(subject, text);
  if (bulk && !words && says_absent(text)) {
    words = *bulk + "; its text says that somebody is away";
  }
  const bool to_return_path = cites && result.references.front().where == CitedIn::BounceAddress;
  if (to_return_path && (bulk || words)) {
    return decide(MailKind::AutoReply, (bulk ? *bulk : *words) + "; sent to the return path, where programs answer and people do not", false);
  }
  if (words) {
    return decide(MailKind::AutoReply, *std::move(words) + "; no header says that it answers by itself", true);
  }
  const bool answers = cites || answers_something(mail, subject);
  if (bulk) {
    return decide(answers ? MailKind::Reply : MailKind::AutoReply, *std::move(bulk), answers);
  }
  if (!answers && says_absent(text)) {
    return decide(MailKind::AutoReply, "its text says that somebody is away; it cites no case and answers nothing", true);
  }
  if (!answers) {
    return decide(MailKind::Unknown, "cites no case and answers nothing", true);
  }
  result.is_empty_reply = result.reply_text.empty();
  std::string found = cites ? "cites case " + to_string(result.references.front().case_id) : "an answer, but to no notice that we know";
  found += result.is_empty_reply ? "; nothing but quoted text was found" : "";
  const bool away = says_absent(text);
  found += away ? "; its text says that somebody is away" : "";
  return decide(MailKind::Reply, std::move(found), result.is_empty_reply || !cites || away);
}

}  // namespace

std::string_view kind_name(MailKind kind) {
  static constexpr EnumNames<MailKind, 7> kNames{{{{MailKind::Reply, "reply"},
                                                   {MailKind::Bounce, "bounce"},
                                                   {MailKind::AutoReply, "auto_reply"},
                                                   {MailKind::Mdn, "mdn"},
                                                   {MailKind::Report, "report"},
                                                   {MailKind::Loop, "loop"},
                                                   {MailKind::Unknown, "unknown"}}}};
  return kNames.name(kind);
}

Classified classify(const message::Mail& mail, const OurAddresses& ours, const Envelope& envelope, const report::Report& reported) {
  Classified result;
  result.references = ReferenceFinder(mail, ours, envelope).find();
  if (auto loop = find_loop(mail, ours)) {
    result.kind = MailKind::Loop;
    result.why = *std::move(loop);
    return result;
  }
  if (auto report = mail.report_type == "feedback-report" ? find_report_structure(mail) : std::nullopt) {
    result.kind = MailKind::Report;
    result.why = *std::move(report);
    return result;
  }
  result.dsn = find_dsn(mail);
  if (result.dsn && is_postmasters_report(mail, envelope, result, reported)) {
    result.dsn.reset();
  }
  if (result.dsn) {
    result.kind = MailKind::Bounce;
    result.why = describe(*result.dsn) + (result.references.empty() ? "; of no notice that we know" : "");
    return result;
  }
  const std::string subject = fold(mail.subject);
  if (is_mdn(mail, subject)) {
    result.kind = MailKind::Mdn;
    result.why = "a read receipt";
    return result;
  }
  // A definition goes by words too: what cites a case of ours is an answer in which a report may be quoted.
  const bool recognised = report::is_recognised(reported) && (reported.sealed || result.references.empty());
  auto report = recognised ? std::optional(reported.why) : find_report_structure(mail);
  const bool answers = !result.references.empty() || (answers_something(mail, subject) && !is_forward(subject)) || is_auto_replied(mail) ||
                       is_absence_subject(subject) || is_robot_subject(subject);
  if (!report && !answers) {
    report = find_report_words(mail);
    report = report || find_auto_reply_header(mail) ? report : find_accusation(reported);
  }
  if (report) {
    result.kind = MailKind::Report;
    result.why = *std::move(report);
    return result;
  }
  judge_answer(mail, envelope, result);
  return result;
}

}  // namespace pinfold::mail
