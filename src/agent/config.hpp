/// What `pinfold-agent run` is told by its options, and what is still unknown of the machine it will run on.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "agent/sensor/exec_sensor.hpp"
#include "agent/spool.hpp"
#include "agent/watch/responder.hpp"

namespace pinfold::agent {

struct Config {
  std::filesystem::path state = "/var/lib/pinfold-agent";
  WatchedPaths watched = default_watched_paths();
  Micros quiet = Seconds{60};   ///< repeats of a run within this of one another are one finding
  Micros retell = Seconds{10};  ///< how often a growing finding is told
  Spool::Limits spool;
  Denial denial = Denial::Off;
  std::filesystem::path allow_list = "/etc/pinfold-agent/allow.sha256";
  std::string program = "/proc/self/exe";  ///< what is started as the responder
  bool drop_capabilities = true;

  // Tiers that are not even tried: for tests, and for kernels where one misbehaves.
  bool use_bpf = true;
  bool use_connector = true;   ///< the kernel's process connector, where there is no BPF
  bool use_fanotify = true;    ///< permission events and drops
  bool use_permission = true;  ///< false: opens are told after the fact

  /// What rules match a file's content, in words; empty if there are no rules.
  std::function<std::vector<std::string>(std::string_view)> match_rules;
};

}  // namespace pinfold::agent
