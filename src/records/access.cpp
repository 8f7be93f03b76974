#include "records/access.hpp"

#include "base/enum_names.hpp"

namespace pinfold::records {
namespace {

constexpr EnumNames<Role, 6> kRoles{{{{Role::Owner, "owner"},
                                      {Role::Member, "member"},
                                      {Role::Support, "support"},
                                      {Role::Abuse, "abuse"},
                                      {Role::Sysadmin, "sysadmin"},
                                      {Role::Admin, "admin"}}}};

}  // namespace

std::string_view to_string(Role role) { return kRoles.name(role); }
std::optional<Role> parse_role(std::string_view text) { return kRoles.parse(text); }

}  // namespace pinfold::records
