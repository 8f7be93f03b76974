/// Where the parts of an installation are: files below the state folder, the programs beside this one, the templates.
#pragma once

#include <filesystem>
#include <vector>

#include "config/config.hpp"

namespace pinfold::engine {

[[nodiscard]] std::filesystem::path database_file(const config::Config& config);    ///< state_dir/pinfold.sqlite, where no other store is named
[[nodiscard]] std::filesystem::path history_file(const config::Config& config);     ///< state_dir/history.sqlite
[[nodiscard]] std::filesystem::path evidence_folder(const config::Config& config);  ///< state_dir/evidence
/// pinfold-reader, beside the running program.
[[nodiscard]] std::filesystem::path reader_program();
/// Mail templates: those of the checkout, if the program runs out of it; else the installed ones.
[[nodiscard]] std::filesystem::path templates_folder();
/// Parser definitions of reports: those that come with the program, then the operator's own (/etc/pinfold/reports), if there are any.
[[nodiscard]] std::vector<std::filesystem::path> definition_folders();

}  // namespace pinfold::engine
