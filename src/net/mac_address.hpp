/// IEEE 802 48-bit MAC address. Text: "02:00:00:00:00:01" (also with '-'), lower case out.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace pinfold::net {

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};
  [[nodiscard]] static std::optional<MacAddress> parse(std::string_view text);
  friend constexpr auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

[[nodiscard]] std::string to_string(const MacAddress& mac);

/// The six bytes at `at`, as they stand on the wire.
[[nodiscard]] inline MacAddress load_mac(const std::uint8_t* at) {
  MacAddress mac;
  std::memcpy(mac.bytes.data(), at, mac.bytes.size());
  return mac;
}

}  // namespace pinfold::net
