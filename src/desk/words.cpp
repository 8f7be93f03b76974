#include "desk/words.hpp"

#include "base/enum_names.hpp"

namespace pinfold::desk {
namespace {

constexpr EnumNames<NoticeKind, 5> kNoticeKinds{{{{NoticeKind::Warning, "warning"},
                                                  {NoticeKind::SecondNotice, "second_notice"},
                                                  {NoticeKind::Disabled, "disabled"},
                                                  {NoticeKind::Enabled, "enabled"},
                                                  {NoticeKind::Reminder, "reminder"}}}};
constexpr EnumNames<DeliveryProof, 3> kDeliveryProofs{
    {{{DeliveryProof::Dsn, "dsn"}, {DeliveryProof::ServerLog, "server_log"}, {DeliveryProof::Presumed, "presumed"}}}};
constexpr EnumNames<ResponseChannel, 5> kResponseChannels{{{{ResponseChannel::Mail, "mail"},
                                                            {ResponseChannel::SignedLink, "signed_link"},
                                                            {ResponseChannel::Portal, "portal"},
                                                            {ResponseChannel::Ticket, "ticket"},
                                                            {ResponseChannel::Phone, "phone"}}}};
constexpr EnumNames<Statement, 5> kStatements{{{{Statement::Unstated, "unstated"},
                                                {Statement::Looking, "looking"},
                                                {Statement::Fixed, "fixed"},
                                                {Statement::Intended, "intended"},
                                                {Statement::NotMine, "not_mine"}}}};
constexpr EnumNames<MailKind, 7> kMailKinds{{{{MailKind::Reply, "reply"},
                                              {MailKind::Bounce, "bounce"},
                                              {MailKind::AutoReply, "auto_reply"},
                                              {MailKind::Mdn, "mdn"},
                                              {MailKind::Report, "report"},
                                              {MailKind::Loop, "loop"},
                                              {MailKind::Unknown, "unknown"}}}};
constexpr EnumNames<PortWish, 2> kPortWishes{{{{PortWish::Down, "down"}, {PortWish::Up, "up"}}}};
constexpr EnumNames<GuardOutcome, 3> kGuardOutcomes{{{{GuardOutcome::Pass, "pass"}, {GuardOutcome::Hold, "hold"}, {GuardOutcome::Refuse, "refuse"}}}};
constexpr EnumNames<ActionResult, 4> kActionResults{{{{ActionResult::Verified, "verified"},
                                                      {ActionResult::Mismatch, "mismatch"},
                                                      {ActionResult::Unknown, "unknown"},
                                                      {ActionResult::NotSent, "not_sent"}}}};

constexpr EnumNames<Ground, 3> kGrounds{{{{Ground::Policy, "policy"}, {Ground::Person, "person"}, {Ground::Emergency, "emergency"}}}};

}  // namespace

std::string_view to_string(NoticeKind value) { return kNoticeKinds.name(value); }
std::string_view to_string(DeliveryProof value) { return kDeliveryProofs.name(value); }
std::string_view to_string(ResponseChannel value) { return kResponseChannels.name(value); }
std::string_view to_string(Statement value) { return kStatements.name(value); }
std::string_view to_string(MailKind value) { return kMailKinds.name(value); }
std::string_view to_string(PortWish value) { return kPortWishes.name(value); }
std::string_view to_string(GuardOutcome value) { return kGuardOutcomes.name(value); }
std::string_view to_string(ActionResult value) { return kActionResults.name(value); }
std::string_view to_string(Ground value) { return kGrounds.name(value); }

std::optional<NoticeKind> parse_notice_kind(std::string_view text) { return kNoticeKinds.parse(text); }
std::optional<DeliveryProof> parse_delivery_proof(std::string_view text) { return kDeliveryProofs.parse(text); }
std::optional<ResponseChannel> parse_response_channel(std::string_view text) { return kResponseChannels.parse(text); }
std::optional<Statement> parse_statement(std::string_view text) { return kStatements.parse(text); }
std::optional<MailKind> parse_mail_kind(std::string_view text) { return kMailKinds.parse(text); }
std::optional<PortWish> parse_port_wish(std::string_view text) { return kPortWishes.parse(text); }
std::optional<GuardOutcome> parse_guard_outcome(std::string_view text) { return kGuardOutcomes.parse(text); }
std::optional<ActionResult> parse_action_result(std::string_view text) { return kActionResults.parse(text); }
std::optional<Ground> parse_ground(std::string_view text) { return kGrounds.parse(text); }

}  // namespace pinfold::desk
