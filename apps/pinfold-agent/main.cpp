// pinfold-agent: the small program on customers' servers. Wiring only: flags, signals, exit status.
// Exit status: 0 done, 1 the answer is no, 2 wrong use, 3 the environment failed.
#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <exception>

#include "agent/agent.hpp"
#include "agent/yara_rules.hpp"
#include "audit_command.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace {

namespace agent = pinfold::agent;

enum Exit : int { Done = 0, No = 1, WrongUse = 2, EnvironmentFailed = 3 };

int fail(Exit status, const std::string& why) {
  fmt::print(stderr, "pinfold-agent: {}\n", why);
  return status;
}

/// Before any thread starts, so that all of them leave these signals to the descriptor.
int stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

std::string own_hostname() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string("unknown");
}

/// What people write behind `run`, before it is a Config.
struct RunArguments {
  agent::Config config;
  std::string state = config.state.string();
  std::string quiet = "60 s";
  std::string log_level = "info";
  std::string deny = "off";
  std::string allow_list = config.allow_list.string();
  std::vector<std::filesystem::path> rules;
  bool polls = false;  ///< neither BPF nor the process connector
  const CLI::Option* watch = nullptr;
};

const CLI::App* add_run(CLI::App& app, RunArguments& a) {
  CLI::App* command = app.add_subcommand("run", "watch until SIGTERM");
  command->add_option("--state", a.state, "folder for the key, the spool and the status")->capture_default_str();
  a.watch = command->add_option("--watch", a.config.watched, "directories from which nothing should be run")->capture_default_str();
  command->add_option("--quiet", a.quiet, "runs of the same script within this of one another are one finding")->capture_default_str();
  command->add_option("--deny", a.deny, "who may not run anything out of the watched directories: off, services (users below 1000), everyone")
      ->check(CLI::IsMember({"off", "services", "everyone"}))
      ->capture_default_str();
  command->add_option("--allow-list", a.allow_list, "SHA-256 hashes of files that are known and harmless, one a line")->capture_default_str();
  command->add_option("--rules", a.rules, "folders of YARA rules of your own (*.yar, *.yara), asked about what was run");
  command->add_flag("!--no-bpf", a.config.use_bpf, "do not use BPF: the process connector, else /proc");
  command->add_flag("!--no-connector", a.config.use_connector, "do not use the process connector either");
  command->add_flag("!--no-fanotify", a.config.use_fanotify, "do not use fanotify: drops by inotify, no copies on opening");
  command->add_flag("!--no-permission", a.config.use_permission, "do not hold opens for an answer: copies are made after the fact");
  command->add_flag("--poll", a.polls, "neither BPF nor the process connector; read /proc only");
  command->add_option("--log-level", a.log_level)->check(CLI::IsMember({"debug", "info", "warning", "error"}))->capture_default_str();
  command->set_config("--config", "", "file of the options above, one 'name = value' a line");
  return command;
}

/// What rules say of a script's text, in words. The loop waits for the answer, so a text gets one second.
std::function<std::vector<std::string>(std::string_view)> rules_of(const std::vector<std::filesystem::path>& folders) {
  constexpr int kSeconds = 1;
  const std::shared_ptr<const agent::YaraRules> rules = agent::YaraRules::create(folders, kSeconds);
  for (const std::string& problem : rules->problems()) {
    pinfold::log_warning("RULES_LEFT_OUT", "{}", pinfold::printable(problem));
  }
  return [rules](std::string_view text) {
    std::vector<std::string> said;
    for (const agent::RuleMatch& match : rules->scan(text)) {
      said.push_back(match.rule + ": " + match.says);
    }
    return said;
  };
}

pinfold::LogLevel level_of(const std::string& name) {
  return name == "debug"     ? pinfold::LogLevel::Debug
         : name == "warning" ? pinfold::LogLevel::Warning
         : name == "error"   ? pinfold::LogLevel::Error
                             : pinfold::LogLevel::Info;
}

int run(RunArguments a) {
  const auto duration = pinfold::parse_duration(a.quiet);
  if (!duration) {
    return fail(WrongUse, fmt::format("--quiet: '{}' is no duration; write '60 s' or '5 min'", pinfold::printable(a.quiet)));
  }
  pinfold::set_log_level(level_of(a.log_level));
  agent::Config& config = a.config;
  if (a.watch->count() == 0) {
    const agent::WatchedPaths others = agent::other_writable_places();
    config.watched.insert(config.watched.end(), others.begin(), others.end());
  }
  config.state = a.state;
  config.allow_list = a.allow_list;
  config.denial = agent::parse_denial(a.deny).value_or(agent::Denial::Off);
  config.use_bpf = config.use_bpf && !a.polls;
  config.use_connector = config.use_connector && !a.polls;
  config.match_rules = rules_of(a.rules);
  config.quiet = *duration;
  config.retell = std::min<pinfold::Micros>(config.retell, *duration);
  const int stop = stop_signals();
  auto created = agent::Agent::create(std::move(config), pinfold::system_clock());
  if (!created) {
    return fail(EnvironmentFailed, created.error());
  }
  (*created)->run(stop);
  close(stop);
  return Done;
}

/// The responder: started by `run`, not by people.
struct AnswerArguments {
  int socket = -1;
  std::string deny = "off";
  agent::ResponderSettings settings;
};

