/// The look at a mail's raw bytes before a MIME parser may see them: sizes, line counts, headers and nesting, so that no parser is handed
/// what makes it slow or large. A refused mail is kept and goes to a person; it is never lost.
/// Cost:   one pass, no allocation. Threads: any.
/// Why:    GMime builds an object a part (300,000 empty parts: 400 MB) and compares each line with every open boundary, so lines times nesting is
///         what its time grows with.
#pragma once

#include <string>
#include <string_view>

#include "base/expected.hpp"

namespace pinfold::message {

inline constexpr std::size_t kMaxRawBytes = std::size_t{26} * 1024 * 1024;  ///< LMTP takes 25 MiB; the rest is room for the headers that it adds
inline constexpr std::size_t kMaxLines = 700'000;                           ///< 26 MiB of base64 are 358,000
inline constexpr std::size_t kMaxHeaderLines = 4'000;                       ///< before the first empty line
inline constexpr std::size_t kMaxHeaderBytes = std::size_t{256} * 1024;
inline constexpr std::size_t kMaxOneHeader = std::size_t{32} * 1024;  ///< with its folded lines
inline constexpr std::size_t kMaxNestingWords = 200;                  ///< "multipart/" and "message/" at all
inline constexpr std::size_t kMaxDashLines = 20'000;                  ///< lines that begin with "--": possible boundaries

/// Success, or why these bytes are not parsed, for people.
[[nodiscard]] Expected<void, std::string> check_raw(std::string_view raw);

}  // namespace pinfold::message
