#include "agent/mask.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr std::string_view kMasked = "***";
constexpr std::array<std::string_view, 9> kSecretWords{"passw",   "passphrase", "secret",     "token", "apikey",
                                                       "api-key", "api_key",    "credential", "auth"};

bool is_secret_name(std::string_view name) {
  return iequals(name, "pwd") || iequals(name, "--pwd") || iequals(name, "--pass") || iequals(name, "pass") ||
         std::any_of(kSecretWords.begin(), kSecretWords.end(), [&](std::string_view word) { return icontains(name, word); });
}

/// "scheme://user:secret@host" → "scheme://user:***@host".
void mask_url(std::string& argument) {
  const std::size_t scheme = argument.find("://");
  if (scheme == std::string::npos) {
    return;
  }
  const std::size_t authority = scheme + 3;
  const std::size_t end = std::min(argument.find_first_of("/?# ", authority), argument.size());
  const std::size_t at = argument.rfind('@', end);
  const std::size_t colon = argument.find(':', authority);
  if (at != std::string::npos && at > authority && at < end && colon != std::string::npos && colon < at) {
    argument.replace(colon + 1, at - colon - 1, kMasked);
  }
}

/// "name=secret", "Name: secret": what stands behind the sign goes.
void mask_assignment(std::string& argument) {
  const std::size_t sign = argument.find_first_of("=:");
  if (sign == std::string::npos || sign + 1 == argument.size() || argument.compare(sign, 3, "://") == 0) {
    return;
  }
  if (is_secret_name(std::string_view(argument).substr(0, sign))) {
    argument.replace(sign + 1, std::string::npos, kMasked);
  }
}

bool takes_attached_password(std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  return name.starts_with("mysql") || name.starts_with("mariadb");
}

}  // namespace

std::vector<std::string> mask_secrets(std::vector<std::string> arguments) {
  const bool attached = !arguments.empty() && takes_attached_password(arguments.front());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string& argument = arguments[i];
    mask_url(argument);
    if (attached && argument.starts_with("-p") && argument.size() > 2) {
      argument = "-p" + std::string(kMasked);
      continue;
    }
    const bool option_with_next = argument.starts_with("--") && argument.find('=') == std::string::npos && is_secret_name(argument);
    if (option_with_next && i + 1 < arguments.size() && !arguments[i + 1].starts_with("-")) {
      arguments[++i] = kMasked;
      continue;
    }
    mask_assignment(argument);
  }
  return arguments;
}

}  // namespace pinfold::agent
