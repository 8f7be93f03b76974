/// Words that reporters use → our classes. One table for every format, so that "ssh-brute-force", "login-attack" and "failed logins" mean the same
/// wherever they stand.
/// Used by: every format of this folder.
#pragma once

#include <optional>
#include <string_view>

#include "abuse/abuse_class.hpp"

namespace pinfold::report {

/// A type or category name ("login-attack", "Malware-C2", "scan_ntp"): the first row of the table whose word stands in it.
[[nodiscard]] std::optional<abuse::AbuseClass> class_of_word(std::string_view name);

/// Running text: the class whose words stand in it most often; the subject's words count four times.
[[nodiscard]] std::optional<abuse::AbuseClass> class_of_text(std::string_view subject, std::string_view text);

/// "ssh", "imap", "wordpress": the service that a brute-force report is about; empty when none is named.
[[nodiscard]] std::string_view service_in(std::string_view text);

}  // namespace pinfold::report
