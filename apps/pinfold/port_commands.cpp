// pinfold port status|disable|enable SERVER, pinfold switch arm|disarm NAME, pinfold stop|resume
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "desk/words.hpp"
#include "engine/ports/drivers.hpp"
#include "guard/guard.hpp"
#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

/// The action that the case is about to take, or took last: G6 and G7 are about it.
std::optional<std::pair<CaseId, ActionId>> action_of(Context& context, const std::string& case_text, desk::PortWish wish) {
  if (case_text.empty()) {
    return std::nullopt;
  }
  const CaseId id = parse_case_id(case_text);
  const auto c = context.desk().find(id);
  if (!c) {
    throw Stop(Exit::No, "there is no case " + to_string(id));
  }
  for (auto action = c->actions.rbegin(); action != c->actions.rend(); ++action) {
    if (action->wish == wish) {
      return std::pair(id, action->id);
    }
  }
  return std::nullopt;
}

nlohmann::json print_verdicts(const Output& out, const std::vector<desk::GuardVerdict>& all) {
  nlohmann::json verdicts = nlohmann::json::array();
  for (const desk::GuardVerdict& verdict : all) {
    verdicts.push_back({{"rule", verdict.rule}, {"outcome", desk::to_string(verdict.outcome)}, {"values", verdict.values}, {"why", verdict.why}});
    const bool lifted = verdict.outcome == desk::GuardOutcome::Pass && verdict.why.starts_with("accepted by");
    const bool speaks = verdict.outcome != desk::GuardOutcome::Pass || lifted;
    out.say(fmt::format("{:<6}  {:<16}  {}", desk::to_string(verdict.outcome), verdict.rule, speaks ? verdict.why : verdict.values));
    if (speaks && verdict.values != "no action of a case") {
      out.say(fmt::format("{:26}read: {}", "", verdict.values));
    }
  }
  return verdicts;
}

std::string_view outcome_words(desk::GuardOutcome outcome) {
  switch (outcome) {
    case desk::GuardOutcome::Pass: return "all guards pass; this would be written";
    case desk::GuardOutcome::Hold: return "held for a person; nothing would be written now. If it passed, this would be";
    default: return "refused; nothing would be written. If it passed, this would be";
  }
}

void print_dry_run(Context& context, const std::string& server, const std::string& case_text, desk::PortWish wish) {
  const auto executor = engine::make_executor(context.config(), context.store(), context.clock());
  const enforce::DryRun dry = executor->dry_run(ServerId{server}, wish, *context.desk().inventory(), action_of(context, case_text, wish));
  const Output out = context.output();
  const nlohmann::json verdicts = print_verdicts(out, dry.verdicts);
  const desk::GuardOutcome outcome = guard::outcome_of(dry.verdicts);
  out.say(dry.error.empty() ? fmt::format("{}:\n  {}", outcome_words(outcome), dry.write) : "could not be read: " + dry.error);
  out.line({{"server", server},
            {"wish", wish == desk::PortWish::Down ? "down" : "up"},
            {"outcome", desk::to_string(outcome)},
            {"verdicts", verdicts},
            {"write", dry.write},
            {"error", dry.error}});
  if (!dry.error.empty()) {
    throw Stop(Exit::Environment, "");
  }
}

std::string saving_text(records::Saving saving) {
  switch (saving) {
    case records::Saving::None: return "";
    case records::Saving::Due: return "; not saved yet";
    case records::Saving::Saved: return "; saved";
    case records::Saving::NotSaved: return "; SAVING FAILED: a restart of the switch would undo it";
  }
  return "";
}

void print_status(Context& context, const std::string& name) {
  const auto inventory = context.desk().inventory();
  const inventory::Server* server = inventory->find(ServerId{name});
  if (server == nullptr) {
    throw Stop(Exit::No, "there is no server " + name);
  }
  const Output out = context.output();
  const std::string record = server->port ? fmt::format("{} {}", server->port->switch_id.value, server->port->name.value) : "no port on record";
  std::optional<records::JournalRow> last;
  if (server->port) {
    context.store().read([&](records::Transaction& tx) { last = tx.journal().last_on(server->port->switch_id, server->port->name); });
  }
  const std::string truth = engine::read_port(context.config(), *server, context.clock());
  const std::string journal = last ? fmt::format("{} {} for {}, {}", last->wish == desk::PortWish::Down ? "down" : "up", to_string(last->changed),
                                                 to_string(last->case_id), last->note) +
                                         saving_text(last->saving)
                                   : "never written by Pinfold";
  out.table({"SERVER", "RECORD", "SWITCH SAYS", "JOURNAL"}, {{name, record, truth, journal}});
  nlohmann::json verdicts = nlohmann::json::array();
  if (server->port) {
    const auto executor = engine::make_executor(context.config(), context.store(), context.clock());
    verdicts = print_verdicts(out, executor->dry_run(server->id, desk::PortWish::Down, *inventory).verdicts);
  }
  out.line({{"server", name}, {"record", record}, {"truth", truth}, {"journal", journal}, {"verdicts", verdicts}});
}

