/// The signs by which classify tells abuse reports and automatic answers from people. For src/mail only.
/// Each returns the sign that it found, in words for the case's timeline, or nullopt. Pure; linear in the mail's text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "message/mail.hpp"

namespace pinfold::mail {

/// A report by its structure: ARF (RFC 5965), X-ARF, XARF (JSON), ACNS (XML).
[[nodiscard]] std::optional<std::string> find_report_structure(const message::Mail& mail);
/// A report by what it says: it names an address and an abuse. Weak: only for mail that cites no case of ours.
[[nodiscard]] std::optional<std::string> find_report_words(const message::Mail& mail);

/// A header that only automatic answers carry (RFC 3834 section 5, and what came before it).
[[nodiscard]] std::optional<std::string> find_auto_reply_header(const message::Mail& mail);
/// A header that automatic answers carry, and some mail of people as well (ticket systems, lists).
[[nodiscard]] std::optional<std::string> find_bulk_header(const message::Mail& mail);

// Words alone are never enough to ignore a mail that cites a case. All take folded text (phrases.hpp); `text` is without quotes.
[[nodiscard]] std::optional<std::string> find_absence(std::string_view subject, std::string_view text);
/// A ticket system's or another program's acknowledgement.
[[nodiscard]] std::optional<std::string> find_robot(std::string_view subject, std::string_view text);
/// Its headers say that it answers something (not merely that a program made it, as reports do).
[[nodiscard]] bool is_auto_replied(const message::Mail& mail);

}  // namespace pinfold::mail
