#include "mail/imap_lines.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace pinfold::mail {
namespace {

/// The N of a line that ends in {N} or {N+}; nullopt: the response ends here.
std::optional<std::uint64_t> literal_size(std::string_view line) {
  if (line.size() < 3 || line.back() != '}') {
    return std::nullopt;
  }
  const auto open = line.rfind('{');
  if (open == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view digits = line.substr(open + 1, line.size() - open - 2);
  if (!digits.empty() && digits.back() == '+') {
    digits.remove_suffix(1);
  }
  return digits.size() <= 12 ? parse_number(digits) : std::nullopt;
}

}  // namespace

Expected<std::optional<ImapLine>, std::string> ImapLineReader::next() {
  using Result = Expected<std::optional<ImapLine>, std::string>;
  while (true) {
    if (x_in_literal) {
      if (x_buffer.size() < x_awaited) {
        return Result{std::nullopt};
      }
      x_line.literals.push_back(x_buffer.substr(0, x_awaited));
      x_buffer.erase(0, x_awaited);
      x_in_literal = false;
    }
    const auto end = x_buffer.find('\n');
    if (x_line.text.size() + std::min(end, x_buffer.size()) > kMaxImapLine) {
      return Unexpected(std::string("the mail server's answer is a line without end"));
    }
    if (end == std::string::npos) {
      return Result{std::nullopt};
    }
    std::string_view line = std::string_view(x_buffer).substr(0, end);
    line = !line.empty() && line.back() == '\r' ? line.substr(0, line.size() - 1) : line;
    const auto size = literal_size(line);
    x_line.text += line;
    x_buffer.erase(0, end + 1);
    if (!size) {
      ImapLine whole = std::move(x_line);
      x_line = {};
      return Result{std::move(whole)};
    }
    if (*size > x_max_literal || x_line.literals.size() == kMaxImapLiterals) {
      return Unexpected(std::string("the mail server sends more than was asked for"));
    }
    x_awaited = static_cast<std::size_t>(*size);
    x_in_literal = true;
  }
}

std::vector<std::uint32_t> search_result(std::string_view line, std::size_t most) {
  std::vector<std::uint32_t> numbers;
  constexpr std::string_view kBegin = "* SEARCH";
  if (!istarts_with(line, kBegin)) {
    return numbers;
  }
  for (const std::string_view word : split(line.substr(kBegin.size()), ' ')) {
    const auto number = parse_number(trim(word));
    if (number && *number > 0 && *number <= UINT32_MAX && numbers.size() < most) {
      numbers.push_back(static_cast<std::uint32_t>(*number));
    }
  }
  return numbers;
}

std::optional<std::string> imap_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E) {
      return std::nullopt;
    }
    quoted += c == '"' || c == '\\' ? "\\" : "";
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace pinfold::mail
