/// A mail of ours → RFC 5322 bytes, ready for submission (CRLF line ends, 7-bit).
/// Used by: mail::compose. Encoding of names and subjects is RFC 2047's, by GMime. A line break in any field becomes a space, so that no value
/// can add a header of its own.
/// Errors:  none; the addresses come from the inventory, which has checked them. Threads: any. Clock: `date` is given.
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "message/mail.hpp"

namespace pinfold::message {

struct Outgoing {
  Mailbox from;
  std::vector<Mailbox> to;
  Mailbox reply_to;
  std::string subject;
  WallTime date;
  std::string message_id;               ///< without angle brackets
  std::vector<std::string> references;  ///< the first of the thread first; the last also becomes In-Reply-To
  std::vector<Header> extra;            ///< ASCII
  std::string text;                     ///< UTF-8, "\n"
  std::string html;                     ///< the same again for those who want it; empty: text alone
};

[[nodiscard]] std::string format_mail(const Outgoing& mail);

}  // namespace pinfold::message
