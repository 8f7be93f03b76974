/// A bounded, forward-only reader of network byte order. Every decoder of outside bytes stands on it.
/// Bounds:  never reads past the span it was given; a read that does not fit returns nullopt and consumes nothing.
/// Threads: none. O(1) each, no allocation. The bytes must outlive the reader.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace pinfold {

using ByteSpan = std::span<const std::uint8_t>;

/// One integer of network byte order. For headers of a fixed layout: take all their bytes from a reader at once, then each field at its offset.
template <typename T>
[[nodiscard]] T load_big_endian(const std::uint8_t* at) {
  static_assert(std::endian::native == std::endian::little);
  T value = 0;
  std::memcpy(&value, at, sizeof(T));
  if constexpr (sizeof(T) == 2) {
    return __builtin_bswap16(value);
  } else if constexpr (sizeof(T) == 4) {
    return __builtin_bswap32(value);
  } else if constexpr (sizeof(T) == 8) {
    return __builtin_bswap64(value);
  }
  return value;
}

class ByteReader {
public:
  explicit ByteReader(ByteSpan bytes) : x_bytes(bytes) {}

  [[nodiscard]] std::size_t remaining() const { return x_bytes.size() - x_at; }
  [[nodiscard]] std::size_t position() const { return x_at; }
  [[nodiscard]] bool empty() const { return remaining() == 0; }

  [[nodiscard]] std::optional<std::uint8_t> u8() { return integer<std::uint8_t>(); }
  [[nodiscard]] std::optional<std::uint16_t> u16() { return integer<std::uint16_t>(); }
  [[nodiscard]] std::optional<std::uint32_t> u32() { return integer<std::uint32_t>(); }
  [[nodiscard]] std::optional<std::uint64_t> u64() { return integer<std::uint64_t>(); }

  /// The next `n` bytes, as a view.
  [[nodiscard]] std::optional<ByteSpan> bytes(std::size_t n) {
    if (n > remaining()) {
      return std::nullopt;
    }
    const ByteSpan view = x_bytes.subspan(x_at, n);
    x_at += n;
    return view;
  }
  /// A reader of the next `n` bytes alone, so that a lying inner length cannot reach what follows.
  [[nodiscard]] std::optional<ByteReader> sub(std::size_t n) {
    const auto view = bytes(n);
    if (!view) {
      return std::nullopt;
    }
    return ByteReader{*view};
  }
  [[nodiscard]] bool skip(std::size_t n) { return bytes(n).has_value(); }
  [[nodiscard]] ByteSpan rest() const { return x_bytes.subspan(x_at); }

private:
  template <typename T>
  [[nodiscard]] std::optional<T> integer() {
    const auto view = bytes(sizeof(T));
    return view ? std::optional{load_big_endian<T>(view->data())} : std::nullopt;
  }

  ByteSpan x_bytes;
  std::size_t x_at = 0;
};

}  // namespace pinfold
