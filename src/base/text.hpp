/// Small text tools that the standard library lacks. All are byte-wise and ASCII-only: what they do does not depend on a locale.
/// Bounds: linear in the input; nothing is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinfold {

[[nodiscard]] std::string_view trim(std::string_view text);  ///< spaces, tabs, CR and LF off both ends
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);
[[nodiscard]] bool istarts_with(std::string_view text, std::string_view prefix);
[[nodiscard]] bool icontains(std::string_view text, std::string_view part);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// The whole text as an unsigned decimal number; nullopt for signs, blanks, other characters or overflow.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);  ///< even length, either case

/// Safe to print on a terminal and in a log line: control characters and bytes that are not UTF-8 become \xNN; cut at `max_bytes`
/// with "…". For text that came from outside.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_bytes = 400);

}  // namespace pinfold
