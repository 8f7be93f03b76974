/// Passwords, and base 64 where other programs' formats want it. Over libsodium, like base/crypto.hpp.
/// Cost:    hash and verify take about 0.1 s and 64 MiB on purpose (Argon2id, libsodium's "interactive" limits): never on a thread that others wait
/// for. Errors:  a hash that is none verifies nothing. Source: RFC 9106; NIST SP 800-63B section 5.1.1.2 for what is asked of a password.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pinfold {

inline constexpr std::size_t kLeastPassword = 12;
inline constexpr std::size_t kMostPassword = 1024;

[[nodiscard]] std::string hash_password(std::string_view password);
[[nodiscard]] bool verify_password(std::string_view hash, std::string_view password);
/// Why it is not taken: too short, too long, one letter repeated, or the login itself. nullopt: it is.
[[nodiscard]] std::optional<std::string> why_not_password(std::string_view password, std::string_view login);

[[nodiscard]] std::string to_base64(std::string_view bytes);  ///< RFC 4648 section 4, with padding

}  // namespace pinfold
