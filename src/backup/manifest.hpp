/// manifest.json of a backup. Private to this folder. Errors: BackupError, without the file's name.
#pragma once

#include <string>
#include <string_view>

#include "backup/backup.hpp"

namespace pinfold::backup {

[[nodiscard]] std::string to_json(const Manifest& manifest);
[[nodiscard]] Manifest parse_manifest(std::string_view json);

}  // namespace pinfold::backup
