#include "config/reading.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/text_file.hpp"

namespace pinfold::config {
namespace {

/// nullopt: no file was named, or a fault says why it cannot be read.
std::optional<std::string> contents(TableReader& table, std::string_view key, const std::filesystem::path& file,
                                    Expected<std::string, std::string> (*read)(const std::filesystem::path&)) {
  if (file.empty()) {
    return std::nullopt;
  }
  auto text = read(file);
  if (!text) {
    table.fail(key, fmt::format("{} {}", file.string(), text.error()));
    return std::nullopt;
  }
  return *std::move(text);
}

}  // namespace

std::filesystem::path Reading::path(TableReader& table, std::string_view key) const {
  std::string name;
  table.text(key, name);
  return name.empty() ? std::filesystem::path{} : resolve(name);
}

std::filesystem::path Reading::file(TableReader& table, std::string_view key) const {
  table.require(key);
  std::filesystem::path file = path(table, key);
  if (!file.empty() && !std::filesystem::is_regular_file(file)) {
    table.fail(key, file.string() + " is not a file");
  }
  return file;
}

std::string Reading::secret(TableReader& table, std::string_view key, std::size_t least) const {
  table.require(key);
  const std::filesystem::path file = path(table, key);
  auto secret = contents(table, key, file, read_secret_file);
  if (secret && secret->size() < least) {
    table.fail(
        key, fmt::format("{} has fewer than {} characters{}", file.string(), least, least == kMinPassPhrase ? ", which SNMPv3 does not allow" : ""));
    return {};
  }
  return std::move(secret).value_or("");
}

std::string Reading::key_file(TableReader& table, std::string_view key) const {
  return contents(table, key, path(table, key), read_key_file).value_or("");
}

void Reading::tls(TableReader& table, std::string& certificate, std::string& key) const {
  certificate = path(table, "tls_certificate").string();
  key = path(table, "tls_key").string();
  if (certificate.empty() != key.empty()) {
    table.fail(key.empty() ? "tls_key" : "tls_certificate", "missing: tls_certificate and tls_key belong together");
  }
}

void Reading::claim(TableReader& table, std::string_view key, Transport transport, const std::optional<Endpoint>& endpoint) {
  if (!endpoint || endpoint->port == 0) {
    return;
  }
  const auto [taken, is_new] = x_claimed.try_emplace({transport, to_string(*endpoint)}, table.full(key));
  if (!is_new && taken->second != table.full(key)) {
    table.fail(key, fmt::format("{} is taken by {}", to_string(*endpoint), taken->second));
  }
}

}  // namespace pinfold::config
