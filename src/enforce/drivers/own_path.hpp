/// The MAC addresses under which a switch sees Pinfold itself and the routers that it goes through: a port where one is learned carries our own
/// path, and shutting it would cut us off from the switch (guard G4).
/// Reads this machine's interfaces, routes and neighbours (Linux: getifaddrs, /proc/net/route, /proc/net/arp, /proc/net/ipv6_route, rtnetlink) in
/// the caller's network namespace.
/// Bounds:  kMaxOwnLines lines a file, kMaxEntries neighbours. Errors: nullopt where our own interfaces, or the MAC addresses of IPv6 routers, cannot
///          be read; a file that is absent tells nothing.
#pragma once

#include <optional>
#include <set>

#include "net/mac_address.hpp"

namespace pinfold::enforce::drivers {

inline constexpr std::size_t kMaxOwnLines = 4096;

[[nodiscard]] std::optional<std::set<net::MacAddress>> own_path_macs();

}  // namespace pinfold::enforce::drivers
