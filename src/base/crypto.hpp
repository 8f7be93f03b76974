/// Hashes, random bytes and tokens, over libsodium. The only place that names the library.
/// Used by: the event chain, evidence, signed links, agents' keys.
/// Errors:  a library that cannot start aborts (kind 3: a broken machine, never input).
/// Threads: any. `random_bytes` is an effect: pure code is handed its randomness.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinfold {

using Sha256 = std::array<std::uint8_t, 32>;  ///< FIPS 180-4

[[nodiscard]] Sha256 sha256(std::span<const std::uint8_t> bytes);
[[nodiscard]] Sha256 sha256(std::string_view text);
[[nodiscard]] std::string sha256_hex(std::string_view text);

/// HMAC-SHA-256 (RFC 2104).
[[nodiscard]] Sha256 hmac_sha256(std::string_view key, std::string_view text);
/// Equality in time that depends on the length only.
[[nodiscard]] bool equal_secrets(std::string_view a, std::string_view b);

void random_bytes(std::span<std::uint8_t> out);
/// `bits` (a multiple of 5, at most 320) of randomness in lower-case base 32 without look-alikes: fit for mail addresses and links.
[[nodiscard]] std::string random_token(unsigned bits);

/// Ed25519 (RFC 8032). Keys and signatures are raw bytes.
struct SigningKey {
  std::array<std::uint8_t, 32> public_key{};
  std::array<std::uint8_t, 64> secret_key{};
};
using Signature = std::array<std::uint8_t, 64>;
[[nodiscard]] SigningKey make_signing_key();
[[nodiscard]] Signature sign(const SigningKey& key, std::string_view text);
[[nodiscard]] bool verify(std::span<const std::uint8_t, 32> public_key, std::string_view text, std::span<const std::uint8_t> signature);

}  // namespace pinfold
