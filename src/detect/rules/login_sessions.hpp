/// Which sessions look like failed logins, and groups of them: the measuring behind the brute-force rule. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "detect/client_tracker.hpp"
#include "detect/services.hpp"

namespace pinfold::detect {

/// Enough was said for a login, and by neither side more than one that fails takes.
[[nodiscard]] bool is_login_sized(const Session& session);

struct LoginGroup {
  std::uint16_t port = 0;
  std::vector<const Session*> sessions;
  std::map<net::IpAddress, std::uint64_t> hosts;  ///< sessions of each

  void add(const Session& session) {
    sessions.push_back(&session);
    ++hosts[session.key.peer];
  }
};

/// Middle values of a group; sizes in bytes sent.
struct LoginShape {
  std::uint64_t bytes = 0;
  std::uint32_t packets = 0;
  Micros duration{};
  std::uint32_t similar_percent = 0;  ///< sessions whose size lies within a fifth (or 150 bytes) of the middle one
};
[[nodiscard]] LoginShape shape_of(const std::vector<const Session*>& sessions);

}  // namespace pinfold::detect
