/// Notices to owners: what the desk knows about a case → a complete RFC 5322 mail.
/// Used by: engine (send), `pinfold mail preview`.
/// What a notice holds is DESIGN's "First time: a warning". What it never holds is the abuse itself (a sampled spam mail, a phishing text): such
/// text makes spam filters drop the notice. Facts that carry samples are left out, and "http" in facts is written "hxxp".
/// Clock:   `now` is given. Threads: any; Templates is built once and then read.
/// Errors:  Templates::load names the file; compose cannot fail.
/// Source:  RFC 5322, RFC 3834 (Auto-Submitted), MS-OXCMAIL (X-Auto-Response-Suppress); text first, plain HTML second, no Precedence.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "abuse/finding.hpp"
#include "base/expected.hpp"
#include "desk/event.hpp"
#include "mail/addresses.hpp"
#include "message/mail.hpp"

namespace pinfold::mail {

/// The text of all notices: LANGUAGE/KIND.{subject,txt,html}.mustache and LANGUAGE/classes.txt under one folder. English must be complete; a file
/// that another language lacks is taken from English.
class Templates {
public:
  [[nodiscard]] static Expected<Templates, std::string> load(const std::filesystem::path& folder);
  /// These, with the files of another folder laid over them (a brand's own).
  [[nodiscard]] Expected<Templates, std::string> with(const std::filesystem::path& folder) const;

  /// The template's text. `language` is BCP 47: "de-AT" finds "de", what is unknown finds "en". `name` is "warning.txt".
  [[nodiscard]] const std::string& find(std::string_view language, const std::string& name) const;
  /// "port_scan" → "Portscan"
  [[nodiscard]] std::string class_title(std::string_view language, abuse::AbuseClass abuse_class) const;

private:
  [[nodiscard]] Expected<void, std::string> add(const std::filesystem::path& folder);
  std::map<std::string, std::string> x_texts;   ///< "de/warning.txt" → text
  std::map<std::string, std::string> x_titles;  ///< "de/port_scan" → title
};

/// Who decided a measure, for its statement of reasons (Regulation (EU) 2022/2065, article 17): the program alone, on its proof; a person who
/// approved that proof; a person by their own decision; two people in an emergency.
enum class Decision : std::uint8_t { Automatic, ApprovedByPerson, Person, Emergency };
/// Every mail that the desk writes to owners, by its template's name. Those beyond desk::NoticeKind are chosen by `letter`.
enum class Letter : std::uint8_t { Warning, SecondNotice, Disabled, Enabled, Reminder, ContactVerification, Ticket, AupChanged };
[[nodiscard]] Letter letter_of(desk::NoticeKind kind);
[[nodiscard]] std::optional<Letter> parse_letter(std::string_view name);  ///< "contact_verification"

/// Of a letter that belongs to no case: what people call its matter ("T-7"), and the addresses by which an answer or a bounce finds it again.
struct Route {
  std::string about;
  std::string reply_to;
  std::string message_id;  ///< without brackets
  std::string envelope_from;
};

struct NoticeText {
  desk::NoticeKind kind = desk::NoticeKind::Warning;
  std::optional<Letter> letter;  ///< instead of `kind`'s own
  CaseId case_id;
  NoticeId notice;
  std::string token;
  std::string language;  ///< of the contact
  message::Mailbox to;
  std::string brand;  ///< the provider's name, as in From
  WallTime now;       ///< the Date: the time of queueing, so that a repeated attempt is the same mail

  ServerId server;
  std::vector<std::string> addresses;
  abuse::AbuseClass abuse_class = abuse::AbuseClass::Other;
  std::string summary;  ///< the finding's sentence
  WallTime first_seen;
  WallTime last_seen;
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<abuse::EvidenceFile> files;
  std::string process;     ///< "perl /dev/shm/x.pl, started by php"; empty: not known
  std::string way_in;      ///< likely way in, if there is a sign of one
  std::string aup_clause;  ///< "4.2 No network attacks"
  std::optional<WallTime> deadline;
  std::string link;                              ///< signed page of the case; may be empty
  std::string console;                           ///< how the owner reaches the machine while its port is off; may be empty
  std::optional<Decision> decision;              ///< of a measure
  bool in_quarantine = false;                    ///< the measure is the quarantine VLAN, not the port down
  bool is_reported = false;                      ///< others say so, none of our own sensors (article 17 (3) (b))
  std::vector<std::string> earlier_message_ids;  ///< of this case's notices, oldest first
  std::optional<Route> route;                    ///< instead of the case's
  std::vector<std::string> lines;                ///< of a ticket's message, of what differs in the terms; empty: the summary
  unsigned aup_version = 0;
  std::string first_day;  ///< of that version
};

struct Notice {
  std::string mail;           ///< CRLF, ready for submission
  std::string message_id;     ///< without brackets
  std::string envelope_from;  ///< VERP
  std::string envelope_id;    ///< ENVID: the Message-ID's local part
};

[[nodiscard]] Notice compose(const NoticeText& text, const Templates& templates, const OurAddresses& ours);

}  // namespace pinfold::mail
