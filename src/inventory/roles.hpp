/// What an operator declares about a server, so that honest work is not taken for abuse: a role, who said so and why, until when.
/// A declaration exempts from what the role explains and from nothing else (the table below); it always ends.
/// Comes from the inventory (column `roles`) with what the provider knows of a server, or from the policy file (`[[role]]`) as staff's decision,
/// reviewed with the thresholds; both count.
///
///   role               exempts from
///   mail_relay         spam
///   newsletter         the same
///   monitoring         port_scan, brute_force by single tries over many hosts
///   scanner            port_scan of any kind, for research and for the operator's own audits
///   config_management  brute_force over several hosts, not on one
///   proxy              port_scan, brute_force, spam, file_sharing: the traffic of a VPN or Tor exit is other people's; floods are still told
///   resolver           reflector
///   game_or_voice      flood (udp), reflector
///   backup             bandwidth_burst
///   speed_test         bandwidth_burst, flood (udp)
///   file_sharing       file_sharing
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace pinfold::inventory {

enum class Role : std::uint8_t {
  MailRelay,
  Newsletter,
  Monitoring,
  Scanner,
  ConfigManagement,
  Proxy,
  Resolver,
  GameOrVoice,
  Backup,
  SpeedTest,
  FileSharing,
};

inline constexpr std::size_t kRoles = 11;
inline constexpr std::size_t kMaxDeclaredRoles = 10'000;

struct DeclaredRole {
  Role role = Role::MailRelay;
  std::string reason;
  WallTime until;  ///< event times from here on are judged as if nothing had been declared
  friend bool operator==(const DeclaredRole&, const DeclaredRole&) = default;
};
/// As the policy file names it.
struct RoleOfServer {
  ServerId server;
  DeclaredRole declared;
};

[[nodiscard]] std::string_view to_string(Role role);  ///< "mail_relay"
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);

}  // namespace pinfold::inventory
