/// An address and a port, as pinfold.toml writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/ip_address.hpp"

namespace pinfold::config {

struct Endpoint {
  net::IpAddress address;
  std::uint16_t port = 0;
};
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);  ///< "127.0.0.1:8080", "[::1]:8080"
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

}  // namespace pinfold::config
