/// The stable names of the desk's small enumerations: in JSON, on the command line and in sentences for people.
/// Used by: event_json, describe, http, the command line. Clock: none. Errors: parse gives nullopt for any other word.
#pragma once

#include <optional>
#include <string_view>

#include "desk/event.hpp"

namespace pinfold::desk {

[[nodiscard]] std::string_view to_string(NoticeKind value);       ///< "second_notice"
[[nodiscard]] std::string_view to_string(DeliveryProof value);    ///< "server_log"
[[nodiscard]] std::string_view to_string(ResponseChannel value);  ///< "signed_link"
[[nodiscard]] std::string_view to_string(Statement value);        ///< "not_mine"
[[nodiscard]] std::string_view to_string(MailKind value);         ///< "auto_reply"
[[nodiscard]] std::string_view to_string(PortWish value);         ///< "down"
[[nodiscard]] std::string_view to_string(GuardOutcome value);     ///< "hold"
[[nodiscard]] std::string_view to_string(ActionResult value);     ///< "not_sent"
[[nodiscard]] std::string_view to_string(Ground value);           ///< "emergency"

[[nodiscard]] std::optional<NoticeKind> parse_notice_kind(std::string_view text);
[[nodiscard]] std::optional<DeliveryProof> parse_delivery_proof(std::string_view text);
[[nodiscard]] std::optional<ResponseChannel> parse_response_channel(std::string_view text);
[[nodiscard]] std::optional<Statement> parse_statement(std::string_view text);
[[nodiscard]] std::optional<MailKind> parse_mail_kind(std::string_view text);
[[nodiscard]] std::optional<PortWish> parse_port_wish(std::string_view text);
[[nodiscard]] std::optional<GuardOutcome> parse_guard_outcome(std::string_view text);
[[nodiscard]] std::optional<ActionResult> parse_action_result(std::string_view text);
[[nodiscard]] std::optional<Ground> parse_ground(std::string_view text);

}  // namespace pinfold::desk
