/// A posted form, application/x-www-form-urlencoded (WHATWG URL standard, section 5.1). Of a repeated name the first counts.
/// Bounds:  kMaxForm bytes and kMaxFields fields; nullopt beyond them, or for another content type.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "http/message.hpp"

namespace pinfold::http {

inline constexpr std::size_t kMaxForm = 16'384;
inline constexpr std::size_t kMaxFields = 32;

using Form = std::map<std::string, std::string>;

[[nodiscard]] std::optional<Form> parse_form(const Request& request);
/// "%C3%A4+b" → "ä b". A '%' without two hexadecimal digits stands for itself.
[[nodiscard]] std::string url_decode(std::string_view text);
/// The same for a segment of a path, where '+' stands for itself.
[[nodiscard]] std::string url_decode_path(std::string_view text);

}  // namespace pinfold::http
