// Each tier, with the ones above it switched off: what is still seen, and what the desk is told of it in plain words.
#include <signal.h>
#include <sys/prctl.h>

#include <cstdlib>

#include "agent/in_namespaces.hpp"

namespace pinfold::agent {
namespace {

struct Row {
  const char* name;
  const char* flags;
  const char* tier;  ///< how it begins
  bool short_lived;  ///< is a script seen that ends and deletes itself at once?
  bool drops;
};

class Tiers : public AgentInNamespaces, public testing::WithParamInterface<Row> {};

TEST_P(Tiers, SeesWhatItSays) {
  const Row& row = GetParam();
  LabServer server;
  if (!server.ready()) {
    GTEST_SKIP() << "namespaces are refused here";
  }
  const std::string started = server.start_agent(row.flags);
  if (server.bpf_refused()) {
    GTEST_SKIP() << "BPF is refused here";
  }
  ASSERT_NE(started.find(row.tier), std::string::npos) << started;
  ASSERT_TRUE(server.desk().wait_until([&](const auto& told) { return told.tier.starts_with(row.tier); }, kPatience))
      << "the desk's list: " << server.desk().told().tier;
  const std::string php = (server.folder_inside() / "php-fpm8.2").string();
  server.command("cp /bin/dash " + php);
  server.command("echo 'unlink $0; print 7;' > /dev/shm/short.pl; perl /dev/shm/short.pl </dev/null >/dev/null");
  server.command(php + " -c 'cp /bin/ls /tmp/dropped; chmod 755 /tmp/dropped; :'");
  server.command("echo 'sleep 60;' > /dev/shm/long.pl; perl /dev/shm/long.pl </dev/null >/dev/null &");
  server.command("cp /bin/sleep /tmp/program; /tmp/program 60 </dev/null >/dev/null &");
  for (const char* path : {"/dev/shm/long.pl", "/tmp/program"}) {
    EXPECT_TRUE(server.desk().wait_until([&](const auto& told) { return tells(told, path); }, kPatience)) << path;
  }
  if (row.short_lived) {
    EXPECT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/dev/shm/short.pl"); }, kPatience));
  }
  if (row.drops) {
    EXPECT_TRUE(server.desk().wait_until(
        [](const auto& told) { return find_kind(told, abuse::AbuseClass::MaliciousScript, "dropped_in_tmp") != nullptr; }, kPatience));
  }
  const auto told = server.desk().told();
  ASSERT_TRUE(tells(told, "/dev/shm/long.pl"));
  const abuse::Finding& f = finding_of(told, "/dev/shm/long.pl");
  EXPECT_EQ(f.evidence.files.size(), 1U);
  EXPECT_EQ(f.floor.empty(), std::string_view(row.tier).substr(0, 4) == "exec") << "a finding says what could not be seen: " << f.floor;
}

INSTANTIATE_TEST_SUITE_P(Each, Tiers,
                         testing::Values(Row{"All", "", "exec: bpf", true, true},
                                         Row{"WithoutPermissionEvents", "--no-permission",
                                             "degraded: copies are made after opening, some may be missing", true, false},
                                         Row{"WithoutFanotify", "--no-fanotify", "degraded: copies are made after opening", true, false},
                                         Row{"WithoutBpf", "--no-bpf --no-connector",
                                             "degraded: /proc is polled every 250 ms, short-lived processes may be missed", true, true},
                                         Row{"Floor", "--no-bpf --no-connector --no-fanotify",
                                             "degraded: /proc is polled every 250 ms, short-lived processes may be missed", false, false}),
                         [](const auto& row) { return row.param.name; });

TEST_F(AgentInNamespaces, FloorStillSeesConnections) {
  LabServer server;
  if (!server.ready()) {
    GTEST_SKIP() << "namespaces are refused here";
  }
  if (server.ask("ip route get 198.18.0.1 >/dev/null 2>&1 && echo ROUTE yes || echo ROUTE no", "ROUTE") != "ROUTE yes") {
    GTEST_SKIP() << "no route: nothing can be connected";
  }
  ASSERT_NE(server.start_agent("--poll --no-fanotify").find("connections are looked at every 5 s"), std::string::npos);
  // UDP sockets that are connected and send nothing: they stay open, and are seen at the next look.
  server.command(
      "echo 'use Socket; my @s; for my $i (1..64) { socket(my $s, PF_INET, SOCK_DGRAM, 17); connect($s, sockaddr_in(23, inet_aton(\"198.18.0.$i\"))) "
      "or die; push @s, $s; } sleep 30;' "
      "> /dev/shm/open.pl; perl /dev/shm/open.pl </dev/null &");
  EXPECT_TRUE(
      server.desk().wait_until([](const auto& told) { return find_kind(told, abuse::AbuseClass::PortScan, "horizontal") != nullptr; }, kPatience));
}

/// The built agent on this machine itself, over one folder of the test's own. Leaving scope ends it.
class AgentOnTheHost {
public:
  explicit AgentOnTheHost(const std::string& url) {
    std::filesystem::create_directories(x_folder.path() / "watched");
    std::ofstream(x_folder.path() / "desk.json") << fmt::format(R"({{"url":"{}","server":"web1"}})", url);
    const std::string agent = PINFOLD_BINARY_DIR "/bin/pinfold-agent";
    x_agent = fork();
    if (x_agent == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // it goes with the test, whatever ends that
      execl(agent.c_str(), agent.c_str(), "run", "--state", x_folder.path().c_str(), "--watch", watched().c_str(), "--no-bpf", "--no-fanotify",
            "--log-level", "error", nullptr);
      _exit(127);
    }
  }
  AgentOnTheHost(const AgentOnTheHost&) = delete;
  AgentOnTheHost& operator=(const AgentOnTheHost&) = delete;
  ~AgentOnTheHost() {
    kill(x_agent, SIGTERM);
    waitpid(x_agent, nullptr, 0);
  }
  [[nodiscard]] std::string watched() const { return (x_folder.path() / "watched").string(); }

private:
  TemporaryFolder x_folder;
  pid_t x_agent = -1;
};

/// Runs a shell command as nobody's child: what runs these tests is a build, and the agent rightly excuses what a build runs.
void run_apart(const std::string& command) {
  const pid_t between = fork();
  if (between == 0) {
    const pid_t self = getpid();
    if (fork() == 0) {
      while (getppid() == self) {
        sched_yield();
      }
      execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      _exit(127);
    }
    _exit(0);
  }
  waitpid(between, nullptr, 0);
}

// The connector tells of the host's own processes only, and is not to be had in a namespace: so this one runs outside of the lab.
TEST_F(AgentInNamespaces, TheProcessConnectorSeesRunsOnTheHostItself) {
  FakeDesk desk;
  const AgentOnTheHost agent(desk.url());
  ASSERT_TRUE(desk.wait_until([](const auto& told) { return !told.tier.empty(); }, kPatience));
  if (desk.told().tier.find("execs by the process connector") == std::string::npos) {
    GTEST_SKIP() << "the process connector is refused here: " << desk.told().tier;
  }
  const std::string script = agent.watched() + "/long.pl";
  const std::string program = agent.watched() + "/program";
  std::ofstream(script) << "sleep 2;";
  run_apart(fmt::format("cp /bin/sleep {0}; {0} 2 & perl {1} </dev/null & wait", program, script));
  for (const std::string& path : {script, program}) {
    ASSERT_TRUE(desk.wait_until([&](const auto& told) { return tells(told, path); }, kPatience)) << path;
  }
  EXPECT_EQ(finding_of(desk.told(), script).evidence.files.size(), 1U);
}

}  // namespace
}  // namespace pinfold::agent
