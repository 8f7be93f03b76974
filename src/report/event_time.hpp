/// The time that a whole report is about, where it does not stand beside the address: "Timestamp: …", "First seen | …", an attached original's last
/// hop. Used by: the plain-text reader, ARF and the definitions' engine. Clock: none. Cost: linear in the text's first 64 KiB.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "message/mail.hpp"
#include "report/times.hpp"

namespace pinfold::report {

/// By the label that says most ("first seen" before "timestamp" before "date"; a notice's own date never). Where no label tells, the one time that
/// stands in the text.
[[nodiscard]] std::optional<WallTime> labelled_time(std::string_view text, const TimeContext& context);

/// The topmost Received header of the attached original as one line: who handed it over to whom, and when. Empty when there is none.
[[nodiscard]] std::string handed_over_line(const message::Mail& mail);

}  // namespace pinfold::report