const CLI::App* add_answer(CLI::App& app, AnswerArguments& a) {
  CLI::App* command = app.add_subcommand("answer", "")->group("");
  command->add_option("--socket", a.socket)->required();
  command->add_option("--deny", a.deny);
  command->add_option("--watch", a.settings.watched)->required();
  command->add_flag("!--afterwards", a.settings.permission);
  command->add_flag("!--inotify", a.settings.fanotify);
  return command;
}

int answer(AnswerArguments a) {
  a.settings.denial = agent::parse_denial(a.deny).value_or(agent::Denial::Off);
  return agent::run_responder(a.socket, a.settings);
}

struct EnrollArguments {
  std::string url;
  std::string token;
  std::string hostname;
  agent::DeskTrust trust;
};

int enroll(const std::filesystem::path& state, EnrollArguments a) {
  const auto desk = agent::parse_desk_url(a.url);
  if (!desk) {
    return fail(WrongUse, desk.error());
  }
  if (!a.trust.ca_file.empty()) {
    a.trust.ca_file = std::filesystem::absolute(a.trust.ca_file).string();  // it is read again by `run`, from another folder
  }
  if (const std::string why = agent::check_trust(*desk, a.trust); !why.empty()) {
    return fail(WrongUse, why);
  }
  const auto key = agent::load_or_make_key(state);
  if (!key) {
    return fail(EnvironmentFailed, key.error());
  }
  agent::DeskClient client(*desk, *key, pinfold::system_clock(), a.trust);
  const auto server = agent::enrol(client, a.token, a.hostname);
  if (!server) {
    return fail(No, server.error());
  }
  if (const auto saved = agent::save_enrolled(state, {*desk, *server, a.trust}); !saved) {
    return fail(EnvironmentFailed, saved.error());
  }
  fmt::print("enrolled at {} for server {}; start it with: pinfold-agent run --state {}\n", to_string(*desk), pinfold::printable(server->value),
             state.string());
  return Done;
}

const CLI::App* add_enroll(CLI::App& app, std::string& state, EnrollArguments& a) {
  CLI::App* command = app.add_subcommand("enroll", "introduce this server to the desk");
  command->add_option("URL", a.url, "the desk: https://192.0.2.1:8443")->required();
  command->add_option("TOKEN", a.token, "from: pinfold agent token SERVER")->required();
  command->add_option("--pin", a.trust.pin, "over https: believe this public key only (SHA-256; `pinfold agent token` prints it)");
  command->add_option("--ca-file", a.trust.ca_file, "over https: believe this authority (PEM) about the desk's address");
  command->add_option("--state", state, "folder for the key, the spool and the status")->capture_default_str();
  command->add_option("--hostname", a.hostname, "the name to introduce this server by")->capture_default_str();
  return command;
}

int status(const std::filesystem::path& state, bool json) {
  const auto loaded = agent::load_status(state);
  if (!loaded) {
    return fail(No, loaded.error());
  }
  const bool fresh = pinfold::system_clock().wall() - loaded->written < pinfold::Seconds{10};
  if (json || isatty(STDOUT_FILENO) == 0) {
    fmt::print("{}\n", to_json_text(*loaded));
  } else {
    fmt::print("{} since {} as process {}\nserver    {}\nsensors   {}\nexecs     {} seen, {} looked at, {} events lost\n",
               fresh ? "running" : "NOT RUNNING; last ran", to_people(loaded->started), loaded->pid, pinfold::printable(loaded->server),
               pinfold::printable(loaded->tier), loaded->execs, loaded->events, loaded->events_lost);
    fmt::print("network   {} connections counted\n", loaded->connections);
    fmt::print("findings  {} made ({} without a copy), {} told, {} waiting, {} lost\n", loaded->findings, loaded->without_content,
               loaded->findings_sent, loaded->findings_waiting, loaded->findings_lost);
    if (!loaded->last_error.empty()) {
      fmt::print("uplink    {}\n", pinfold::printable(loaded->last_error));
    }
  }
  return fresh ? Done : No;
}

int command_line(int argc, char** argv) {
  CLI::App app("Watches this server for scripts run out of temporary folders, and tells the provider's abuse desk.");
  app.set_version_flag("--version", "pinfold-agent " PINFOLD_VERSION);
  app.require_subcommand(1);
  RunArguments running;
  const CLI::App* run_command = add_run(app, running);
  AnswerArguments answering;
  const CLI::App* answer_command = add_answer(app, answering);
  std::string state = running.state;
  EnrollArguments enrolling;
  enrolling.hostname = own_hostname();
  const CLI::App* enroll_command = add_enroll(app, state, enrolling);
  bool json = false;
  CLI::App* status_command = app.add_subcommand("status", "what the running agent sees and has told; exit status 1 if none runs");
  status_command->add_option("--state", state, "folder for the key, the spool and the status")->capture_default_str();
  status_command->add_flag("--json", json, "one JSON object");
  pinfold::app::AuditArguments audit;
  const CLI::App* audit_command = pinfold::app::add_audit_command(app, audit);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? Done : WrongUse;
  }
  if (audit_command->parsed()) {
    return pinfold::app::run_audit_command(std::move(audit), enrolling.hostname);
  }
  if (answer_command->parsed()) {
    return answer(std::move(answering));
  }
  if (run_command->parsed()) {
    return run(std::move(running));
  }
  return enroll_command->parsed() ? enroll(state, std::move(enrolling)) : status(state, json);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return command_line(argc, argv);
  } catch (const std::exception& failure) {
    static_cast<void>(std::fprintf(stderr, "pinfold-agent: %s\n", failure.what()));
    return EnvironmentFailed;
  }
}
