/// The command line described by itself: a manual page (man(7) macros) and completions for shells, both from the tree of commands, so that they
/// cannot say something else than the program does. Used by: `pinfold manual`, `pinfold completion bash|zsh|fish`, and packaging. Pure; O(commands).
/// Threads: none.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace pinfold::app {

[[nodiscard]] std::string manual_page(const CLI::App& app, const std::string& version);

enum class Shell : std::uint8_t { Bash, Zsh, Fish };
[[nodiscard]] std::string completion(const CLI::App& app, Shell shell);

}  // namespace pinfold::app
