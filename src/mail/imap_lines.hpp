/// A mail server's IMAP answers, line by line: pure, so that it can be fuzzed.
/// A response is a line; a line that ends in {N} goes on with N raw bytes (a literal) and then with more of the line.
/// Used by: ImapMailbox. Threads: none. Clock: none.
/// Bounds:  kMaxImapLine of a response's text, kMaxImapLiterals of it, each at most `max_literal` bytes. More is an error, after which the reader is
///          of no use any more: the connection is closed.
/// Source:  RFC 3501 sections 2.2 and 4.3, RFC 7888.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"

namespace pinfold::mail {

inline constexpr std::size_t kMaxImapLine = std::size_t{1} << 20U;  ///< a SEARCH answer names every mail of the folder
inline constexpr std::size_t kMaxImapLiterals = 16;

struct ImapLine {
  std::string text;                   ///< without CRLF; a literal is left out, its {N} stays
  std::vector<std::string> literals;  ///< in order
};

class ImapLineReader {
public:
  explicit ImapLineReader(std::size_t max_literal) : x_max_literal(max_literal) {}
  void feed(std::string_view bytes) { x_buffer.append(bytes); }
  /// nullopt: more bytes are needed.
  [[nodiscard]] Expected<std::optional<ImapLine>, std::string> next();

private:
  std::size_t x_max_literal;
  std::string x_buffer;
  ImapLine x_line;            ///< what has been read of the present response
  std::size_t x_awaited = 0;  ///< bytes of a literal that are still to come; meaningful while `x_in_literal`
  bool x_in_literal = false;
};

/// "* SEARCH 4 7 9" → 4, 7, 9; empty for any other line. Numbers that are none are left out; at most `most`.
[[nodiscard]] std::vector<std::uint32_t> search_result(std::string_view line, std::size_t most);
/// As a quoted string; nullopt when it holds what none can hold (a control character, or more than 7 bits).
[[nodiscard]] std::optional<std::string> imap_quoted(std::string_view text);

}  // namespace pinfold::mail
