#include "agent/audit/host/processes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "agent/audit/host/schedules.hpp"
#include "agent/judge.hpp"
#include "agent/mask.hpp"
#include "agent/sensor/proc_reader.hpp"
#include "base/text.hpp"

namespace pinfold::agent::audit {
namespace {

constexpr std::string_view kDeleted = " (deleted)";
constexpr std::array<std::string_view, 10> kWebServers{"apache2", "httpd",   "nginx", "lighttpd", "litespeed",
                                                       "lshttpd", "php-cgi", "lsphp", "caddy",    "openresty"};
constexpr std::array<std::string_view, 19> kTools{"sh",   "bash",   "dash", "ash",  "zsh",   "ksh",    "perl", "python",  "ruby", "nc",
                                                  "ncat", "netcat", "wget", "curl", "socat", "telnet", "ssh",  "busybox", "tftp"};
/// Names that a script gives itself to be overlooked; installed programs of these names are compiled.
constexpr std::array<std::string_view, 24> kDaemons{"httpd",   "apache2",  "apache",  "sshd",        "crond", "cron", "nginx", "mysqld",
                                                    "syslogd", "rsyslogd", "init",    "systemd",     "bash",  "sh",   "named", "kthreadd",
                                                    "kworker", "klogd",    "kswapd0", "dbus-daemon", "udevd", "atd",  "exim",  "sendmail"};

template <std::size_t N>
bool is_in(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// "python3.11" → "python", "php-fpm8.2" stays itself.
std::string_view family_of(std::string_view name) {
  for (const char* word : {"python", "perl", "ruby"}) {
    if (name.starts_with(word)) {
      return word;
    }
  }
  return name.starts_with("nc.") ? "nc" : name;  // Debian's nc.openbsd and nc.traditional
}

bool serves_the_web(const RunningProcess& process) {
  const std::string_view name = base_name(process.exe);
  return is_in(kWebServers, name) || name.starts_with("php-fpm") || name.starts_with("php-cgi") || name.starts_with("lsphp");
}

std::string line_of(const RunningProcess& process) {
  const auto masked = mask_secrets(process.arguments);
  return masked.empty() ? "[" + process.comm + "]" : fmt::format("{}", fmt::join(masked, " "));
}

/// The ancestor that serves the web, if there is one.
const RunningProcess* web_ancestor(const ProcessTable& table, const RunningProcess& process) {
  std::uint32_t pid = process.parent;
  for (std::size_t i = 0; i < kMaxAncestry; ++i) {
    const auto found = table.find(pid);
    if (found == table.end()) {
      return nullptr;
    }
    if (serves_the_web(found->second)) {
      return &found->second;
    }
    pid = found->second.parent;
  }
  return nullptr;
}

ExecEvent event_of(const ProcessTable& table, const RunningProcess& process) {
  ExecEvent event;
  event.pid = process.pid;
  event.uid = process.uid;
  event.exe = process.exe;
  event.exe_unlinked = process.is_deleted;
  event.cwd = process.cwd;
  event.standard_input = process.standard_input;
  event.arguments = process.arguments;
  std::uint32_t pid = process.parent;
  for (std::size_t i = 0; i < kMaxAncestry; ++i) {
    const auto found = table.find(pid);
    if (found == table.end()) {
      break;
    }
    event.ancestors.push_back({pid, found->second.comm, line_of(found->second), found->second.exe});
    pid = found->second.parent;
  }
  return event;
}

/// What the running agent would say of it.
std::optional<Finding> out_of_place(const ProcessTable& table, const RunningProcess& process) {
  const ExecEvent event = event_of(table, process);
  const auto subject = find_subject(event, default_watched_paths());
  const auto judgement = subject ? judge(*subject, event) : std::nullopt;
  if (!judgement) {
    return std::nullopt;
  }
  if (subject->how == Subject::How::Memory) {
    // Container runtimes run a sealed copy of themselves.
    return subject->path.starts_with("memfd:runc") || subject->path.starts_with("memfd:crun")
               ? std::nullopt
               : std::optional(Finding{"runs_from_memory", abuse::Severity::High, "", "runs from memory: " + subject->path, {}});
  }
  return Finding{
      "runs_from_tmp",
      judgement->severity,
      "",
      (subject->interpreter.empty() ? "runs " : subject->interpreter + " runs ") + subject->path + (process.is_deleted ? ", which was deleted" : ""),
      {}};
}

std::optional<std::string> false_name(const RunningProcess& process) {
  if (process.exe.empty() || process.arguments.empty()) {
    return std::nullopt;
  }
  const std::string& called = process.arguments[0];
  if (called.starts_with('[') && called.find(']') != std::string::npos) {
    return "calls itself the kernel thread " + called + " but is " + process.exe;
  }
  const std::string_view interpreter = family_of(base_name(process.exe));
  const bool is_script = interpreter == "perl" || interpreter == "python" || interpreter == "ruby" || base_name(process.exe).starts_with("php");
  std::string_view name = base_name(std::string_view(called).substr(0, called.find(' ')));
  name.remove_prefix(name.starts_with('-') ? 1 : 0);
  if (is_script && is_in(kDaemons, name.substr(0, name.find(':')))) {
    return "calls itself " + called + " but is " + process.exe;
  }
  return std::nullopt;
}

void check_deleted(const HostFiles& files, const ProcessTable& table, Report& report) {
  std::map<std::string, std::vector<std::string>> by_file;
  for (const auto& [pid, process] : table) {
    if (process.is_deleted && !process.exe.starts_with("/memfd:")) {
      by_file[process.exe].push_back(std::to_string(pid));
    }
  }
  for (auto& [file, pids] : by_file) {
    const bool is_replaced = files.exists(file);
    const std::size_t count = pids.size();
    pids.resize(std::min<std::size_t>(count, 20));
    report.add(Finding{"runs_deleted",
                       is_replaced ? abuse::Severity::Info : abuse::Severity::Medium,
                       file,
                       is_replaced ? "was replaced on disk; the old program still runs" : "was deleted from disk and still runs",
                       {{"processes", fmt::format("{}{}", fmt::join(pids, " "), count > pids.size() ? " …" : "")}}});
  }
}

}  // namespace

std::string PeopleNames::of(std::uint32_t uid) const {
  const auto found = by_uid.find(uid);
  return found == by_uid.end() ? std::to_string(uid) : found->second;
}

std::string title_of(const RunningProcess& process) { return fmt::format("{} {}", process.pid, line_of(process)); }

std::string ancestry_of(const ProcessTable& table, const RunningProcess& process) {
  std::string text = process.comm;
  std::uint32_t pid = process.parent;
  for (std::size_t i = 0; i < kMaxAncestry && pid > 1; ++i) {
    const auto found = table.find(pid);
    if (found == table.end()) {
      break;
    }
    text += " ← " + found->second.comm;
    pid = found->second.parent;
  }
  return text;
}

ProcessTable running_processes(const HostFiles& files, std::uint32_t except) {
  const ProcReader reader(files.root() + "/proc");
  ProcessTable table;
  for (const std::uint32_t pid : reader.pids()) {
    const auto status = reader.status(pid);
    if (!status || pid == except || table.size() >= kMaxProcesses) {
      continue;
    }
    RunningProcess process{pid,   status->parent,          reader.uid(pid).value_or(0), status->comm,         reader.link(pid, "exe"),
                           false, reader.link(pid, "cwd"), reader.link(pid, "fd/0"),    reader.arguments(pid)};
    if (process.exe.ends_with(kDeleted)) {
      process.exe.resize(process.exe.size() - kDeleted.size());
      process.is_deleted = true;
    }
    table.emplace(pid, std::move(process));
  }
  return table;
}

void check_processes(const HostFiles& files, const ProcessTable& table, const PeopleNames& names, Report& report) {
  std::set<std::uint32_t> reported;
  const auto put = [&](const RunningProcess& process, Finding finding) {
    finding.subject = title_of(process);
    finding.evidence["account"] = names.of(process.uid);
    finding.evidence["started by"] = ancestry_of(table, process);
    if (!process.cwd.empty()) {
      finding.evidence["working directory"] = process.cwd;
    }
    reported.insert(process.pid);
    report.add(std::move(finding));
  };
  for (const auto& [pid, process] : table) {
    if (auto finding = out_of_place(table, process)) {
      put(process, std::move(*finding));
    } else if (const auto called = false_name(process)) {
      put(process, Finding{"false_name", abuse::Severity::High, "", *called, {}});
    } else if (is_in(kTools, family_of(base_name(process.exe))) && is_web_account(names.of(process.uid))) {
      if (const RunningProcess* server = web_ancestor(table, process)) {
        put(process,
            Finding{"shell_of_web_server", abuse::Severity::Medium, "", fmt::format("was started by {} ({})", server->comm, server->pid), {}});
      }
    }
  }
  check_deleted(files, table, report);
}

}  // namespace pinfold::agent::audit
