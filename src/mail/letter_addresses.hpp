/// The addresses of letters that belong to no case: questions to contacts, messages of tickets, changed terms, the canary.
///   Reply-To      abuse+ticket.TOKEN@desk.example
///   MAIL FROM     b+ticket.TOKEN@bounce.desk.example
///   Message-ID    <ticket.TOKEN@desk.example>
/// A recognised token is a claim: the caller looks it up (what it stands for is kept in the store) before believing it.
/// Bounds:  as mail/addresses.hpp. Tokens are 4 to 64 of [a-z0-9]. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mail/addresses.hpp"

namespace pinfold::mail {

enum class LetterKind : std::uint8_t { Contact, Ticket, Aup, Canary };
[[nodiscard]] std::string_view to_string(LetterKind kind);  ///< "contact"

struct LetterReference {
  LetterKind kind = LetterKind::Contact;
  std::string token;
  bool is_bounce = false;  ///< found in an envelope sender's address
  friend bool operator==(const LetterReference&, const LetterReference&) = default;
};

[[nodiscard]] std::string letter_reply_address(const OurAddresses& ours, LetterKind kind, std::string_view token);
[[nodiscard]] std::string letter_bounce_address(const OurAddresses& ours, LetterKind kind, std::string_view token);
[[nodiscard]] std::string letter_message_id(const OurAddresses& ours, LetterKind kind, std::string_view token);  ///< without brackets

/// A reply address or an envelope sender.
[[nodiscard]] std::optional<LetterReference> parse_letter_address(const OurAddresses& ours, std::string_view address);
[[nodiscard]] std::optional<LetterReference> parse_letter_message_id(const OurAddresses& ours, std::string_view id);

}  // namespace pinfold::mail
