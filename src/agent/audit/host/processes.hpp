/// The processes that run now, and which of them have no business to: programs out of world-writable places or without a file, false names, shells of
/// web servers, programs replaced on disk.
/// Used by: the audit; sockets (who owns a socket). What is ordinary there is decided as for the running agent (agent/judge.hpp).
/// Bounds:  kMaxProcesses processes. Command lines are shown without secrets (agent/mask.hpp). Threads: none.
/// Errors:  a process that leaves meanwhile is not there. Without /proc the table is empty and the report says so.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/audit/host_files.hpp"
#include "agent/audit/report.hpp"
#include "agent/sensor/exec_event.hpp"

namespace pinfold::agent::audit {

inline constexpr std::size_t kMaxProcesses = 65'536;

struct RunningProcess {
  std::uint32_t pid = 0;
  std::uint32_t parent = 0;
  std::uint32_t uid = 0;
  std::string comm;
  std::string exe;  ///< without " (deleted)"; empty: a kernel thread, or hidden from us
  bool is_deleted = false;
  std::string cwd;
  std::string standard_input;
  std::vector<std::string> arguments;
};

/// By process id. `except` is the audit itself.
using ProcessTable = std::map<std::uint32_t, RunningProcess>;
[[nodiscard]] ProcessTable running_processes(const HostFiles& files, std::uint32_t except);

/// "bash ← php-fpm8.2 ← php-fpm8.2", without init.
[[nodiscard]] std::string ancestry_of(const ProcessTable& table, const RunningProcess& process);

struct PeopleNames {
  std::map<std::uint32_t, std::string> by_uid;
  [[nodiscard]] std::string of(std::uint32_t uid) const;
};

void check_processes(const HostFiles& files, const ProcessTable& table, const PeopleNames& names, Report& report);
/// A process for the report: "1234 perl bot.pl"
[[nodiscard]] std::string title_of(const RunningProcess& process);

}  // namespace pinfold::agent::audit
