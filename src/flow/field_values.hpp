/// How the bytes of one field become a value: big-endian numbers of reduced size, addresses, and the exporters' ways to write a time.
/// Used by: template.cpp (a record at a time) and record_columns.cpp (a set at a time), so that both read the same. `at` has the field's bytes.
/// Source:  RFC 7011 sections 6.1 and 6.2.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>

#include "base/byte_reader.hpp"
#include "base/time.hpp"
#include "net/ip_address.hpp"
#include "net/mac_address.hpp"

namespace pinfold::flow {

/// A big-endian number of `length` bytes; of more than 8 the last 8. Where the compiler knows the width: load_big_endian.
[[nodiscard]] inline std::uint64_t load(const std::uint8_t* at, std::size_t length) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < length; ++i) {
    value = (value << 8U) | at[i];
  }
  return value;
}

/// Times beyond year 9999 cannot be printed and are nonsense: read as absent.
inline constexpr std::uint64_t kLatestSeconds = 253'402'300'799;

[[nodiscard]] inline std::optional<Micros> from_seconds(std::uint64_t seconds) {
  return seconds <= kLatestSeconds ? std::optional{Micros{static_cast<std::int64_t>(seconds * 1'000'000)}} : std::nullopt;
}

[[nodiscard]] inline std::optional<Micros> from_millis(std::uint64_t millis) {
  return millis / 1000 <= kLatestSeconds ? std::optional{Micros{static_cast<std::int64_t>(millis * 1000)}} : std::nullopt;
}

/// RFC 7011 section 6.1.9: NTP's 32 bits of seconds and 32 of fraction. Era 1 begins in 2036; years before 1968 do not occur.
[[nodiscard]] inline std::optional<Micros> from_ntp(std::uint64_t ntp) {
  constexpr std::uint64_t kNtpToUnixSeconds = 2'208'988'800;
  std::uint64_t seconds = ntp >> 32U;
  if (seconds < 0x8000'0000U) {
    seconds += std::uint64_t{1} << 32U;
  }
  if (seconds < kNtpToUnixSeconds) {
    return std::nullopt;
  }
  const std::uint64_t micros = ((ntp & 0xFFFF'FFFFU) * 1'000'000) >> 32U;
  return Micros{static_cast<std::int64_t>((seconds - kNtpToUnixSeconds) * 1'000'000 + micros)};
}

/// A time of 64 bits as exporters write it: NTP's form, or what some take it for (seconds and nanoseconds since 1970 in a word each; whole micro-
/// or nanoseconds since 1970). The readings lie decades apart: the one within a day of the export is meant; NTP's if none is.
[[nodiscard]] inline std::optional<Micros> from_timestamp(std::uint64_t value, Micros export_time) {
  const auto is_meant = [export_time](Micros time) { return std::chrono::abs(time - export_time) <= std::chrono::hours{24}; };
  const auto as_ntp = from_ntp(value);
  if (as_ntp && is_meant(*as_ntp)) {
    return as_ntp;
  }
  constexpr std::uint64_t kNanosInSecond = 1'000'000'000;
  const std::uint64_t low = value & 0xFFFF'FFFFU;
  const Micros as_words{static_cast<std::int64_t>((value >> 32U) * 1'000'000 + low / 1000)};
  if (low < kNanosInSecond && is_meant(as_words)) {
    return as_words;
  }
  constexpr std::uint64_t kLatestMicros = kLatestSeconds * 1'000'000;
  for (const std::uint64_t micros : {value, value / 1000}) {
    if (micros <= kLatestMicros && is_meant(Micros{static_cast<std::int64_t>(micros)})) {
      return Micros{static_cast<std::int64_t>(micros)};
    }
  }
  return as_ntp;
}

[[nodiscard]] inline net::IpAddress load_v6(const std::uint8_t* at) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), at, bytes.size());
  return net::IpAddress::v6(bytes);
}

/// One in how many, from "interval" as exporters write it; nullopt for zero, which says nothing.
[[nodiscard]] inline std::optional<std::uint32_t> rate_from_interval(std::uint64_t interval) {
  constexpr std::uint64_t kLargestRate = std::numeric_limits<std::uint32_t>::max();
  return interval == 0 ? std::nullopt : std::optional{static_cast<std::uint32_t>(interval < kLargestRate ? interval : kLargestRate)};
}

}  // namespace pinfold::flow
