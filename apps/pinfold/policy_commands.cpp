// pinfold policy check FILE
#include <fmt/format.h>

#include "config/threshold_keys.hpp"
#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

/// What the file decides, with the reason for every detection threshold; 1 and the line that is wrong when it does not load.
void check(const Output& output, const std::string& file) {
  const auto policy = config::load_policy(file);
  if (!policy) {
    throw Stop(Exit::No, config::to_string(policy.error()));
  }
  std::vector<std::vector<std::string>> rows;
  for (const config::Explanation& e : config::explain(policy->thresholds)) {
    output.line({{"key", e.key}, {"value", e.value}, {"default", e.standard}, {"unit", e.unit}, {"reason", e.reason}});
    const std::string changed = e.value == e.standard ? "" : fmt::format(" (default {})", e.standard);
    rows.push_back({e.key, fmt::format("{}{}", e.value, changed), e.unit, e.reason});
  }
  output.table({"KEY", "VALUE", "UNIT", "WHY THE DEFAULT"}, rows);
  for (const inventory::DeclaredRole& role : policy->thresholds.roles) {
    output.line({{"server", role.server.value}, {"role", to_string(role.role)}, {"reason", role.reason}, {"until", to_string(role.until)}});
    output.say(fmt::format("{} is declared {} until {}: {}", role.server.value, to_string(role.role), to_people(role.until), role.reason));
  }
}

}  // namespace

void add_policy_commands(CLI::App& app, Context& context) {
  const auto file = std::make_shared<std::string>();
  CLI::App* policy = app.add_subcommand("policy", "how the desk decides")->require_subcommand(1);
  add_command(*policy, "check", "reads a policy file and explains its thresholds", [&context, file] { check(context.output(), *file); })
      ->add_option("file", *file, "policy.toml")
      ->required();
}

}  // namespace pinfold::app
