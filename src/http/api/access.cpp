#include "http/api/access.hpp"

#include <algorithm>
#include <array>

#include "base/enum_names.hpp"

namespace pinfold::http::api {
namespace {

using records::Role;

constexpr EnumNames<Access, 9> kNames{{{{Access::Public, "public"},
                                        {Access::Everyone, "everyone"},
                                        {Access::Customers, "customers"},
                                        {Access::Owners, "owners"},
                                        {Access::Keepers, "keepers"},
                                        {Access::Staff, "staff"},
                                        {Access::Deciders, "deciders"},
                                        {Access::Sysadmins, "sysadmins"},
                                        {Access::Admins, "admins"}}}};

constexpr std::array<std::string_view, 12> kScopes{"cases:read",   "cases:write",   "servers:read", "tickets:read", "tickets:write", "customers:read",
                                                   "reports:read", "reports:write", "network:read", "desk:read",    "port:disable",  "port:enable"};

}  // namespace

std::string_view to_string(Access access) { return kNames.name(access); }

bool may(Access access, Role role) {
  switch (access) {
    case Access::Public:
    case Access::Everyone: return true;
    case Access::Customers: return !records::is_staff(role);
    case Access::Owners: return role != Role::Member;
    case Access::Keepers: return role == Role::Owner || role == Role::Admin;
    case Access::Staff: return records::is_staff(role);
    case Access::Deciders: return role == Role::Abuse || role == Role::Sysadmin || role == Role::Admin;
    case Access::Sysadmins: return role == Role::Sysadmin || role == Role::Admin;
    case Access::Admins: return role == Role::Admin;
  }
  return false;
}

bool is_scope(std::string_view text) { return std::find(kScopes.begin(), kScopes.end(), text) != kScopes.end(); }

bool Caller::has_scope(std::string_view scope) const {
  return by_session() || scope == kNoScope || std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

}  // namespace pinfold::http::api
