/// Reports of child abuse material: recognised by who sends them and by their words, before anything else is done with the mail.
/// Used by: parse_report; the reader then answers without the mail's texts. Errs on the side of sealing: a sealed report is unsealed by a person
/// with the role for it, one that was shown cannot be unshown.
#pragma once

#include "report/input.hpp"

namespace pinfold::report {

[[nodiscard]] bool is_child_abuse_report(const Input& input);

/// The mail without anything that could show the material or where it is: texts, subject, names and most headers are gone; ids, dates, addresses of
/// the mail itself and hashes stay.
[[nodiscard]] message::Mail redacted(message::Mail mail);

}  // namespace pinfold::report
