/// The addresses by which an answer or a bounce finds its case, made and recognised in one place.
///   Reply-To      abuse+pf-42.TOKEN@desk.example       an answer to case 42
///   MAIL FROM     b+pf-42.1.TOKEN@bounce.desk.example  a bounce of notice 1 of case 42 (VERP)
///   Message-ID    <pf-42.1.TOKEN@desk.example>         the notice itself
/// A recognised token is a claim: the caller compares it with the case's tokens (equal_secrets) before believing it.
/// Bounds:  tokens are 4 to 64 of [a-z0-9]; addresses over 254 bytes are not ours (RFC 5321 section 4.5.3.1). Upper case is accepted: some mail
///          servers write it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"

namespace pinfold::mail {

struct OurAddresses {
  std::string desk = "abuse";  ///< local part that people write to
  std::string domain;          ///< "desk.example"
  std::string bounce = "b";    ///< local part of envelope senders
  std::string bounce_domain;   ///< "bounce.desk.example"; may equal `domain`
};

[[nodiscard]] std::string desk_address(const OurAddresses& ours);  ///< "abuse@desk.example"
[[nodiscard]] std::string reply_address(const OurAddresses& ours, CaseId c, std::string_view token);
[[nodiscard]] std::string bounce_address(const OurAddresses& ours, CaseId c, NoticeId notice, std::string_view token);
[[nodiscard]] std::string message_id(const OurAddresses& ours, CaseId c, NoticeId notice, std::string_view token);  ///< without brackets

/// Where a case was found cited, the surest first.
enum class CitedIn : std::uint8_t { BounceAddress, ReplyAddress, MessageId };

struct Reference {
  CaseId case_id;
  std::optional<NoticeId> notice;  ///< absent in a reply address
  std::string token;
  CitedIn where = CitedIn::ReplyAddress;
  friend bool operator==(const Reference&, const Reference&) = default;
};

[[nodiscard]] std::optional<Reference> parse_reply_address(const OurAddresses& ours, std::string_view address);
[[nodiscard]] std::optional<Reference> parse_bounce_address(const OurAddresses& ours, std::string_view address);
[[nodiscard]] std::optional<Reference> parse_message_id(const OurAddresses& ours, std::string_view id);

}  // namespace pinfold::mail
