/// One call of the API on its way through an operation: what was asked, by whom, and readers for its parameters and its body that refuse with the
/// field's name (422) what does not fit. Text from outside leaves them `printable`.
/// Bounds: kMaxQuery parameters; a body of kMaxBody bytes, JSON of depth 32.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.hpp"
#include "base/time.hpp"
#include "desk/case.hpp"
#include "http/api/access.hpp"
#include "http/api/refusal.hpp"
#include "http/client.hpp"
#include "http/message.hpp"
#include "ticket/ticket.hpp"

namespace pinfold::http::api {

inline constexpr std::size_t kMaxQuery = 32;
inline constexpr std::size_t kMaxBody = std::size_t{2} << 20U;
inline constexpr std::size_t kMaxPage = 200;
inline constexpr std::size_t kUsualPage = 50;

using nlohmann::json;

struct Route;

struct Call {
  const Request& request;
  const Route& route;
  WallTime now;
  std::string request_id;
  Client client;
  std::shared_ptr<const Caller> caller;      ///< null for public routes
  std::vector<std::string> path;             ///< the parameters in the path, in order
  std::map<std::string, std::string> query;  ///< decoded; of a repeated name the first
  json body;                                 ///< an object; empty where the route takes none
  std::optional<std::int64_t> if_match;      ///< the version that If-Match names
  std::string subject;                       ///< for the record of acts; the path's parameters unless the operation says otherwise

  [[nodiscard]] const Caller& who() const { return *caller; }
  [[nodiscard]] std::string param(const std::string& name) const;
  [[nodiscard]] std::optional<WallTime> time_param(const std::string& name) const;
  [[nodiscard]] std::size_t limit() const;
  /// The fields that a cursor was made of; empty: from the beginning.
  [[nodiscard]] std::vector<std::string> cursor(std::size_t fields) const;
  /// Of which customer: a customer's own, else what is asked for.
  [[nodiscard]] std::optional<CustomerId> customer_param() const;

  [[nodiscard]] std::string text(const std::string& field, std::size_t most) const;  ///< required, not blank
  [[nodiscard]] std::string text_or(const std::string& field, std::size_t most, const std::string& otherwise) const;
  [[nodiscard]] bool flag(const std::string& field, bool otherwise) const;
  [[nodiscard]] std::optional<WallTime> time(const std::string& field) const;
  [[nodiscard]] bool has(const std::string& field) const { return body.contains(field) && !body[field].is_null(); }

  [[nodiscard]] CaseId case_id() const;  ///< the path's first parameter
  [[nodiscard]] ticket::TicketId ticket_id() const;
  [[nodiscard]] std::int64_t number(std::size_t index) const;
};

/// A decimal number that a row's id could be.
[[nodiscard]] std::optional<std::int64_t> whole(std::string_view text);
[[nodiscard]] std::optional<CaseId> parse_case(std::string_view text);
/// Opaque to callers: the fields in hexadecimal.
[[nodiscard]] std::string make_cursor(const std::vector<std::string>& fields);
/// Printable line by line: line ends stay.
[[nodiscard]] std::string printable_lines(std::string_view text, std::size_t most);

[[nodiscard]] Response ok(const json& body, unsigned status = 200);
[[nodiscard]] Response ok_with_tag(const json& body, std::int64_t version, unsigned status = 200);
[[nodiscard]] Response done();
[[nodiscard]] Response list_of(json items, const std::optional<std::string>& next);
[[nodiscard]] Response download(std::string bytes, std::string_view name);
[[nodiscard]] json nullable(const std::optional<WallTime>& t);
[[nodiscard]] json nullable(const std::string& text);  ///< empty: null

}  // namespace pinfold::http::api
