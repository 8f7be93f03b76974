/// pinfold-agent audit: flags, the progress bar on standard error, the report on standard output, the exit status.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

namespace pinfold::app {

struct AuditArguments {
  std::vector<std::string> paths;
  std::string order;
  std::vector<std::string> rule_folders;
  std::string allow_file;
  std::string root;
  unsigned threads = 2;
  bool json = false;
};

/// The subcommand; its arguments are filled when it is parsed.
CLI::App* add_audit_command(CLI::App& app, AuditArguments& arguments);
/// Exit status: 0 nothing found, 1 something was, 2 wrong use, 3 the environment failed.
int run_audit_command(AuditArguments arguments, const std::string& hostname);

}  // namespace pinfold::app
