/// The contract's shapes, made from rows and cases. What a customer may not see is left out here, by `Caller`.
/// Pure but for the transaction that is read from. Source: docs/api/openapi.yaml.
#pragma once

#include "http/api/api.hpp"

namespace pinfold::http::api {

/// Names and servers while one answer is made.
struct View {
  std::shared_ptr<const inventory::Inventory> inventory;
  const Caller& who;
  [[nodiscard]] std::string customer_name(const CustomerId& id) const;
};
[[nodiscard]] View view_of(Api& api, const Call& call);

/// "a b" → ["a", "b"]: scopes, topics.
[[nodiscard]] json words_json(std::string_view text);
/// An answer is asked of the owner: not any more where a talk is (the port is off), nor on probation.
[[nodiscard]] bool waits_for_owner(const records::QueueRow& row);
[[nodiscard]] json case_json(const records::QueueRow& row, const View& view);
[[nodiscard]] json port_json(records::Transaction& tx, const inventory::Server* server, const View& view);
[[nodiscard]] json action_json(records::Transaction& tx, const desk::Case& c, const std::vector<desk::Event>& events, const desk::PortAction& action,
                               const View& view);
[[nodiscard]] json notice_json(const desk::Case& c, const std::vector<desk::Event>& events, const desk::Notice& notice);
[[nodiscard]] json finding_json(const abuse::Finding& finding);
/// nullopt: the caller does not see it.
[[nodiscard]] std::optional<json> event_json(const desk::Case& c, const desk::Event& event, const View& view);
[[nodiscard]] json verdicts_json(const std::vector<desk::GuardVerdict>& verdicts);
/// The whole case, or 404 when there is none that the caller may see.
[[nodiscard]] Response case_detail(Api& api, const Call& call, CaseId id, unsigned status = 200);

struct CaseFile {
  desk::Case c;
  std::vector<desk::Event> events;
};
/// 404 unless the caller may see it.
[[nodiscard]] CaseFile load_case(records::Transaction& tx, CaseId id, const Caller& who);

/// nullptr: the case has no such event.
[[nodiscard]] const desk::Event* at_seq(const std::vector<desk::Event>& events, std::uint32_t seq);

/// 202 for slow work that begins now.
[[nodiscard]] Response accepted(Api& api, const Call& call, Actions::Work work);

}  // namespace pinfold::http::api
