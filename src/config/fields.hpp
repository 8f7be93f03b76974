/// The syntax of single values in pinfold.toml. Each returns nullopt for what it refuses; the caller says where it stood.
/// Used by: the sections' readers only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/config.hpp"

namespace pinfold::config {

/// RFC 1035 section 2.3.1: one label or several, in lower case.
[[nodiscard]] std::optional<std::string> parse_labels(std::string_view text);
/// The same with at least one dot.
[[nodiscard]] std::optional<std::string> parse_domain(std::string_view text);
/// The part in front of the @, at most 32 characters. No '+': what follows it in our addresses is the case's token.
[[nodiscard]] std::optional<std::string> parse_local_part(std::string_view text);
/// http or https, without a slash at its end.
[[nodiscard]] std::optional<std::string> parse_public_url(std::string_view text);
/// https anywhere, http on this machine only; fewer than 2,000 characters.
[[nodiscard]] std::optional<std::string> parse_webhook_url(std::string_view text);
/// "1.3.6.1.4.1.9.2.1.54.0=1", a dot in front allowed: 2 to 128 parts of 32 bits (RFC 3416 section 4.1), a value below 2^31.
[[nodiscard]] std::optional<SnmpObject> parse_snmp_object(std::string_view text);

}  // namespace pinfold::config
