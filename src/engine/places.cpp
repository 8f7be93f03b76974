#include "engine/places.hpp"

namespace pinfold::engine {

std::filesystem::path database_file(const config::Config& config) { return config.state_dir / "pinfold.sqlite"; }

std::filesystem::path history_file(const config::Config& config) { return config.state_dir / "history.sqlite"; }

std::filesystem::path evidence_folder(const config::Config& config) { return config.state_dir / "evidence"; }

std::filesystem::path reader_program() { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "pinfold-reader"; }

std::filesystem::path agent_program() { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "pinfold-agent"; }

std::filesystem::path templates_folder() {
  const std::filesystem::path built_in = PINFOLD_SOURCE_DIR "/templates";
  return std::filesystem::exists(built_in) ? built_in : "/usr/share/pinfold/templates";
}

std::vector<std::filesystem::path> definition_folders() {
  const std::filesystem::path built_in = PINFOLD_SOURCE_DIR "/rules/reports";
  std::vector<std::filesystem::path> folders = {std::filesystem::exists(built_in) ? built_in : "/usr/share/pinfold/rules/reports"};
  if (const std::filesystem::path own = "/etc/pinfold/reports"; std::filesystem::is_directory(own)) {
    folders.push_back(own);
  }
  return folders;
}

}  // namespace pinfold::engine
