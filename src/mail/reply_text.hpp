/// What a person wrote, without what he quoted. For showing and for telling an empty answer; the raw mail is kept and shown as well, because
/// stripping sometimes takes too much (freescout #349, #5156).
/// Bounds: linear in the text. Pure.
#pragma once

#include <string>
#include <string_view>

#include "message/mail.hpp"

namespace pinfold::mail {

/// The mail's own text: its first text/plain part, else its first text/html part without markup. Parts of embedded mails do not count.
[[nodiscard]] std::string own_text(const message::Mail& mail);

/// Without quoted lines, the line that introduces them, what follows "-----Original Message-----" and its kin, and the signature.
[[nodiscard]] std::string strip_quotes(std::string_view text);

[[nodiscard]] std::string html_to_text(std::string_view html);

}  // namespace pinfold::mail
