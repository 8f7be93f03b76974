// pinfold manual, pinfold completion bash|zsh|fish
#include <cstdio>

#include "pinfold/context.hpp"
#include "pinfold/manual.hpp"

namespace pinfold::app {
namespace {

void print(const std::string& text) { static_cast<void>(std::fwrite(text.data(), 1, text.size(), stdout)); }

}  // namespace

void add_manual_commands(CLI::App& app) {
  add_command(app, "manual", "this command line as a manual page: pinfold manual | man -l -", [&app] { print(manual_page(app, PINFOLD_VERSION)); });
  CLI::App* group = app.add_subcommand("completion", "completion for a shell: . <(pinfold completion bash)")->require_subcommand(1);
  for (const auto& [name, shell] : {std::pair{"bash", Shell::Bash}, std::pair{"zsh", Shell::Zsh}, std::pair{"fish", Shell::Fish}}) {
    add_command(*group, name, std::string("for ") + name, [&app, shell = shell] { print(completion(app, shell)); });
  }
}

}  // namespace pinfold::app
