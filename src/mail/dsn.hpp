/// Delivery status notifications: what a mail server says became of a notice.
/// Source:  RFC 3464 (message/delivery-status), RFC 3463 (status codes); for servers that write prose instead: signs that such mails have in
///          common (who sends them, what the subject and the text say, SMTP replies, the original's headers below).
/// Bounds:  reads the first kMaxScanned bytes of a text. Errors: none, only "not one". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "message/mail.hpp"

namespace pinfold::mail {

inline constexpr std::size_t kMaxScanned = std::size_t{64} * 1024;

enum class DsnAction : std::uint8_t { Delivered, Relayed, Failed, Delayed, Expanded };  ///< RFC 3464 section 2.3.3
[[nodiscard]] std::string_view to_string(DsnAction action);

struct Dsn {
  DsnAction action = DsnAction::Failed;
  std::string status;           ///< "5.1.1"; empty if none was found
  std::string remote_mta;       ///< "mail.customer.example"
  std::string diagnostic;       ///< "550 5.1.1 no such user"
  std::string envelope_id;      ///< our ENVID, given back
  std::string final_recipient;  ///< an address
  std::string original_recipient;
  bool standard = false;  ///< from a message/delivery-status part, not from prose
};

/// The machine-readable part of a multipart/report. Of several recipients the first that did not fare well, else the first.
[[nodiscard]] std::optional<Dsn> parse_delivery_status(const message::Mail& mail);

/// A bounce in prose. Needs both: a sender or subject that is a mail system's, and a text that says what failed.
[[nodiscard]] std::optional<Dsn> recognise_bounce(const message::Mail& mail);

/// The first "4.x.y" or "5.x.y" that stands as a word of its own, RFC 3463 section 2.
[[nodiscard]] std::string find_status(std::string_view text);

}  // namespace pinfold::mail
