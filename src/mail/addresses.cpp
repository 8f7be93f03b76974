#include "mail/addresses.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace pinfold::mail {
namespace {

constexpr std::size_t kMaxAddress = 254;
constexpr std::size_t kMinToken = 4;
constexpr std::size_t kMaxToken = 64;

bool is_token(std::string_view text) {
  return text.size() >= kMinToken && text.size() <= kMaxToken &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

template <typename IdType>
std::optional<IdType> parse_id(std::string_view text) {
  const auto number = text.size() <= 18 ? parse_number(text) : std::nullopt;
  if (!number || *number == 0) {
    return std::nullopt;
  }
  return IdType{static_cast<std::int64_t>(*number)};
}

/// "pf-42.TOKEN" or "pf-42.1.TOKEN", as `with_notice` says.
std::optional<Reference> parse_tag(std::string_view tag, bool with_notice, CitedIn where) {
  constexpr std::string_view kPrefix = "pf-";
  if (tag.substr(0, kPrefix.size()) != kPrefix) {
    return std::nullopt;
  }
  const auto fields = split(tag.substr(kPrefix.size()), '.');
  if (fields.size() != (with_notice ? 3U : 2U) || !is_token(fields.back())) {
    return std::nullopt;
  }
  const auto case_id = parse_id<CaseId>(fields[0]);
  const auto notice = with_notice ? parse_id<NoticeId>(fields[1]) : std::nullopt;
  if (!case_id || (with_notice && !notice)) {
    return std::nullopt;
  }
  return Reference{*case_id, notice, std::string(fields.back()), where};
}

/// The part of `address` between `prefix` and "@domain", in lower case.
std::optional<std::string> tag_of(std::string_view address, std::string_view prefix, std::string_view domain) {
  if (address.size() > kMaxAddress || domain.empty()) {
    return std::nullopt;
  }
  const std::string lower = to_lower(trim(address));
  const std::string before = to_lower(prefix);
  const std::string after = "@" + to_lower(domain);
  if (lower.size() < before.size() + after.size() || lower.compare(0, before.size(), before) != 0 ||
      lower.compare(lower.size() - after.size(), after.size(), after) != 0) {
    return std::nullopt;
  }
  return lower.substr(before.size(), lower.size() - before.size() - after.size());
}

}  // namespace

std::string desk_address(const OurAddresses& ours) { return ours.desk + "@" + ours.domain; }

std::string reply_address(const OurAddresses& ours, CaseId c, std::string_view token) {
  return fmt::format("{}+pf-{}.{}@{}", ours.desk, c.value, token, ours.domain);
}

std::string bounce_address(const OurAddresses& ours, CaseId c, NoticeId notice, std::string_view token) {
  return fmt::format("{}+pf-{}.{}.{}@{}", ours.bounce, c.value, notice.value, token, ours.bounce_domain);
}

std::string message_id(const OurAddresses& ours, CaseId c, NoticeId notice, std::string_view token) {
  return fmt::format("pf-{}.{}.{}@{}", c.value, notice.value, token, ours.domain);
}

std::optional<Reference> parse_reply_address(const OurAddresses& ours, std::string_view address) {
  const auto tag = tag_of(address, ours.desk + "+", ours.domain);
  return tag ? parse_tag(*tag, false, CitedIn::ReplyAddress) : std::nullopt;
}

std::optional<Reference> parse_bounce_address(const OurAddresses& ours, std::string_view address) {
  const auto tag = tag_of(address, ours.bounce + "+", ours.bounce_domain);
  return tag ? parse_tag(*tag, true, CitedIn::BounceAddress) : std::nullopt;
}

std::optional<Reference> parse_message_id(const OurAddresses& ours, std::string_view id) {
  const auto tag = tag_of(id, "", ours.domain);
  return tag ? parse_tag(*tag, true, CitedIn::MessageId) : std::nullopt;
}

}  // namespace pinfold::mail
