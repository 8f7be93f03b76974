/// What kind of mail this is, and which case it is about.
///
///   own loop → DSN → MDN → report → automatic answer → reply → unknown
///
/// DSNs come first because most mails that carry an auto-reply header are bounces; reports before auto-replies because many reports are sent with
/// Auto-Submitted. What is automatic by its words alone (an absence notice, a ticket robot's acknowledgement without a header) is an automatic answer
/// with `needs_person`, and so is a reply with a mass mailer's header or one that says its writer is away: neither is an answer, and nobody is cut
/// off before a person has looked, for ticket systems write "Precedence: bulk" and people go on holiday. A weak sign on a mail that answers the
/// envelope sender (VERP), as programs do and people do not (RFC 3834 section 4), is an automatic answer. Used by: engine (inbox worker), `pinfold
/// mail classify`. Rules:   a bounce counts for a case only if it carries a reference (our VERP address, ENVID or Message-ID); one without is still a
/// Bounce, of
///          nobody. A mail with a null return path is never a response. References are claims until their token has been compared.
/// Source:  RFC 3464, RFC 8098 (MDN), RFC 5965 (ARF), RFC 3834 (automatic responses).
/// Bounds:  linear in the mail, which is bounded (message/mail.hpp). Pure; no clock.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "desk/event.hpp"
#include "mail/addresses.hpp"
#include "mail/dsn.hpp"
#include "message/mail.hpp"
#include "report/report.hpp"

namespace pinfold::mail {

/// What the mail server said with the mail; surer than its headers.
struct Envelope {
  std::optional<std::string> from;  ///< "" is the null return path; nullopt: not known, the Return-Path header is believed
  std::vector<std::string> recipients;
};

struct Classified {
  desk::MailKind kind = desk::MailKind::Unknown;
  std::string why;                    ///< for people
  bool needs_person = false;          ///< unclear: pauses disabling until somebody has looked
  std::vector<Reference> references;  ///< surest first, without repeats
  std::optional<Dsn> dsn;             ///< of a Bounce; a success notice is one too (action delivered or relayed)
  std::string reply_text;             ///< of a Reply or Unknown: without quoted text
  bool is_empty_reply = false;        ///< a Reply in which nothing but quoted text was found
};

/// `report` is what the sealed reader made of the mail: what it recognised by structure or by a definition is a Report, whatever its headers say.
[[nodiscard]] Classified classify(const message::Mail& mail, const OurAddresses& ours, const Envelope& envelope = {},
                                  const report::Report& report = {});

/// "reply", "bounce", "auto_reply", "mdn", "report", "loop", "unknown"
[[nodiscard]] std::string_view kind_name(desk::MailKind kind);

}  // namespace pinfold::mail
