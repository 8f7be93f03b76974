/// What the subcommands share: the options every command has, and the desk they work on, opened when first asked for.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <memory>

#include "base/step_guard.hpp"
#include "config/config.hpp"
#include "engine/desk_service.hpp"
#include "pinfold/output.hpp"
#include "records/store.hpp"

namespace pinfold::app {

class Context {
public:
  /// Filled by the command line before any command runs.
  struct Options {
    std::filesystem::path config = "/etc/pinfold/pinfold.toml";
    bool json = false;
  };

  [[nodiscard]] Options& options() { return x_options; }
  [[nodiscard]] Output output() const { return Output(x_options.json); }
  [[nodiscard]] const StepGuard& clock() const { return x_clock; }
  /// Exit 2 with the line that is wrong, when it does not load.
  [[nodiscard]] const config::Config& config();
  [[nodiscard]] records::Store& store();
  [[nodiscard]] engine::DeskService& desk();

private:
  Options x_options;
  StepGuard x_clock{system_clock()};  // before the store, which asks it
  std::optional<config::Config> x_config;
  std::unique_ptr<records::Store> x_store;
  std::unique_ptr<engine::DeskService> x_desk;
};

/// A subcommand whose work is `run`; the exit status is Done unless it throws Stop.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& help, std::function<void()> run);

// One function a group of commands; each adds its own.
void add_serve_commands(CLI::App& app, Context& context);
void add_case_commands(CLI::App& app, Context& context);
void add_decision_commands(CLI::App& group, Context& context);  ///< below `case`
void add_policy_commands(CLI::App& app, Context& context);
void add_ticket_commands(CLI::App& app, Context& context);
void add_people_commands(CLI::App& app, Context& context);
void add_user_commands(CLI::App& app, Context& context);
void add_port_commands(CLI::App& app, Context& context);
void add_inventory_commands(CLI::App& app, Context& context);
void add_bandwidth_commands(CLI::App& app, Context& context);
void add_flow_commands(CLI::App& app, Context& context);
void add_mail_commands(CLI::App& app, Context& context);
void add_report_commands(CLI::App& app, Context& context);
void add_triage_commands(CLI::App& reports, Context& context);
void add_backup_commands(CLI::App& app, Context& context);
void add_retention_commands(CLI::App& app, Context& context);
void add_size_command(CLI::App& app, Context& context);
void add_manual_commands(CLI::App& app);
void add_demo_command(CLI::App& app, Context& context);

/// The whole file; Stop(Environment) with the reason when it cannot be read or is larger than `most` bytes.
[[nodiscard]] std::string text_of(const std::filesystem::path& file, std::size_t most);

/// Gives a case an input and prints where it stands then; Stop(No) when it is refused.
void apply_to_case(Context& context, CaseId id, const desk::Input& input);
/// That action, or the open one when the number is 0; Stop(No) when there is none.
[[nodiscard]] ActionId open_action_of(Context& context, CaseId id, std::int64_t number);
[[nodiscard]] CaseId parse_case_id(const std::string& text);  ///< "PF-42" or "42"; Stop(WrongUse) otherwise

}  // namespace pinfold::app
