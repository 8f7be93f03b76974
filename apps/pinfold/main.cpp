// pinfold: the desk and its command line. Exit status: 0 done, 1 the answer is no, 2 wrong use, 3 the environment failed.
#include <cstdio>
#include <exception>

#include "base/log.hpp"
#include "pinfold/context.hpp"

int main(int argc, char** argv) {
  using namespace pinfold::app;  // NOLINT(google-build-using-namespace): wiring only
  try {
    pinfold::set_log_level(pinfold::LogLevel::Warning);  // commands print their answer; `serve` turns the log up
    Context context;
    CLI::App app{"Pinfold: an abuse desk for hosting networks"};
    app.set_version_flag("--version", "pinfold " PINFOLD_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("--config", context.options().config, "pinfold.toml")->envname("PINFOLD_CONFIG")->capture_default_str();
    app.add_flag("--json", context.options().json, "JSON lines, also on a terminal");
    add_serve_commands(app, context);
    add_case_commands(app, context);
    add_policy_commands(app, context);
    add_ticket_commands(app, context);
    add_people_commands(app, context);
    add_user_commands(app, context);
    add_port_commands(app, context);
    add_inventory_commands(app, context);
    add_bandwidth_commands(app, context);
    add_flow_commands(app, context);
    add_mail_commands(app, context);
    add_report_commands(app, context);
    add_backup_commands(app, context);
    add_retention_commands(app, context);
    add_size_command(app, context);
    add_demo_command(app, context);
    add_manual_commands(app);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? static_cast<int>(Exit::Done) : static_cast<int>(Exit::WrongUse);
    }
    return static_cast<int>(Exit::Done);
  } catch (const Stop& stop) {
    if (stop.what()[0] != '\0') {
      static_cast<void>(std::fprintf(stderr, "pinfold: %s\n", stop.what()));
    }
    return static_cast<int>(stop.exit_status);
  } catch (const std::exception& failure) {
    static_cast<void>(std::fprintf(stderr, "pinfold: %s\n", failure.what()));
    return static_cast<int>(Exit::Environment);
  }
}
