#include "agent/identity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "agent/sensor/proc_reader.hpp"
#include "agent/spool.hpp"
#include "base/json_reader.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr std::size_t kMaxFile = 4096;

std::string errno_text() { return std::generic_category().message(errno); }

}  // namespace

Expected<DeskUrl, std::string> parse_desk_url(std::string_view text) {
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kSecure = "https://";
  DeskUrl url;
  url.is_https = text.starts_with(kSecure);
  if (!url.is_https && !text.starts_with(kPlain)) {
    return Unexpected(fmt::format("'{}' is no desk address; it looks like https://192.0.2.1:8443", printable(text)));
  }
  text.remove_prefix(url.is_https ? kSecure.size() : kPlain.size());
  url.port = url.is_https ? 443 : 80;
  if (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  std::string_view host = text;
  std::string_view port;
  const bool bracketed = text.starts_with('[');
  const std::size_t colon = bracketed ? text.find("]:") : text.find(':');
  if (colon != std::string_view::npos) {
    host = text.substr(0, bracketed ? colon + 1 : colon);
    port = text.substr(bracketed ? colon + 2 : colon + 1);
  }
  if (bracketed && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = net::IpAddress::parse(host);
  if (!address || address->is_v4() == bracketed) {
    return Unexpected(fmt::format("'{}' is not a numeric address; names are not resolved, IPv6 stands in brackets", printable(host)));
  }
  url.address = *address;
  if (colon != std::string_view::npos) {
    const auto number = parse_number(port);
    if (!number || *number == 0 || *number > 65535) {
      return Unexpected(fmt::format("'{}' is not a port", printable(port)));
    }
    url.port = static_cast<std::uint16_t>(*number);
  }
  return url;
}

std::string to_string(const DeskUrl& url) {
  const std::string address = net::to_string(url.address);
  const std::string_view scheme = url.is_https ? "https" : "http";
  return url.address.is_v4() ? fmt::format("{}://{}:{}", scheme, address, url.port) : fmt::format("{}://[{}]:{}", scheme, address, url.port);
}

std::string check_trust(const DeskUrl& url, DeskTrust& trust) {
  if (!url.is_https) {
    return trust.pin.empty() && trust.ca_file.empty() ? "" : "a pin or an authority says whom to believe over https; the URL says http";
  }
  if (trust.pin.empty() == trust.ca_file.empty()) {
    return "https needs one of: --pin SHA256 of the desk's public key (`pinfold agent token` prints it), --ca-file FILE with your authority";
  }
  std::string pin = to_lower(trust.pin);
  pin = pin.starts_with("sha256:") ? pin.substr(7) : pin;
  std::erase(pin, ':');
  if (!trust.pin.empty() && (pin.size() != 64 || !from_hex(pin))) {
    return fmt::format("'{}' is no SHA-256: 64 hexadecimal digits", printable(trust.pin, 100));
  }
  trust.pin = pin;
  return {};
}

Expected<SigningKey, std::string> load_or_make_key(const std::filesystem::path& state) {
  std::error_code error;
  std::filesystem::create_directories(state, error);
  if (error) {
    return Unexpected(fmt::format("{}: {}", state.string(), error.message()));
  }
  const std::filesystem::path path = state / "key";
  SigningKey key;
  const auto text = read_start(path.string(), kMaxFile);
  if (!text) {
    if (std::filesystem::exists(path, error)) {
      return Unexpected(fmt::format("{}: not readable", path.string()));
    }
    key = make_signing_key();
    if (!write_durably(path, to_hex(key.secret_key) + "\n", 0600)) {
      return Unexpected(fmt::format("{}: {}", path.string(), errno_text()));
    }
    return key;
  }
  const auto bytes = from_hex(trim(text->bytes));
  if (!bytes || bytes->size() != key.secret_key.size()) {
    return Unexpected(fmt::format("{}: not a key; remove it and enrol again", path.string()));
  }
  std::copy(bytes->begin(), bytes->end(), key.secret_key.begin());
  std::copy(bytes->begin() + 32, bytes->end(), key.public_key.begin());
  return key;
}

Expected<Enrolled, std::string> load_enrolled(const std::filesystem::path& state) {
  const std::filesystem::path path = state / "desk.json";
  const auto text = read_start(path.string(), kMaxFile);
  if (!text) {
    return Unexpected(fmt::format("{}: not there; enrol first: pinfold-agent enroll URL TOKEN --state {}", path.string(), state.string()));
  }
  const auto json = parse_json(text->bytes, kMaxFile);
  if (!json) {
    return Unexpected(fmt::format("{}: {}", path.string(), json.error()));
  }
  JsonReader reader(*json);
  Enrolled enrolled;
  enrolled.server = ServerId{reader.text("server")};
  enrolled.trust.pin = reader.has("pin") ? reader.text("pin") : "";
  enrolled.trust.ca_file = reader.has("ca_file") ? reader.text("ca_file") : "";
  const auto url = parse_desk_url(reader.text("url"));
  if (reader.error()) {
    return Unexpected(fmt::format("{}: {}", path.string(), *reader.error()));
  }
  if (!url) {
    return Unexpected(fmt::format("{}: url: {}", path.string(), url.error()));
  }
  enrolled.desk = *url;
  if (const std::string why = check_trust(enrolled.desk, enrolled.trust); !why.empty()) {
    return Unexpected(fmt::format("{}: {}", path.string(), why));
  }
  return enrolled;
}

Expected<void, std::string> save_enrolled(const std::filesystem::path& state, const Enrolled& enrolled) {
  nlohmann::json json{{"url", to_string(enrolled.desk)}, {"server", enrolled.server.value}};
  if (!enrolled.trust.pin.empty()) {
    json["pin"] = enrolled.trust.pin;
  }
  if (!enrolled.trust.ca_file.empty()) {
    json["ca_file"] = enrolled.trust.ca_file;
  }
  if (!write_durably(state / "desk.json", json.dump(2) + "\n", 0600)) {
    return Unexpected(fmt::format("{}: {}", (state / "desk.json").string(), errno_text()));
  }
  return {};
}

}  // namespace pinfold::agent
