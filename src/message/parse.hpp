/// Raw mail → Mail. To be called on strangers' mail only inside `pinfold-reader` (and in tests and fuzzing): it runs GMime.
/// Errors:  why the mail is refused. Never throws. Memory: a few times the mail's size. Time: bounded by raw_check.hpp's limits.
/// Threads: any, after `start_parser`.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/expected.hpp"
#include "message/mail.hpp"

namespace pinfold::message {

/// Loads whatever parsing needs from files, so that nothing has to be opened afterwards.
void start_parser();

/// Sees each leaf with its bytes, transfer encoding undone, before they are forgotten: for attachments that are no text.
using LeafVisitor = std::function<void(const Part& part, std::string_view bytes)>;

[[nodiscard]] Expected<Mail, std::string> parse_mail(std::string_view raw, const LeafVisitor& visit = {});

}  // namespace pinfold::message
