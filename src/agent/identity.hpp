/// Who this agent is: its key, and the desk it is enrolled at. Both live in the state folder, readable by root alone.
/// Layout:  DIR/key (hex of the 64-byte Ed25519 secret key; its second half is the public key), DIR/desk.json.
/// Errors:  words for the operator, with the file.
#pragma once

#include <filesystem>
#include <string>

#include "agent/finding.hpp"
#include "base/crypto.hpp"
#include "base/expected.hpp"
#include "net/ip_address.hpp"

namespace pinfold::agent {

/// "https://192.0.2.1:8443": numeric addresses only, so that the agent needs no resolver (and a customer's cannot mislead it).
struct DeskUrl {
  net::IpAddress address;
  std::uint16_t port = 80;  ///< 443 if the text of an https URL names none
  bool is_https = false;
};
[[nodiscard]] Expected<DeskUrl, std::string> parse_desk_url(std::string_view text);
[[nodiscard]] std::string to_string(const DeskUrl& url);

/// Whom to believe over HTTPS: a public key, or whoever an authority vouches for under the desk's address. One of the two.
struct DeskTrust {
  std::string pin;      ///< SHA-256 of the desk's public key (SubjectPublicKeyInfo), 64 lower-case hex digits
  std::string ca_file;  ///< PEM
};
/// Why the two do not go together, or with the URL; empty: they do. Takes a pin in any case, with or without "sha256:" and colons, and normalises it.
[[nodiscard]] std::string check_trust(const DeskUrl& url, DeskTrust& trust);

struct Enrolled {
  DeskUrl desk;
  ServerId server;
  DeskTrust trust{};
};

[[nodiscard]] Expected<SigningKey, std::string> load_or_make_key(const std::filesystem::path& state);
[[nodiscard]] Expected<Enrolled, std::string> load_enrolled(const std::filesystem::path& state);
[[nodiscard]] Expected<void, std::string> save_enrolled(const std::filesystem::path& state, const Enrolled& enrolled);

}  // namespace pinfold::agent
