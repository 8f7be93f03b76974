/// One-time codes by time: six digits, 30 s, HMAC-SHA-1, as every authenticator application makes them.
/// Bounds:  a code of the step before or after is taken too (clocks differ); each step only once (`last_step`).
/// Clock:   given. Threads: any. Source: RFC 6238, RFC 4226; liboath computes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace pinfold::http {

inline constexpr std::int64_t kTotpStep = 30;

[[nodiscard]] std::string make_totp_secret();  ///< 160 random bits in base 32
/// "otpauth://totp/Example:anna?secret=…&issuer=Example", for a QR code.
[[nodiscard]] std::string totp_uri(std::string_view issuer, std::string_view login, std::string_view secret);
/// The step that the code is of, if it is a right one of a step later than `last_step`.
[[nodiscard]] std::optional<std::int64_t> check_totp(std::string_view secret, std::string_view code, WallTime now, std::int64_t last_step);
[[nodiscard]] std::string totp_code(std::string_view secret, std::int64_t step);

}  // namespace pinfold::http