struct Arguments {
  std::string name;
  std::string case_id;
  bool dry_run = false;
};

/// By hand, a port is only ever written through its case: so that there is a notice, a reason and a way back.
void change_port(Context& context, const Arguments& arguments, desk::PortWish wish) {
  if (arguments.dry_run) {
    print_dry_run(context, arguments.name, arguments.case_id, wish);
    return;
  }
  throw Stop(Exit::WrongUse,
             wish == desk::PortWish::Down
                 ? "a port is shut through its case: `pinfold case approve PF-… --by … --reason …`; --dry-run shows the guards and the write"
                 : "a port is opened by the talk about it: `pinfold case discuss PF-… --by …`; --dry-run shows the guards and the write");
}

void set_setting(Context& context, const std::string& name, const std::string& value, const std::string& said) {
  context.store().transact([&](records::Transaction& tx) { tx.settings().set(name, value); });
  context.output().line({{name, value}});
  context.output().say(said);
}

void arm(Context& context, const std::string& name, bool armed) {
  const auto& switches = context.config().switches;
  if (std::none_of(switches.begin(), switches.end(), [&](const config::Switch& s) { return s.id.value == name; })) {
    throw Stop(Exit::No, fmt::format("there is no switch {} in the configuration", name));
  }
  context.store().transact([&](records::Transaction& tx) { enforce::arm_switch(tx, SwitchId{name}, armed, context.clock().wall()); });
  context.output().line({{"switch", name}, {"armed", armed}});
  context.output().say(armed ? name + " is armed: Pinfold may write to it" : name + " is disarmed: Pinfold only shows what it would write");
}

}  // namespace

void add_port_commands(CLI::App& app, Context& context) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* port = app.add_subcommand("port", "a server's Ethernet port")->require_subcommand(1);
  add_command(*port, "status", "the record, what the switch says, and what Pinfold last wrote", [&context, a] { print_status(context, a->name); })
      ->add_option("server", a->name, "the server")
      ->required();
  for (const desk::PortWish wish : {desk::PortWish::Down, desk::PortWish::Up}) {
    CLI::App* command =
        add_command(*port, wish == desk::PortWish::Down ? "disable" : "enable", "with --dry-run: every guard's verdict and the exact write",
                    [&context, a, wish] { change_port(context, *a, wish); });
    command->add_option("server", a->name, "the server")->required();
    command->add_option("--case", a->case_id, "its case");
    command->add_flag("--dry-run", a->dry_run, "change nothing");
  }
  CLI::App* group = app.add_subcommand("switch", "which switches may be written to")->require_subcommand(1);
  for (const bool armed : {true, false}) {
    add_command(*group, armed ? "arm" : "disarm", armed ? "let Pinfold write to a switch" : "show only what would be written",
                [&context, a, armed] { arm(context, a->name, armed); })
        ->add_option("switch", a->name, "its name in pinfold.toml")
        ->required();
  }
  add_command(app, "stop", "the kill switch: no port is shut any more; opening stays possible", [&context] {
    set_setting(context, std::string(enforce::kStopSetting), "yes", "stopped: no port will be shut until `pinfold resume`");
  });
  add_command(app, "resume", "lift the kill switch", [&context] {
    const std::filesystem::path file = context.config().kill_switch;
    std::error_code error;
    const bool stays = !file.empty() && (std::filesystem::exists(file, error) || error);
    set_setting(context, std::string(enforce::kStopSetting), "no",
                stays ? fmt::format("resumed here, but {} is there as well: no port will be shut until that file is removed", file.string())
                      : "resumed: ports may be shut again, as policy and guards allow");
  });
}

}  // namespace pinfold::app
