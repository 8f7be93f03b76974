/// IPv4 and IPv6 addresses and prefixes. One parse and one to_string each; what parse accepts, to_string gives back canonically.
/// Source: RFC 4291 section 2.2, RFC 5952 (canonical text), RFC 4632 (prefixes). IPv4-mapped IPv6 addresses are kept as IPv6.
/// Cost:   16 bytes + family; trivially copyable.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pinfold::net {

class IpAddress {
public:
  enum class Family : std::uint8_t { V4, V6 };

  constexpr IpAddress() = default;  ///< 0.0.0.0
  /// `host_order` is the address as a number: 192.0.2.1 is 0xC0000201.
  [[nodiscard]] static constexpr IpAddress v4(std::uint32_t host_order) {
    static_assert(std::endian::native == std::endian::little);
    IpAddress a;
    // In two words and not byte by byte: what was written so can be read at once.
    a.x_bytes = std::bit_cast<std::array<std::uint8_t, 16>>(std::array<std::uint64_t, 2>{__builtin_bswap32(host_order), 0});
    return a;
  }
  [[nodiscard]] static constexpr IpAddress v6(const std::array<std::uint8_t, 16>& bytes) {
    IpAddress a;
    a.x_bytes = bytes;
    a.x_family = Family::V6;
    return a;
  }
  /// Strict: four decimal parts without leading zeros, or RFC 4291 text without zone. No host names.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] constexpr Family family() const { return x_family; }
  [[nodiscard]] constexpr bool is_v4() const { return x_family == Family::V4; }
  [[nodiscard]] constexpr unsigned bits() const { return is_v4() ? 32 : 128; }
  /// Network order; the first 4 bytes count for IPv4, the rest are zero.
  [[nodiscard]] constexpr const std::array<std::uint8_t, 16>& bytes() const { return x_bytes; }
  /// Only for IPv4 addresses.
  [[nodiscard]] constexpr std::uint32_t v4_number() const {
    return (std::uint32_t{x_bytes[0]} << 24U) | (std::uint32_t{x_bytes[1]} << 16U) | (std::uint32_t{x_bytes[2]} << 8U) | x_bytes[3];
  }

  friend constexpr std::strong_ordering operator<=>(const IpAddress& a, const IpAddress& b) {
    const auto by_family = a.x_family <=> b.x_family;
    return by_family != 0 ? by_family : a.x_bytes <=> b.x_bytes;
  }
  friend constexpr bool operator==(const IpAddress& a, const IpAddress& b) {
    const auto x = std::bit_cast<std::array<std::uint64_t, 2>>(a.x_bytes);
    const auto y = std::bit_cast<std::array<std::uint64_t, 2>>(b.x_bytes);
    return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0 && a.x_family == b.x_family;
  }

private:
  std::array<std::uint8_t, 16> x_bytes{};  // first: whoever copies an address moves them as one
  Family x_family = Family::V4;
};

[[nodiscard]] std::string to_string(const IpAddress& address);
/// RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3.
[[nodiscard]] bool is_loopback(const IpAddress& address);

class Prefix {
public:
  constexpr Prefix() = default;
  /// Host bits are cleared. `length` above the family's width is clamped to it.
  Prefix(const IpAddress& address, unsigned length);
  /// "192.0.2.0/24", or a bare address for a single host. Host bits that are set are refused: the operator meant something else.
  [[nodiscard]] static std::optional<Prefix> parse(std::string_view text);

  [[nodiscard]] const IpAddress& address() const { return x_address; }
  [[nodiscard]] unsigned length() const { return x_length; }
  [[nodiscard]] bool contains(const IpAddress& address) const;

  friend constexpr auto operator<=>(const Prefix&, const Prefix&) = default;

private:
  IpAddress x_address;
  std::uint8_t x_length = 0;
};

[[nodiscard]] std::string to_string(const Prefix& prefix);

}  // namespace pinfold::net

template <>
struct std::hash<pinfold::net::IpAddress> {
  std::size_t operator()(const pinfold::net::IpAddress& a) const noexcept {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(a.bytes().data()), a.bytes().size()}) + (a.is_v4() ? 0 : 1);
  }
};
