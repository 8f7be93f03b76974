#include "mail/letter_addresses.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/enum_names.hpp"
#include "base/text.hpp"

namespace pinfold::mail {
namespace {

constexpr EnumNames<LetterKind, 4> kKinds{
    {{{LetterKind::Contact, "contact"}, {LetterKind::Ticket, "ticket"}, {LetterKind::Aup, "aup"}, {LetterKind::Canary, "canary"}}}};
constexpr std::size_t kMaxAddress = 254;
constexpr std::size_t kMinToken = 4;
constexpr std::size_t kMaxToken = 64;

bool is_token(std::string_view text) {
  return text.size() >= kMinToken && text.size() <= kMaxToken &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

/// "ticket.TOKEN" between `before` and "@domain".
std::optional<LetterReference> parse(std::string_view address, std::string_view before, std::string_view domain, bool is_bounce) {
  const std::string lower = to_lower(trim(address));
  const std::string after = "@" + to_lower(domain);
  if (lower.size() > kMaxAddress || domain.empty() || lower.size() < before.size() + after.size() || !istarts_with(lower, before) ||
      lower.compare(lower.size() - after.size(), after.size(), after) != 0) {
    return std::nullopt;
  }
  const std::string_view tag = std::string_view(lower).substr(before.size(), lower.size() - before.size() - after.size());
  const auto dot = tag.find('.');
  const auto kind = dot == std::string_view::npos ? std::nullopt : kKinds.parse(tag.substr(0, dot));
  if (!kind || !is_token(tag.substr(dot + 1))) {
    return std::nullopt;
  }
  return LetterReference{*kind, std::string(tag.substr(dot + 1)), is_bounce};
}

}  // namespace

std::string_view to_string(LetterKind kind) { return kKinds.name(kind); }

std::string letter_reply_address(const OurAddresses& ours, LetterKind kind, std::string_view token) {
  return fmt::format("{}+{}.{}@{}", ours.desk, to_string(kind), token, ours.domain);
}
std::string letter_bounce_address(const OurAddresses& ours, LetterKind kind, std::string_view token) {
  return fmt::format("{}+{}.{}@{}", ours.bounce, to_string(kind), token, ours.bounce_domain);
}
std::string letter_message_id(const OurAddresses& ours, LetterKind kind, std::string_view token) {
  return fmt::format("{}.{}@{}", to_string(kind), token, ours.domain);
}

std::optional<LetterReference> parse_letter_address(const OurAddresses& ours, std::string_view address) {
  if (auto reply = parse(address, ours.desk + "+", ours.domain, false)) {
    return reply;
  }
  return parse(address, ours.bounce + "+", ours.bounce_domain, true);
}

std::optional<LetterReference> parse_letter_message_id(const OurAddresses& ours, std::string_view id) { return parse(id, "", ours.domain, false); }

}  // namespace pinfold::mail
