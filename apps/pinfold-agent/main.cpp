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

int run(agent::Config config, const std::string& quiet) {
  const auto duration = pinfold::parse_duration(quiet);
  if (!duration) {
    return fail(WrongUse, fmt::format("--quiet: '{}' is no duration; write '60 s' or '5 min'", pinfold::printable(quiet)));
  }
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

int enroll(const std::filesystem::path& state, const std::string& url, const std::string& token, const std::string& hostname) {
  const auto desk = agent::parse_desk_url(url);
  if (!desk) {
    return fail(WrongUse, desk.error());
  }
  const auto key = agent::load_or_make_key(state);
  if (!key) {
    return fail(EnvironmentFailed, key.error());
  }
  agent::DeskClient client(*desk, *key, pinfold::system_clock());
  const auto server = agent::enrol(client, token, hostname);
  if (!server) {
    return fail(No, server.error());
  }
  if (const auto saved = agent::save_enrolled(state, {*desk, *server}); !saved) {
    return fail(EnvironmentFailed, saved.error());
  }
  fmt::print("enrolled at {} for server {}; start it with: pinfold-agent run --state {}\n", to_string(*desk), pinfold::printable(server->value),
             state.string());
  return Done;
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
  agent::Config config;
  std::string state = config.state.string();
  std::string quiet = "60 s";
  std::string log_level = "info";
  std::string deny = "off";
  std::string allow_list = config.allow_list.string();
  CLI::App* run_command = app.add_subcommand("run", "watch until SIGTERM");
  run_command->add_option("--state", state, "folder for the key, the spool and the status")->capture_default_str();
  CLI::Option* watch = run_command->add_option("--watch", config.watched, "directories from which nothing should be run")->capture_default_str();
  run_command->add_option("--quiet", quiet, "runs of the same script within this of one another are one finding")->capture_default_str();
  run_command->add_option("--deny", deny, "who may not run anything out of the watched directories: off, services (users below 1000), everyone")
      ->check(CLI::IsMember({"off", "services", "everyone"}))
      ->capture_default_str();
  run_command->add_option("--allow-list", allow_list, "SHA-256 hashes of files that are known and harmless, one a line")->capture_default_str();
  run_command->add_flag("!--no-bpf", config.use_bpf, "do not use BPF: the process connector, else /proc");
  run_command->add_flag("!--no-connector", config.use_connector, "do not use the process connector either");
  run_command->add_flag("!--no-fanotify", config.use_fanotify, "do not use fanotify: drops by inotify, no copies on opening");
  run_command->add_flag("!--no-permission", config.use_permission, "do not hold opens for an answer: copies are made after the fact");
  bool poll = false;
  run_command->add_flag("--poll", poll, "neither BPF nor the process connector; read /proc only");
  run_command->add_option("--log-level", log_level)->check(CLI::IsMember({"debug", "info", "warning", "error"}))->capture_default_str();
  run_command->set_config("--config", "", "file of the options above, one 'name = value' a line");
  std::string url;
  std::string token;
  std::string hostname = own_hostname();
  CLI::App* enroll_command = app.add_subcommand("enroll", "introduce this server to the desk");
  enroll_command->add_option("URL", url, "the desk: http://192.0.2.1:8080")->required();
  enroll_command->add_option("TOKEN", token, "from: pinfold agent token SERVER")->required();
  enroll_command->add_option("--state", state, "folder for the key, the spool and the status")->capture_default_str();
  enroll_command->add_option("--hostname", hostname, "the name to introduce this server by")->capture_default_str();
  int socket = -1;
  agent::ResponderSettings responder;
  CLI::App* answer_command = app.add_subcommand("answer", "")->group("");
  answer_command->add_option("--socket", socket)->required();
  answer_command->add_option("--deny", deny);
  answer_command->add_option("--watch", responder.watched)->required();
  answer_command->add_flag("!--afterwards", responder.permission);
  answer_command->add_flag("!--inotify", responder.fanotify);
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
    return pinfold::app::run_audit_command(std::move(audit), hostname);
  }
  if (watch->count() == 0) {
    const agent::WatchedPaths others = agent::other_writable_places();
    config.watched.insert(config.watched.end(), others.begin(), others.end());
  }
  config.state = state;
  config.allow_list = allow_list;
  config.denial = agent::parse_denial(deny).value_or(agent::Denial::Off);
  responder.denial = config.denial;
  config.use_bpf = config.use_bpf && !poll;
  config.use_connector = config.use_connector && !poll;
  if (answer_command->parsed()) {
    return agent::run_responder(socket, responder);  // started by `run`, not by people
  }
  if (run_command->parsed()) {
    pinfold::set_log_level(log_level == "debug"     ? pinfold::LogLevel::Debug
                           : log_level == "warning" ? pinfold::LogLevel::Warning
                           : log_level == "error"   ? pinfold::LogLevel::Error
                                                    : pinfold::LogLevel::Info);
    return run(std::move(config), quiet);
  }
  return enroll_command->parsed() ? enroll(state, url, token, hostname) : status(state, json);
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
