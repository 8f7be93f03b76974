#include "base/password.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace pinfold {

std::string hash_password(std::string_view password) {
  PINFOLD_ASSERT(sodium_init() >= 0);
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  PINFOLD_ASSERT(
      crypto_pwhash_str(hash.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0);
  return {hash.data()};
}

bool verify_password(std::string_view hash, std::string_view password) {
  PINFOLD_ASSERT(sodium_init() >= 0);
  const std::string text(hash);
  return text.size() < crypto_pwhash_STRBYTES && crypto_pwhash_str_verify(text.c_str(), password.data(), password.size()) == 0;
}

std::optional<std::string> why_not_password(std::string_view password, std::string_view login) {
  if (password.size() < kLeastPassword) {
    return "at least " + std::to_string(kLeastPassword) + " characters";
  }
  if (password.size() > kMostPassword) {
    return "at most " + std::to_string(kMostPassword) + " characters";
  }
  if (std::all_of(password.begin(), password.end(), [&](char c) { return c == password.front(); })) {
    return "more than one character repeated";
  }
  if (iequals(password, login)) {
    return "not the login itself";
  }
  return std::nullopt;
}

std::string to_base64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  std::vector<std::uint8_t> raw(bytes.begin(), bytes.end());
  sodium_bin2base64(text.data(), text.size(), raw.data(), raw.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the terminating zero
  return text;
}

}  // namespace pinfold
