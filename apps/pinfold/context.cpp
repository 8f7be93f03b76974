#include "pinfold/context.hpp"

#include "base/text.hpp"
#include "base/text_file.hpp"
#include "engine/open_store.hpp"

namespace pinfold::app {

const config::Config& Context::config() {
  if (!x_config) {
    auto loaded = config::load(x_options.config);
    if (!loaded) {
      throw Stop(Exit::WrongUse, config::to_string(loaded.error()));
    }
    x_config = *std::move(loaded);
  }
  return *x_config;
}

records::Store& Context::store() {
  if (!x_store) {
    x_store = engine::open_store(config(), &x_clock);
  }
  return *x_store;
}

engine::DeskService& Context::desk() {
  if (!x_desk) {
    x_desk = std::make_unique<engine::DeskService>(store(), config().policy, clock(), [] {});
  }
  return *x_desk;
}

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& help, std::function<void()> run) {
  CLI::App* command = parent.add_subcommand(name, help);
  command->callback(std::move(run));
  return command;
}

CaseId parse_case_id(const std::string& text) {
  const std::string_view digits = istarts_with(text, "PF-") ? std::string_view{text}.substr(3) : std::string_view{text};
  const auto number = parse_number(digits);
  if (!number || *number == 0 || *number > INT64_MAX) {
    throw Stop(Exit::WrongUse, "'" + printable(text, 40) + "' is no case; cases look like PF-42");
  }
  return CaseId{static_cast<std::int64_t>(*number)};
}

std::string text_of(const std::filesystem::path& file, std::size_t most) {
  auto text = read_text_file(file, most);
  if (!text) {
    throw Stop(Exit::Environment, file.string() + " " + text.error());
  }
  return *std::move(text);
}

}  // namespace pinfold::app
