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

/// "http://192.0.2.1:8080": numeric addresses only, so that the agent needs no resolver (and a customer's cannot mislead it).
struct DeskUrl {
  net::IpAddress address;
  std::uint16_t port = 80;
};
[[nodiscard]] Expected<DeskUrl, std::string> parse_desk_url(std::string_view text);
[[nodiscard]] std::string to_string(const DeskUrl& url);

struct Enrolled {
  DeskUrl desk;
  ServerId server;
};

[[nodiscard]] Expected<SigningKey, std::string> load_or_make_key(const std::filesystem::path& state);
[[nodiscard]] Expected<Enrolled, std::string> load_enrolled(const std::filesystem::path& state);
[[nodiscard]] Expected<void, std::string> save_enrolled(const std::filesystem::path& state, const Enrolled& enrolled);

}  // namespace pinfold::agent
