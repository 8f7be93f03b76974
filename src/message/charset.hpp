/// Bytes in a declared charset → valid UTF-8.
/// Errors:  none. A charset that is unknown (or that the sealed child may not load) is read as UTF-8 with the bad bytes replaced.
/// Threads: any, after `load_charsets`.
#pragma once

#include <string>
#include <string_view>

namespace pinfold::message {

/// Opens the converters that mail commonly needs, for the life of the process: glibc loads each from a file, and `pinfold-reader` cannot open
/// files once it has sealed itself.
void load_charsets();

/// At most `max_bytes` of UTF-8, cut between characters.
[[nodiscard]] std::string to_utf8(std::string_view bytes, const std::string& charset, std::size_t max_bytes);

/// The same text with bytes that are not UTF-8 (and NUL) replaced by U+FFFD, CRLF made LF, and cut to `max_bytes`.
[[nodiscard]] std::string clean_utf8(std::string_view text, std::size_t max_bytes);

}  // namespace pinfold::message
