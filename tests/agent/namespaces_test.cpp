// The built agent on real execs, in namespaces like those of the lab's servers. Root only; skipped in words where that is not to be had.
#include <sys/resource.h>
#include <sys/wait.h>

#include "agent/in_namespaces.hpp"
#include "base/sanitized.hpp"

namespace pinfold::agent {
namespace {

namespace fs = std::filesystem;

TEST_F(AgentInNamespaces, TellsWhatRanAndItsAncestry) {
  LabServer server;
  START_OR_SKIP(server, "");
  // Something that calls itself PHP and runs a script by way of a shell. The script holds until it has been told: what an ancestor was called with
  // is known only while it lives.
  const std::string php = (server.folder_inside() / "php8.2").string();
  server.command("cp /bin/dash " + php);
  server.command("mkfifo /tmp/hold; echo 'print 42; <STDIN>;' > /dev/shm/x.pl");
  server.command("(cd /var && exec " + php + " -c 'sh -c \"perl /dev/shm/x.pl 192.0.2.0/24 --password=hunter2; :\"; :' <>/tmp/hold >/dev/null) &");
  ASSERT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/dev/shm/x.pl"); }, kPatience));
  server.command("echo > /tmp/hold");
  const auto told = server.desk().told();
  const abuse::Finding& f = finding_of(told, "/dev/shm/x.pl");
  EXPECT_EQ(f.abuse_class, abuse::AbuseClass::MaliciousScript);
  EXPECT_EQ(f.origin, abuse::Origin::Host);
  EXPECT_EQ(f.kind, "run_from_tmp");
  EXPECT_EQ(f.confidence.percent, 90);
  EXPECT_EQ(f.server.value, "web1");
  EXPECT_EQ(fact(f, "user"), "root");
  EXPECT_EQ(fact(f, "working folder"), "/var");
  EXPECT_EQ(fact(f, "interpreter"), "/usr/bin/perl");
  EXPECT_EQ(fact(f, "arguments"), "perl /dev/shm/x.pl 192.0.2.0/24 --password=***");
  EXPECT_EQ(fact(f, "ancestry").rfind("perl ← sh ← " + php + " -c", 0), 0U) << fact(f, "ancestry");
  EXPECT_EQ(f.summary.rfind("perl ran /dev/shm/x.pl as root, started by php (", 0), 0U) << f.summary;
  ASSERT_EQ(f.evidence.files.size(), 1U);
  EXPECT_EQ(told.evidence.at(f.evidence.files[0].sha256), "print 42; <STDIN>;\n");
  EXPECT_EQ(told.tier, "exec: bpf");
  EXPECT_EQ(told.bad_signatures, 0U);
}

TEST_F(AgentInNamespaces, RemembersParentsThatHaveGone) {
  LabServer server;
  START_OR_SKIP(server, "");
  const std::string php = (server.folder_inside() / "php8.2").string();
  server.command("cp /bin/dash " + php + "; mkfifo /tmp/gone; echo 'print 42;' > /dev/shm/b.pl");
  // The shell in the middle leaves before the script is run: the script is then a child of the first process.
  server.command(php + " -c 'sh -c \"(read line < /tmp/gone; exec perl /dev/shm/b.pl) & exit 0\"; echo > /tmp/gone; :' </dev/null >/dev/null");
  ASSERT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/dev/shm/b.pl"); }, kPatience));
  const auto told = server.desk().told();
  const std::string ancestry = fact(finding_of(told, "/dev/shm/b.pl"), "ancestry");
  EXPECT_NE(ancestry.find("php8.2"), std::string::npos) << ancestry;
}

TEST_F(AgentInNamespaces, TellsNothingOfAnotherServer) {
  LabServer one;
  LabServer other;
  START_OR_SKIP(one, "");
  START_OR_SKIP(other, "");
  one.command("echo 'print 1;' > /dev/shm/one.pl; perl /dev/shm/one.pl </dev/null >/dev/null; cp /bin/true /tmp/one; /tmp/one");
  ASSERT_TRUE(one.desk().wait_until([](const auto& told) { return tells(told, "/dev/shm/one.pl") && tells(told, "/tmp/one"); }, kPatience));
  // Both agents read their events in order: when the other has told its own, it has passed over these.
  other.command("echo 'print 2;' > /dev/shm/other.pl; perl /dev/shm/other.pl </dev/null >/dev/null");
  ASSERT_TRUE(other.desk().wait_until([](const auto& told) { return tells(told, "/dev/shm/other.pl"); }, kPatience));
  one.command("echo 'print 3;' > /dev/shm/last.pl; perl /dev/shm/last.pl </dev/null >/dev/null");
  ASSERT_TRUE(one.desk().wait_until([](const auto& told) { return tells(told, "/dev/shm/last.pl"); }, kPatience));
  EXPECT_EQ(scripts(other.desk().told()), (std::vector<std::string>{"/dev/shm/other.pl"}));
  EXPECT_EQ(scripts(one.desk().told()), (std::vector<std::string>{"/dev/shm/one.pl", "/tmp/one", "/dev/shm/last.pl"}));
}

TEST_F(AgentInNamespaces, SelfDeletingScriptsLeaveTheirContent) {
  constexpr unsigned kScripts = 200;
  LabServer server;
  START_OR_SKIP(server, "");
  server.command(
      fmt::format("i=0; while [ $i -lt {} ]; do echo \"unlink \\$0; print $i;\" > /dev/shm/s$i.pl; perl /dev/shm/s$i.pl </dev/null >/dev/null; "
                  "i=$((i+1)); done",
                  kScripts));
  ASSERT_TRUE(server.desk().wait_until([](const auto& told) { return told.findings.size() >= kScripts; }, kPatience));
  const auto told = server.desk().told();
  unsigned with_content = 0;
  for (unsigned i = 0; i < kScripts; ++i) {
    const abuse::Finding& f = finding_of(told, fmt::format("/dev/shm/s{}.pl", i));
    const auto& files = f.evidence.files;
    with_content += !files.empty() && told.evidence.at(files[0].sha256) == fmt::format("unlink $0; print {};\n", i) ? 1U : 0U;
  }
  std::cout << with_content << " of " << kScripts << " self-deleting scripts caught with their content\n";
  EXPECT_EQ(with_content, kScripts);
}

TEST_F(AgentInNamespaces, SeesEveryWayOfRunning) {
  LabServer server;
  START_OR_SKIP(server, "");
  server.command("mkdir /dev/shm/.a; printf '#!/bin/sh\\n:\\n' > /dev/shm/.a/shebang; chmod +x /dev/shm/.a/shebang");
  server.command("/dev/shm/.a/shebang");
  server.command("echo ':' > /dev/shm/.a/relative; cd /dev/shm/.a; sh relative; cd /");
  server.command("echo '1;' > /tmp/input; perl < /tmp/input");
  server.command("cp /bin/true /dev/shm/.a/program; ln -s /dev/shm/.a/program " + (server.folder_inside() / "link").string());
  server.command((server.folder_inside() / "link").string());
  // memfd_create and fexecve, as perl can do them; a program that stays, since a copy is only to be had while it runs.
  server.command(
      "perl -e '$n=\"kworker\"; $f=syscall(319,$n,0); open(O,\">&=$f\"); open(I,\"</bin/sleep\"); binmode O; local $/; print O <I>; O->flush(); "
      "exec(\"/proc/$$/fd/$f\", 60);' </dev/null &");
  for (const char* script : {"/dev/shm/.a/shebang", "/dev/shm/.a/relative", "/tmp/input", "/dev/shm/.a/program", "memfd:kworker"}) {
    EXPECT_TRUE(server.desk().wait_until([&](const auto& told) { return tells(told, script); }, kPatience)) << script;
  }
  const auto told = server.desk().told();
  ASSERT_TRUE(tells(told, "memfd:kworker"));
  EXPECT_EQ(finding_of(told, "memfd:kworker").kind, "run_from_memory");
  for (const abuse::Finding& f : told.findings) {
    EXPECT_EQ(f.evidence.files.size(), 1U) << f.summary;
  }
}

TEST_F(AgentInNamespaces, SeesThroughEveryDisguise) {
  struct Row {
    const char* name;
    const char* commands;
    const char* script;
  };
  const Row rows[] = {
      {"a symlink outside, handed to an interpreter", "echo '1;' > /tmp/target.pl; ln -s /tmp/target.pl /mnt/state/link.pl; perl /mnt/state/link.pl",
       "/tmp/target.pl"},
      {"a bind mount", "mkdir /mnt/b; mount --bind /dev/shm /mnt/b; cp /bin/true /mnt/b/bound; /mnt/b/bound", "/mnt/b/bound"},
      {"a bind mount, handed to an interpreter", "echo '1;' > /mnt/b/b.pl; perl /mnt/b/b.pl", "/mnt/b/b.pl"},
      {"a pipe from a file", "echo '1;' > /tmp/piped.pl; cat /tmp/piped.pl | perl", "/tmp/piped.pl"},
      {"the dynamic loader",
       "cp /bin/true /tmp/loaded; chmod -x /tmp/loaded; for l in /lib64/ld-linux-*.so.2 /lib/ld-linux-*.so.1; do test -e $l && $l /tmp/loaded; done",
       "/tmp/loaded"},
      {"sourced by a shell", "echo ':' > /tmp/sourced.sh; sh -c '. /tmp/sourced.sh; :'", "/tmp/sourced.sh"},
      {"a relative path from outside", "echo '1;' > /tmp/up.pl; cd /mnt; perl ../tmp/up.pl; cd /", "/tmp/up.pl"},
      {"standard input", "echo '1;' > /tmp/in.pl; perl < /tmp/in.pl", "/tmp/in.pl"},
      {"a renamed interpreter", "cp /bin/dash /dev/shm/httpd; /dev/shm/httpd -c :", "/dev/shm/httpd"},
      {"a name that begins with a dot", "cp /bin/true '/tmp/. '; '/tmp/. '", "/tmp/. "},
  };
  LabServer server;
  START_OR_SKIP(server, "");
  for (const Row& row : rows) {
    server.command("( " + std::string(row.commands) + " ) </dev/null >/dev/null 2>&1");
  }
  for (const Row& row : rows) {
    EXPECT_TRUE(server.desk().wait_until([&](const auto& told) { return tells(told, row.script); }, kPatience)) << row.name;
  }
}

TEST_F(AgentInNamespaces, TellsWhichSiteAPhpProcessServed) {
  LabServer server;
  START_OR_SKIP(server, "");
  const std::string php = (server.folder_inside() / "php-cgi8.2").string();
  server.command("cp /bin/dash " + php + "; mkdir -p /mnt/www/uploads; mkfifo /tmp/hold; echo '<STDIN>;' > /tmp/page.pl");
  server.command("(cd /mnt/www/uploads; HTTP_HOST=shop.example.net SCRIPT_FILENAME=/mnt/www/uploads/x.php DB_PASSWORD=hunter2 exec " + php +
                 " -c 'sh -c \"perl /tmp/page.pl; :\"; :') <>/tmp/hold >/dev/null &");
  ASSERT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/tmp/page.pl"); }, kPatience));
  const auto told = server.desk().told();
  const abuse::Finding& f = finding_of(told, "/tmp/page.pl");
  EXPECT_EQ(fact(f, "site"), "shop.example.net");
  EXPECT_EQ(fact(f, "page"), "/mnt/www/uploads/x.php");
  EXPECT_EQ(fact(f, "web folder"), "/mnt/www/uploads");
  for (const auto& [name, value] : f.evidence.facts) {
    EXPECT_EQ(value.find("hunter2"), std::string::npos) << name;
  }
}

TEST_F(AgentInNamespaces, OrdinaryWorkIsNotReported) {
  LabServer server;
  START_OR_SKIP(server, "");
  server.command("echo data > /tmp/sess_1; cat /tmp/sess_1 >/dev/null; ls /dev/shm >/dev/null; perl -e 'open(F, \"/tmp/sess_1\")' </dev/null");
  server.command("sh -c 'cp /tmp/sess_1 /tmp/sess_2'; grep -q data /tmp/sess_2");
  server.command("echo 'print 1;' > /tmp/marker.pl; perl /tmp/marker.pl </dev/null >/dev/null");
  ASSERT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/tmp/marker.pl"); }, kPatience));
  EXPECT_EQ(scripts(server.desk().told()), (std::vector<std::string>{"/tmp/marker.pl"}));
  EXPECT_EQ(server.desk().told().evidence.size(), 1U) << "what was only opened is not kept";
}

TEST_F(AgentInNamespaces, ReadsProcWhenItMust) {
  LabServer server;
  if (!server.ready()) {
    GTEST_SKIP() << "namespaces are refused here";
  }
  const std::string started = server.start_agent("--poll");
  ASSERT_NE(started.find("degraded: /proc is polled every 250 ms, short-lived processes may be missed"), std::string::npos) << started;
  server.command("echo 'sleep 60;' > /dev/shm/long.pl; perl /dev/shm/long.pl </dev/null >/dev/null &");
  ASSERT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/dev/shm/long.pl"); }, kPatience));
  const auto told = server.desk().told();
  EXPECT_EQ(finding_of(told, "/dev/shm/long.pl").floor.rfind("degraded", 0), 0U);
  EXPECT_EQ(told.tier.rfind("degraded", 0), 0U);
}

/// Runs the agent with nothing around it: a folder that holds only its file. Returns its exit status.
int run_in_empty_root(const fs::path& root, const char* argument) {
  const pid_t child = fork();
  if (child == 0) {
    if (chroot(root.c_str()) != 0 || chdir("/") != 0) {
      _exit(126);
    }
    execl("/pinfold-agent", "pinfold-agent", argument, nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(AgentInNamespaces, StartsInAnEmptyRoot) {
  if (kIsSanitized) {
    GTEST_SKIP() << "sanitizer builds are not linked statically";
  }
  const TemporaryFolder root;
  fs::copy_file(PINFOLD_BINARY_DIR "/bin/pinfold-agent", root.path() / "pinfold-agent");
  EXPECT_EQ(run_in_empty_root(root.path(), "--version"), 0);
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_in_empty_root(root.path(), "run"), 3);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "pinfold-agent: /proc is not mounted, or not that of this PID namespace: without it there is nothing to see\n");
}

}  // namespace
}  // namespace pinfold::agent
