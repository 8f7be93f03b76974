#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "fetch/fetch.hpp"
#include "net/ip_address.hpp"

namespace pinfold::fetch {

namespace {

constexpr std::size_t kMaxUrl = 2000;

/// "host", "host:8080", "[2001:db8::1]:8080" into host and port.
[[nodiscard]] bool read_authority(std::string_view text, Url& url) {
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos || !net::IpAddress::parse(text.substr(1, end - 1))) {
      return false;
    }
    url.host = std::string(text.substr(1, end - 1));
    port = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    url.host = to_lower(text.substr(0, colon));
    port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
    if (url.host.empty() || url.host.size() > 253 || !std::all_of(url.host.begin(), url.host.end(), is_plain)) {
      return false;
    }
  }
  if (port.empty()) {
    return true;
  }
  const auto number = parse_number(port.substr(1));
  if (port.front() != ':' || !number || *number == 0 || *number > 65'535) {
    return false;
  }
  url.port = static_cast<std::uint16_t>(*number);
  return true;
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  if (text.size() > kMaxUrl ||
      std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~' || c == '"' || c == '<' || c == '>'; })) {
    return std::nullopt;
  }
  Url url;
  if (istarts_with(text, "https://")) {
    url.is_https = true;
    text.remove_prefix(8);
  } else if (istarts_with(text, "http://")) {
    text.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  url.port = url.is_https ? 443 : 80;
  const auto slash = text.find_first_of("/?");
  const std::string_view authority = text.substr(0, slash);
  url.target = slash == std::string_view::npos ? "/" : std::string(text.substr(slash));
  if (url.target.front() == '?') {
    url.target.insert(url.target.begin(), '/');
  }
  if (authority.find('@') != std::string_view::npos || url.target.find('#') != std::string::npos || !read_authority(authority, url)) {
    return std::nullopt;
  }
  return url;
}

std::string to_string(const Url& url) {
  const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  return fmt::format("{}://{}:{}{}", url.is_https ? "https" : "http", host, url.port, url.target);
}

bool is_loopback(const Url& url) {
  const auto address = net::IpAddress::parse(url.host);
  return url.host == "localhost" ||
         (address && (net::Prefix{net::IpAddress::v4(0x7F000000), 8}.contains(*address) || *address == *net::IpAddress::parse("::1")));
}

Headers sign_webhook(std::string_view secret, std::string_view id, WallTime now, std::string_view body) {
  const std::string time = std::to_string(std::chrono::duration_cast<Seconds>(now.since_epoch).count());
  const Sha256 mac = hmac_sha256(secret, fmt::format("{}.{}.{}", id, time, body));
  std::array<unsigned char, 4 * (mac.size() + 2) / 3 + 4> text{};
  const int length = EVP_EncodeBlock(text.data(), mac.data(), static_cast<int>(mac.size()));
  return {
      {"webhook-id", std::string(id)}, {"webhook-timestamp", time}, {"webhook-signature", "v1," + std::string(text.begin(), text.begin() + length)}};
}

}  // namespace pinfold::fetch
