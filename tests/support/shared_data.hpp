/// Other people's test data, which lies beside the checkout and is not part of the project: `shared/data` in one of the folders above it.
#pragma once

#include <filesystem>
#include <string_view>

namespace pinfold::test {

/// The folder of that name below it; a path that does not exist where the data is absent, so that the test can say so and skip.
inline std::filesystem::path shared_data(std::string_view folder) {
  const std::filesystem::path checkout = PINFOLD_SOURCE_DIR;
  for (std::filesystem::path above = checkout.parent_path(); above != above.parent_path(); above = above.parent_path()) {
    if (std::filesystem::path data = above / "shared/data" / folder; std::filesystem::exists(data)) {
      return data;
    }
  }
  return checkout / "../shared/data" / folder;
}

}  // namespace pinfold::test
