#include "http/answer_link.hpp"

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace pinfold::http {
namespace {

constexpr std::size_t kSignatureBytes = 20;

}  // namespace

std::string answer_signature(std::string_view key, CaseId id, const desk::Notice& notice) {
  const Sha256 mac = hmac_sha256(key, fmt::format("answer\n{}\n{}\n{}", id.value, notice.id.value, notice.contact.value));
  return to_hex(std::span(mac).first(kSignatureBytes));
}

std::string answer_path(std::string_view key, CaseId id, const desk::Notice& notice) {
  return fmt::format("/c/{}/{}/{}", to_string(id), notice.id.value, answer_signature(key, id, notice));
}

std::optional<AnswerPath> parse_answer_path(std::string_view path) {
  const auto parts = split(path, '/');
  if (parts.size() != 5 || !parts[0].empty() || parts[1] != "c" || !istarts_with(parts[2], "PF-") || parts[4].size() != 2 * kSignatureBytes) {
    return std::nullopt;
  }
  const auto number = parse_number(parts[2].substr(3));
  const auto notice = parse_number(parts[3]);
  if (!number || !notice || *number > INT64_MAX || *notice > INT64_MAX) {
    return std::nullopt;
  }
  return AnswerPath{CaseId{static_cast<std::int64_t>(*number)}, NoticeId{static_cast<std::int64_t>(*notice)}, std::string(parts[4])};
}

}  // namespace pinfold::http
