// pinfold serve, check-config FILE, health
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/log.hpp"
#include "engine/ears.hpp"
#include "engine/flows/collector_health.hpp"
#include "engine/flows/collector_role.hpp"
#include "engine/flows/detector_role.hpp"
#include "engine/flows/stream_health.hpp"
#include "engine/open_store.hpp"
#include "engine/serve.hpp"
#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

constexpr std::array<const char*, 4> kRoles = {"all", "desk", "collector", "detector"};

/// What the role needs that the configuration lacks; empty: nothing.
std::string missing_for(const std::string& role, const config::Config& config) {
  if (role == "all") {
    return {};
  }
  if (!engine::is_shared(config)) {
    return "[store] url: the parts meet in a PostgreSQL store";
  }
  return role != "desk" && config.stream.servers.empty() ? "[stream] servers: collectors and detectors meet on NATS" : std::string{};
}

void serve(Context& context, const std::string& role) {
  const config::Config& config = context.config();
  if (const std::string missing = missing_for(role, config); !missing.empty()) {
    throw Stop(Exit::WrongUse, fmt::format("--role {} needs {}", role, missing));
  }
  sigset_t ends{};
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // before any thread, so that all of them inherit it
  std::signal(SIGPIPE, SIG_IGN);               // NOLINT(cert-err33-c): cannot fail for SIGPIPE
  set_log_level(LogLevel::Info);
  std::optional<engine::Serve> desk;
  std::optional<engine::CollectorRole> collector;
  std::optional<engine::DetectorRole> detector;
  if (role == "collector") {
    collector.emplace(config, context.clock());
  } else if (role == "detector") {
    detector.emplace(config, context.clock());
  } else {
    desk.emplace(config, context.clock(), role == "all" ? engine::Serve::Collects::Yes : engine::Serve::Collects::No);
  }
  int signal = 0;
  sigwait(&ends, &signal);
  log_info("STOPPING", "signal {}", signal);
}

void check_config(Context& context, const std::string& file) {
  const auto loaded = config::load(file);
  if (!loaded) {
    throw Stop(Exit::No, config::to_string(loaded.error()));
  }
  const auto name = [](desk::Arming a) { return a == desk::Arming::Armed ? "armed" : "observe"; };
  context.output().line({{"file", file},
                         {"warnings", name(loaded->policy.warnings)},
                         {"measures", name(loaded->policy.measures)},
                         {"switches", loaded->switches.size()}});
  context.output().say(fmt::format("{} is good: {} switches, {} exporters, warnings {}, measures {}", file, loaded->switches.size(),
                                   loaded->flows.exporters.size(), name(loaded->policy.warnings), name(loaded->policy.measures)));
}

/// The collector's counters as the running desk last left them.
void show_flows(Context& context, const nlohmann::json& report) {
  if (!report.is_object()) {
    return;
  }
  context.output().say(fmt::format("{:<18} {}, at {}", "flows", report.value("note", ""), report.value("at", "")));
  const nlohmann::json counters = report.value("counters", nlohmann::json::object());
  for (const auto& [name, value] : counters.items()) {
    context.output().say(fmt::format("  {:<110} {}", name, value.dump()));
  }
}

/// From the store alone, so that it works beside a running desk and without one: is somebody listening, and what waits?
void health(Context& context) {
  bool listening = false;
  nlohmann::json json;
  const WallTime now = context.clock().wall();
  context.store().read([&](records::Transaction& tx) {
    const desk::Ears ears = engine::ears_at(tx, now);
    listening = ears.open_since.has_value();
    json = {{"listening", listening},
            {"listening_since", ears.open_since ? to_string(*ears.open_since) : ""},
            {"mails_waiting", ears.unclassified},
            {"findings_waiting", tx.inbox().count_pending("finding")},
            {"port_actions_open", tx.journal().open().size()}};
    if (const auto report = tx.settings().get(engine::kFlowsReport)) {
      json["flows"] = nlohmann::json::parse(*report, nullptr, false);
    }
    if (nlohmann::json streams = engine::stream_reports(tx, now); !streams.empty()) {
      json["streams"] = std::move(streams);
    }
  });
  context.output().line(json);
  for (const auto& [name, value] : json.items()) {
    if (name == "flows") {
      show_flows(context, value);
      continue;
    }
    context.output().say(fmt::format("{:<18} {}", name, value.dump()));
  }
  if (!listening) {
    throw Stop(Exit::No, "the desk is not listening: is `pinfold serve` running?");
  }
}

}  // namespace

void add_serve_commands(CLI::App& app, Context& context) {
  const auto file = std::make_shared<std::string>();
  const auto role = std::make_shared<std::string>("all");
  add_command(app, "serve", "run the desk, or one part of it", [&context, role] { serve(context, *role); })
      ->add_option("--role", *role, "all in one process, or: desk, collector, detector")
      ->check(CLI::IsMember(std::vector<std::string>(kRoles.begin(), kRoles.end())));
  add_command(app, "check-config", "is this pinfold.toml (and its policy) good?", [&context, file] { check_config(context, *file); })
      ->add_option("file", *file, "pinfold.toml")
      ->required();
  add_command(app, "health", "is the desk listening, and what waits? Exit 0 listening, 1 not", [&context] { health(context); });
}

}  // namespace pinfold::app
