/// The signed link in a notice: it leads its reader, without a login, to the page of the case where the owner answers.
///   {public_url}/c/PF-42/3/{signature}       3 is the notice: each contact's link is its own
/// The signature is HMAC-SHA-256 over case, notice and contact under the desk's own key, so that knowing the reply address of a mail (which stands
/// in every quoted copy) does not give the link. It is not kept anywhere: it is computed again.
/// Bounds: 160 bits of the MAC. Source: RFC 2104.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "desk/case.hpp"

namespace pinfold::http {

[[nodiscard]] std::string answer_signature(std::string_view key, CaseId id, const desk::Notice& notice);
/// "/c/PF-42/3/0123…"
[[nodiscard]] std::string answer_path(std::string_view key, CaseId id, const desk::Notice& notice);

struct AnswerPath {
  CaseId case_id;
  NoticeId notice;
  std::string signature;
};
[[nodiscard]] std::optional<AnswerPath> parse_answer_path(std::string_view path);

}  // namespace pinfold::http
