// A mail server's IMAP answers, whole and in pieces: the same lines come out either way.
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "mail/imap_lines.hpp"

namespace {

std::vector<pinfold::mail::ImapLine> read_all(std::string_view bytes, std::size_t step) {
  pinfold::mail::ImapLineReader reader(4096);
  std::vector<pinfold::mail::ImapLine> lines;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    reader.feed(bytes.substr(at, step));
    while (true) {
      auto line = reader.next();
      if (!line) {
        return lines;
      }
      if (!*line) {
        break;
      }
      PINFOLD_ASSERT((*line)->literals.size() <= pinfold::mail::kMaxImapLiterals);
      static_cast<void>(pinfold::mail::search_result((*line)->text, 100));
      lines.push_back(**line);
    }
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto at_once = read_all(bytes, std::max<std::size_t>(size, 1));
  const auto piecewise = read_all(bytes, 3);
  PINFOLD_ASSERT(at_once.size() == piecewise.size());
  for (std::size_t i = 0; i < at_once.size(); ++i) {
    PINFOLD_ASSERT(at_once[i].text == piecewise[i].text && at_once[i].literals == piecewise[i].literals);
  }
  return 0;
}
