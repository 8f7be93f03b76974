/// The MAC addresses under which a switch sees Pinfold itself and the routers that it goes through: a port where one is learned carries our own
/// path, and shutting it would cut us off from the switch (guard G4).
/// Reads this machine's interfaces, routes and neighbours (Linux: getifaddrs, /proc/net/route, /proc/net/arp) in the caller's network
/// namespace. IPv6 routers are not looked up: name them in the configuration's list of gateways.
/// Bounds:  kMaxOwnLines lines a file. Errors: what cannot be read is left out, except our own interfaces: nullopt.
#pragma once

#include <optional>
#include <set>

#include "net/mac_address.hpp"

namespace pinfold::enforce::drivers {

inline constexpr std::size_t kMaxOwnLines = 4096;

[[nodiscard]] std::optional<std::set<net::MacAddress>> own_path_macs();

}  // namespace pinfold::enforce::drivers
