#include "net/mac_address.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"

namespace pinfold::net {

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  constexpr std::size_t kLength = 17;
  if (text.size() != kLength || (text[2] != ':' && text[2] != '-')) {
    return std::nullopt;
  }
  const auto parts = split(text, text[2]);
  MacAddress mac;
  if (parts.size() != mac.bytes.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto byte = from_hex(parts[i]);
    if (!byte || byte->size() != 1) {
      return std::nullopt;
    }
    mac.bytes[i] = byte->front();
  }
  return mac;
}

std::string to_string(const MacAddress& mac) { return fmt::format("{:02x}", fmt::join(mac.bytes, ":")); }

}  // namespace pinfold::net
