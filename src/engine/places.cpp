#include "engine/places.hpp"

#include <algorithm>

namespace pinfold::engine {
namespace {

/// A program that runs out of its checkout uses the checkout's files; an installed one never does, whatever stands at the path it was built in.
std::filesystem::path shared_folder(const char* name) {
  const std::filesystem::path checkout = PINFOLD_SOURCE_DIR;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
  const bool inside = std::mismatch(checkout.begin(), checkout.end(), program.begin(), program.end()).first == checkout.end();
  return (inside ? checkout : std::filesystem::path("/usr/share/pinfold")) / name;
}

}  // namespace

std::filesystem::path database_file(const config::Config& config) { return config.state_dir / "pinfold.sqlite"; }

std::filesystem::path history_file(const config::Config& config) { return config.state_dir / "history.sqlite"; }

std::filesystem::path evidence_folder(const config::Config& config) { return config.state_dir / "evidence"; }

std::filesystem::path reader_program() { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "pinfold-reader"; }

std::filesystem::path templates_folder() { return shared_folder("templates"); }

std::vector<std::filesystem::path> definition_folders() {
  std::vector<std::filesystem::path> folders = {shared_folder("rules/reports")};
  if (const std::filesystem::path own = "/etc/pinfold/reports"; std::filesystem::is_directory(own)) {
    folders.push_back(own);
  }
  return folders;
}

}  // namespace pinfold::engine
