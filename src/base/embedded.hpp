/// A file that was compiled into the program (cmake/embed.cmake): pages, styles, migrations.
/// Each set has one function, `const std::vector<EmbeddedFile>& NAME_files();`, which its user declares; sorted by name.
#pragma once

#include <string_view>
#include <vector>

namespace pinfold {

struct EmbeddedFile {
  std::string_view name;  ///< without folders
  std::string_view text;
};

}  // namespace pinfold
