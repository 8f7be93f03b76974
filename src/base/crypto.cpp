#include "base/crypto.hpp"

#include <sodium.h>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace pinfold {
namespace {

void start_library() {
  static const int started = sodium_init();
  PINFOLD_ASSERT(started >= 0);
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

Sha256 sha256(std::span<const std::uint8_t> bytes) {
  start_library();
  Sha256 digest{};
  crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
  return digest;
}

Sha256 sha256(std::string_view text) { return sha256(std::span{bytes_of(text), text.size()}); }

std::string sha256_hex(std::string_view text) { return to_hex(sha256(text)); }

Sha256 hmac_sha256(std::string_view key, std::string_view text) {
  start_library();
  Sha256 tag{};
  crypto_auth_hmacsha256_state state{};
  crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
  crypto_auth_hmacsha256_update(&state, bytes_of(text), text.size());
  crypto_auth_hmacsha256_final(&state, tag.data());
  return tag;
}

bool equal_secrets(std::string_view a, std::string_view b) {
  start_library();
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void random_bytes(std::span<std::uint8_t> out) {
  start_library();
  randombytes_buf(out.data(), out.size());
}

std::string random_token(unsigned bits) {
  PINFOLD_ASSERT(bits % 5 == 0 && bits <= 320);
  constexpr std::string_view kAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
  static_assert(kAlphabet.size() == 32);
  std::array<std::uint8_t, 64> random{};
  const auto needed = std::span(random).first(bits / 5);
  random_bytes(needed);
  std::string token;
  for (const std::uint8_t byte : needed) {
    token += kAlphabet[byte & 31U];
  }
  return token;
}

SigningKey make_signing_key() {
  start_library();
  SigningKey key;
  crypto_sign_keypair(key.public_key.data(), key.secret_key.data());
  return key;
}

Signature sign(const SigningKey& key, std::string_view text) {
  start_library();
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, bytes_of(text), text.size(), key.secret_key.data());
  return signature;
}

bool verify(std::span<const std::uint8_t, 32> public_key, std::string_view text, std::span<const std::uint8_t> signature) {
  start_library();
  return signature.size() == crypto_sign_BYTES && crypto_sign_verify_detached(signature.data(), bytes_of(text), text.size(), public_key.data()) == 0;
}

}  // namespace pinfold
