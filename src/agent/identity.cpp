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
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with("https://")) {
    return Unexpected(std::string("https is not in this version yet: give an http:// address on a management network"));
  }
  if (!text.starts_with(kScheme)) {
    return Unexpected(fmt::format("'{}' is no desk address; it looks like http://192.0.2.1:8080", printable(text)));
  }
  text.remove_prefix(kScheme.size());
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
  DeskUrl url;
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
  return url.address.is_v4() ? fmt::format("http://{}:{}", address, url.port) : fmt::format("http://[{}]:{}", address, url.port);
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
  const auto url = parse_desk_url(reader.text("url"));
  if (reader.error()) {
    return Unexpected(fmt::format("{}: {}", path.string(), *reader.error()));
  }
  if (!url) {
    return Unexpected(fmt::format("{}: url: {}", path.string(), url.error()));
  }
  enrolled.desk = *url;
  return enrolled;
}

Expected<void, std::string> save_enrolled(const std::filesystem::path& state, const Enrolled& enrolled) {
  const nlohmann::json json{{"url", to_string(enrolled.desk)}, {"server", enrolled.server.value}};
  if (!write_durably(state / "desk.json", json.dump(2) + "\n", 0600)) {
    return Unexpected(fmt::format("{}: {}", (state / "desk.json").string(), errno_text()));
  }
  return {};
}

}  // namespace pinfold::agent
