/// A folder of the test's own inside the build folder (not in /tmp, which some tests cover with a mount), removed at the end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace pinfold::agent {

class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string name = PINFOLD_BINARY_DIR "/agent-test-XXXXXX";
    x_path = mkdtemp(name.data()) == nullptr ? "" : name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(x_path, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return x_path; }

private:
  std::filesystem::path x_path;
};

}  // namespace pinfold::agent
