/// Blanks out what looks like a password or key in a command line, before it leaves the server: evidence is read by people who have no
/// business with a customer's secrets.
/// Pure; linear. It errs towards masking: "--token-count=5" loses its 5. What it cannot know (a bare word that is a password) it keeps.
#pragma once

#include <string>
#include <vector>

namespace pinfold::agent {

/// Masks `--password=x`, `--password x`, `-pX` of the MySQL programs, `PASSWORD=x`, `user:x@` in URLs and `Authorization: …` headers.
[[nodiscard]] std::vector<std::string> mask_secrets(std::vector<std::string> arguments);

}  // namespace pinfold::agent
