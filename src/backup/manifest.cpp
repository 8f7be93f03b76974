#include "backup/manifest.hpp"

#include <fmt/format.h>

#include "base/json_reader.hpp"

namespace pinfold::backup {
namespace {

constexpr std::uint64_t kFormat = 1;

}  // namespace

std::string to_json(const Manifest& manifest) {
  const nlohmann::json json = {{"format", kFormat},
                               {"version", manifest.version},
                               {"made", to_string(manifest.made)},
                               {"chain_length", manifest.chain_length},
                               {"chain_head", manifest.chain_head},
                               {"evidence", manifest.evidence},
                               {"database_sha256", manifest.database_sha256},
                               {"history_sha256", manifest.history_sha256}};
  return json.dump(2) + "\n";
}

Manifest parse_manifest(std::string_view text) {
  const auto json = parse_json(text, kMaxManifestBytes);
  if (!json) {
    throw BackupError("manifest.json: " + json.error());
  }
  JsonReader reader(*json);
  const std::uint64_t format = reader.number("format");
  Manifest manifest;
  manifest.version = reader.text("version");
  manifest.made = reader.parsed("made", parse_wall_time);
  manifest.chain_length = reader.number("chain_length");
  manifest.chain_head = reader.text("chain_head");
  manifest.evidence = reader.number("evidence");
  manifest.database_sha256 = reader.text("database_sha256");
  manifest.history_sha256 = reader.text("history_sha256");
  if (reader.error()) {
    throw BackupError("manifest.json: " + *reader.error());
  }
  if (format != kFormat) {
    throw BackupError(fmt::format("manifest.json: format {}: this Pinfold reads format {}", format, kFormat));
  }
  return manifest;
}

}  // namespace pinfold::backup
