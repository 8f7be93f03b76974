#include "config/endpoint.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace pinfold::config {

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = net::IpAddress::parse(host);
  const auto port = parse_number(text.substr(colon + 1));
  if (!address || address->is_v4() == bracketed || !port || *port > 65'535) {
    return std::nullopt;
  }
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string to_string(const Endpoint& endpoint) {
  const std::string address = to_string(endpoint.address);
  return endpoint.address.is_v4() ? fmt::format("{}:{}", address, endpoint.port) : fmt::format("[{}]:{}", address, endpoint.port);
}

}  // namespace pinfold::config
