#include "net/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "base/text.hpp"

namespace pinfold::net {
namespace {

/// Clears every bit behind the first `length`.
IpAddress masked(const IpAddress& address, unsigned length) {
  std::array<std::uint8_t, 16> bytes = address.bytes();
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = length > i * 8 ? std::min(length - i * 8, 8U) : 0;
    bytes[i] &= static_cast<std::uint8_t>(0xFF00U >> kept);
  }
  if (address.is_v4()) {
    return IpAddress::v4((std::uint32_t{bytes[0]} << 24U) | (std::uint32_t{bytes[1]} << 16U) | (std::uint32_t{bytes[2]} << 8U) | bytes[3]);
  }
  return IpAddress::v6(bytes);
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN) {
    return std::nullopt;
  }
  const std::string copy(text);
  if (in_addr v4{}; inet_pton(AF_INET, copy.c_str(), &v4) == 1) {
    return IpAddress::v4(ntohl(v4.s_addr));
  }
  std::array<std::uint8_t, 16> v6{};
  if (inet_pton(AF_INET6, copy.c_str(), v6.data()) == 1) {
    return IpAddress::v6(v6);
  }
  return std::nullopt;
}

std::string to_string(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.is_v4() ? AF_INET : AF_INET6, address.bytes().data(), text.data(), text.size());
  return text.data();
}

bool is_loopback(const IpAddress& address) {
  static const IpAddress kV6 = *IpAddress::parse("::1");
  return address.is_v4() ? address.bytes()[0] == 127 : address == kV6;
}

Prefix::Prefix(const IpAddress& address, unsigned length)
    : x_address(masked(address, std::min(length, address.bits()))), x_length(static_cast<std::uint8_t>(std::min(length, address.bits()))) {}

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return std::nullopt;
  }
  if (slash == std::string_view::npos) {
    return Prefix{*address, address->bits()};
  }
  const auto length = parse_number(text.substr(slash + 1));
  if (!length || *length > address->bits() || masked(*address, static_cast<unsigned>(*length)) != *address) {
    return std::nullopt;
  }
  return Prefix{*address, static_cast<unsigned>(*length)};
}

bool Prefix::contains(const IpAddress& address) const { return address.family() == x_address.family() && masked(address, x_length) == x_address; }

std::string to_string(const Prefix& prefix) { return to_string(prefix.address()) + "/" + std::to_string(prefix.length()); }

}  // namespace pinfold::net
