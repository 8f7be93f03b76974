/// Mail ↔ JSON: what `pinfold-reader` prints and mail::Reader reads back. The child that wrote it may have been taken over by the mail, so it is
/// read as strictly as any other text from outside.
/// Errors:  parse names the field. Bounds: kMaxJsonBytes; counts and lengths of mail.hpp are held again when reading.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/expected.hpp"
#include "message/mail.hpp"

namespace pinfold::message {

inline constexpr std::size_t kMaxJsonBytes =
    std::size_t{32} * 1024 * 1024;  ///< JSON escapes at most multiply the bounded text by six; a report beside it

[[nodiscard]] nlohmann::json to_json(const Mail& mail);
[[nodiscard]] Expected<Mail, std::string> parse_mail_json(const nlohmann::json& json);

}  // namespace pinfold::message
