#include "message/raw_check.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace pinfold::message {
namespace {

/// How many slashes in the line end the word "multipart" or "message".
std::size_t count_nesting_words(std::string_view line) {
  std::size_t count = 0;
  for (auto slash = line.find('/'); slash != std::string_view::npos; slash = line.find('/', slash + 1)) {
    constexpr std::string_view kMultipart = "multipart";
    constexpr std::string_view kMessage = "message";
    const std::string_view before = line.substr(0, slash);
    const bool multipart = before.size() >= kMultipart.size() && iequals(before.substr(before.size() - kMultipart.size()), kMultipart);
    const bool message = before.size() >= kMessage.size() && iequals(before.substr(before.size() - kMessage.size()), kMessage);
    count += multipart || message ? 1U : 0U;
  }
  return count;
}

Unexpected<std::string> too_many(std::string_view what, std::size_t limit) { return Unexpected(fmt::format("{}: more than {}", what, limit)); }

/// The header block's own limits; a header is a line and those after it that begin with a blank.
class HeaderCheck {
public:
  [[nodiscard]] Expected<void, std::string> line(std::string_view text) {
    if (text.empty() || text == "\r") {
      x_done = true;
      return {};
    }
    const bool folded = text.front() == ' ' || text.front() == '\t';
    x_one = folded ? x_one + text.size() : text.size();
    x_bytes += text.size();
    ++x_lines;
    if (x_one > kMaxOneHeader) {
      return too_many("bytes in one header", kMaxOneHeader);
    }
    if (x_bytes > kMaxHeaderBytes) {
      return too_many("bytes of headers", kMaxHeaderBytes);
    }
    if (x_lines > kMaxHeaderLines) {
      return too_many("header lines", kMaxHeaderLines);
    }
    return {};
  }
  [[nodiscard]] bool done() const { return x_done; }

private:
  std::size_t x_one = 0;
  std::size_t x_bytes = 0;
  std::size_t x_lines = 0;
  bool x_done = false;
};

}  // namespace

Expected<void, std::string> check_raw(std::string_view raw) {
  if (raw.size() > kMaxRawBytes) {
    return too_many("bytes", kMaxRawBytes);
  }
  std::size_t lines = 0;
  std::size_t dash_lines = 0;
  std::size_t nesting = 0;
  HeaderCheck headers;
  while (!raw.empty()) {
    const auto end = raw.find('\n');
    const std::string_view line = raw.substr(0, end);
    raw.remove_prefix(end == std::string_view::npos ? raw.size() : end + 1);
    if (!headers.done()) {
      if (auto ok = headers.line(line); !ok) {
        return ok;
      }
    }
    dash_lines += line.substr(0, 2) == "--" ? 1U : 0U;
    nesting += count_nesting_words(line);
    if (++lines > kMaxLines) {
      return too_many("lines", kMaxLines);
    }
    if (dash_lines > kMaxDashLines) {
      return too_many("lines that could separate parts", kMaxDashLines);
    }
    if (nesting > kMaxNestingWords) {
      return too_many("multipart and message parts", kMaxNestingWords);
    }
  }
  return {};
}

}  // namespace pinfold::message
