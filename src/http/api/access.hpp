/// Who may call what: the words that stand in the route table (api/routes.hpp) and as x-access in docs/api/openapi.yaml.
/// Threads: any. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "records/access.hpp"

namespace pinfold::http::api {

enum class Access : std::uint8_t { Public, Everyone, Customers, Owners, Keepers, Staff, Deciders, Sysadmins, Admins };
[[nodiscard]] std::string_view to_string(Access access);
[[nodiscard]] bool may(Access access, records::Role role);

/// What a token may be given. "none": any token; "session": only who has logged in.
inline constexpr std::string_view kNoScope = "none";
inline constexpr std::string_view kSessionOnly = "session";
[[nodiscard]] bool is_scope(std::string_view text);

/// Who calls: by a session's cookie or by a token.
struct Caller {
  records::UserRow user;
  std::string session_id;  ///< empty: by token
  std::string csrf;
  std::string token_id;
  std::vector<std::string> scopes;  ///< of the token
  [[nodiscard]] bool by_session() const { return !session_id.empty(); }
  [[nodiscard]] bool is_staff() const { return records::is_staff(user.role); }
  [[nodiscard]] bool has_scope(std::string_view scope) const;
  [[nodiscard]] StaffId staff() const { return StaffId{user.login}; }
  /// May see what belongs to that customer.
  [[nodiscard]] bool sees(const CustomerId& customer) const { return is_staff() || (!customer.value.empty() && user.customer == customer); }
};

}  // namespace pinfold::http::api
