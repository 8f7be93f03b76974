#include "config/fields.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "net/host_name.hpp"

namespace pinfold::config {
namespace {

constexpr std::size_t kMaxUrl = 2000;
constexpr std::size_t kMaxOidParts = 128;

}  // namespace

std::optional<std::string> parse_labels(std::string_view text) { return net::is_host_name(text) ? std::optional(to_lower(text)) : std::nullopt; }

std::optional<std::string> parse_domain(std::string_view text) {
  return text.find('.') == std::string_view::npos ? std::nullopt : parse_labels(text);
}

std::optional<std::string> parse_local_part(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  const bool good =
      !text.empty() && text.size() <= 32 && text.front() != '.' && text.back() != '.' && std::all_of(text.begin(), text.end(), is_plain);
  return good ? std::optional(std::string(text)) : std::nullopt;
}

std::optional<std::string> parse_public_url(std::string_view text) {
  const bool scheme = text.substr(0, 7) == "http://" || text.substr(0, 8) == "https://";
  const std::string_view rest = text.substr(std::min(text.size(), text.find("//") + 2));
  const bool good =
      scheme && !rest.empty() && rest.back() != '/' && rest.front() != '/' && rest.find_first_of(" ?#\"'<>\\") == std::string_view::npos;
  return good ? std::optional(std::string(text)) : std::nullopt;
}

std::optional<std::string> parse_webhook_url(std::string_view text) {
  const bool is_secure = istarts_with(text, "https://");
  const bool is_here = istarts_with(text, "http://127.") || istarts_with(text, "http://[::1]") || istarts_with(text, "http://localhost:") ||
                       istarts_with(text, "http://localhost/");
  return (is_secure || is_here) && text.size() < kMaxUrl ? std::optional(std::string(text)) : std::nullopt;
}

std::optional<SnmpObject> parse_snmp_object(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view name = text.substr(0, equals);
  const auto value = parse_number(text.substr(equals + 1));
  if (!name.empty() && name.front() == '.') {
    name.remove_prefix(1);
  }
  SnmpObject object;
  for (const std::string_view part : split(name, '.')) {
    const auto number = parse_number(part);
    if (!number || *number > UINT32_MAX || object.name.size() == kMaxOidParts) {
      return std::nullopt;
    }
    object.name.push_back(*number);
  }
  if (!value || *value > INT32_MAX || object.name.size() < 2) {
    return std::nullopt;
  }
  object.value = static_cast<std::int64_t>(*value);
  return object;
}

}  // namespace pinfold::config
