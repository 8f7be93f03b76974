#include "http/session/totp.hpp"

#include <fmt/format.h>
#include <liboath/oath.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "base/assert.hpp"
#include "base/crypto.hpp"

namespace pinfold::http {
namespace {

constexpr unsigned kDigits = 6;
constexpr std::size_t kSecretBytes = 20;

struct Free {
  void operator()(char* p) const { std::free(p); }  // NOLINT(cppcoreguidelines-no-malloc): liboath's own allocation
};
using Text = std::unique_ptr<char, Free>;

/// RFC 3986: what is not unreserved is escaped.
std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

std::string make_totp_secret() {
  std::array<std::uint8_t, kSecretBytes> raw{};
  random_bytes(raw);
  char* out = nullptr;
  std::size_t length = 0;
  PINFOLD_ASSERT(oath_base32_encode(reinterpret_cast<const char*>(raw.data()), raw.size(), &out, &length) == OATH_OK);
  const Text owned(out);
  return {out, length};
}

std::string totp_uri(std::string_view issuer, std::string_view login, std::string_view secret) {
  return fmt::format("otpauth://totp/{0}:{1}?secret={2}&issuer={0}", escape(issuer), escape(login), secret);
}

std::string totp_code(std::string_view secret, std::int64_t step) {
  char* raw = nullptr;
  std::size_t length = 0;
  const std::string text(secret);
  if (oath_base32_decode(text.c_str(), text.size(), &raw, &length) != OATH_OK) {
    return {};
  }
  const Text owned(raw);
  std::array<char, kDigits + 1> code{};
  const int done = oath_hotp_generate(raw, length, static_cast<std::uint64_t>(step), kDigits, false, OATH_HOTP_DYNAMIC_TRUNCATION, code.data());
  return done == OATH_OK ? std::string(code.data()) : std::string{};
}

std::optional<std::int64_t> check_totp(std::string_view secret, std::string_view code, WallTime now, std::int64_t last_step) {
  const std::int64_t current = std::chrono::floor<Seconds>(now.since_epoch).count() / kTotpStep;
  for (const std::int64_t step : {current, current - 1, current + 1}) {
    const std::string expected = totp_code(secret, step);
    if (step > last_step && !expected.empty() && equal_secrets(expected, code)) {
      return step;
    }
  }
  return std::nullopt;
}

}  // namespace pinfold::http
