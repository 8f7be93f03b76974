/// A folder of its own for one test, gone with it.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace pinfold::config {

class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pinfold-config-XXXXXX").string();
    x_path = ::mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(x_path, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return x_path; }

  std::filesystem::path write(const std::string& name, std::string_view text, mode_t mode = S_IRUSR | S_IWUSR) const {
    const std::filesystem::path file = x_path / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    EXPECT_EQ(::chmod(file.c_str(), mode), 0);
    return file;
  }

private:
  std::filesystem::path x_path;
};

}  // namespace pinfold::config
