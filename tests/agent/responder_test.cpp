// The responder under load, stopped and killed; drops; what is kept and what is never. Root only, in namespaces.
#include <signal.h>

#include <chrono>
#include <set>

#include "agent/in_namespaces.hpp"
#include "agent/watch/drop_events.hpp"

namespace pinfold::agent {
namespace {

using Responder = AgentInNamespaces;

/// Opens files in /tmp as fast as four processes can, until told to stop, and counts them in /mnt/state/opens.
void start_load(LabServer& server) {
  server.command(
      "for w in 1 2 3 4; do sh -c 'n=0; while [ ! -e /mnt/state/stop ]; do echo x > /tmp/load.$0; read line < /tmp/load.$0; n=$((n+1)); "
      "echo $n > /mnt/state/opens.$0; done; echo LOAD_ENDED' $w </dev/null & done");
}

/// "OPENED", and the milliseconds that it took: the shell measures, so that a hang is a number and not a guess.
long milliseconds_to_open(LabServer& server) {
  const std::string line =
      server.ask("a=$(date +%s%N); echo y > /tmp/probe; read line < /tmp/probe; b=$(date +%s%N); echo OPENED $(( (b-a)/1000000 ))", "OPENED");
  return line.size() > 7 ? std::stol(line.substr(7)) : -1;
}

class RespondsOrLetsGo : public Responder, public testing::WithParamInterface<const char*> {};

TEST_P(RespondsOrLetsGo, SoTmpNeverHangs) {
  LabServer server;
  START_OR_SKIP(server, "");
  start_load(server);
  ASSERT_GE(milliseconds_to_open(server), 0);
  server.command(GetParam());
  // The kernel's timer ends a stopped responder after one second at the latest; a killed one is gone at once.
  const long waited = milliseconds_to_open(server);
  std::cout << GetParam() << ": an open of /tmp waited for " << waited << " ms\n";
  EXPECT_GE(waited, 0);
  EXPECT_LT(waited, 3000);
  EXPECT_LT(milliseconds_to_open(server), 1000) << "and from then on nobody waits";
  server.command("pkill -CONT pinfold; touch /mnt/state/stop");
}

INSTANTIATE_TEST_SUITE_P(Signals, RespondsOrLetsGo,
                         testing::Values("pkill -STOP -x pinfold-answer", "pkill -STOP pinfold", "pkill -STOP -x pinfold-agent",
                                         "pkill -KILL -x pinfold-agent", "pkill -KILL -x pinfold-answer", "pkill -KILL -x pinfold-keeper"),
                         [](const auto& row) { return "Case" + std::to_string(row.index); });

TEST_F(Responder, ComesBackAfterItWasEnded) {
  LabServer server;
  START_OR_SKIP(server, "");
  server.command("pkill -STOP -x pinfold-answer; echo x > /tmp/held; echo RELEASED");
  ASSERT_TRUE(server.desk().wait_until([](const auto& told) { return told.tier.find("degraded: copies are made after opening") == 0; }, kPatience))
      << "the desk is told while it is away: " << server.desk().told().tier;
  ASSERT_TRUE(server.desk().wait_until([](const auto& told) { return told.tier == "exec: bpf"; }, kPatience)) << server.desk().told().tier;
  server.command("echo 'unlink $0;' > /dev/shm/again.pl; perl /dev/shm/again.pl </dev/null");
  ASSERT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/dev/shm/again.pl"); }, kPatience));
  EXPECT_EQ(finding_of(server.desk().told(), "/dev/shm/again.pl").evidence.files.size(), 1U) << "copies are made again";
}

TEST_F(Responder, TellsDropsOfServicesOnly) {
  LabServer server;
  START_OR_SKIP(server, "");
  const std::string php = (server.folder_inside() / "php-fpm8.2").string();
  server.command("cp /bin/dash " + php);
  server.command("cp /bin/ls /tmp/roots-own; printf '#!/bin/sh\\n:\\n' > /tmp/roots-script; chmod +x /tmp/roots-script");  // a person's business
  server.command(php + " -c 'cp /bin/ls /tmp/written; :'");
  server.command(php + " -c 'mkdir /tmp/deep; mkdir /tmp/deep/er; cp /bin/ls /tmp/deep/er/below; :'");
  server.command(php + " -c 'cp /bin/ls /mnt/state/elsewhere; mv /mnt/state/elsewhere /tmp/moved; :'");
  server.command(php + " -c 'cat /bin/ls > /tmp/later; chmod +x /tmp/later; :'");
  server.command(php + " -c 'echo \"#!/usr/bin/perl\" > /tmp/not-executable.pl; :'");
  server.command(php + " -c 'echo \"#!/bin/sh\" > /tmp/phpAb12Cd; echo \"a|s:1\" > /tmp/sess_0a1b; echo data > /tmp/report.csv; :'");
  for (const char* path : {"/tmp/written", "/tmp/deep/er/below", "/tmp/moved", "/tmp/later", "/tmp/not-executable.pl"}) {
    EXPECT_TRUE(server.desk().wait_until([&](const auto& told) { return tells(told, path); }, kPatience)) << path;
  }
  const auto told = server.desk().told();
  for (const abuse::Finding& f : told.findings) {
    EXPECT_EQ(f.kind, "dropped_in_tmp") << f.summary;
    const std::string path = fact(f, "script");
    EXPECT_EQ(path.find("roots"), std::string::npos) << path;
    EXPECT_EQ(path.find("php"), std::string::npos) << "an upload";
    EXPECT_EQ(path.find("sess_"), std::string::npos) << "a session";
    EXPECT_EQ(f.evidence.files.empty(), path == "/tmp/not-executable.pl") << path << ": what nobody may execute is told by its hash alone";
  }
  ASSERT_TRUE(tells(told, "/tmp/written"));
  EXPECT_NE(fact(finding_of(told, "/tmp/written"), "ancestry").find("php-fpm"), std::string::npos);
}

// The kernel makes one event of a creation and the writing that follows, where nobody read in between: that is still a file that appeared.
TEST_F(Responder, SeesAFileThatWasWrittenBeforeItsCreationWasRead) {
  const TemporaryFolder folder;
  for (const auto& open_drops : {open_fanotify_drops, open_inotify_drops}) {
    const auto drops = open_drops({folder.path().string()});
    if (!drops) {
      GTEST_SKIP() << drops.error();
    }
    const std::string path = (folder.path() / ("written-" + std::string((*drops)->name()))).string();
    std::ofstream(path) << "#!/bin/sh\n";
    std::vector<std::string> seen;
    (*drops)->drain([&](const DropEvent& event) { seen.push_back(event.path); });
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()), std::set<std::string>{path}) << (*drops)->name();
  }
}

TEST_F(Responder, NeverKeepsUploadsSessionsOrData) {
  LabServer server;
  START_OR_SKIP(server, "");
  const std::string php = (server.folder_inside() / "php8.2").string();
  server.command("cp /usr/bin/perl " + php);  // an interpreter under PHP's name, that opens what PHP opens
  server.command("echo '<?php upload' > /tmp/phpXy34Zw; echo 'user|s:5' > /tmp/sess_77; echo 'a;b' > /tmp/data.csv");
  server.command(php + " -e 'for (qw(/tmp/phpXy34Zw /tmp/sess_77 /tmp/data.csv)) { open(F, $_); local $/; <F>; }' </dev/null");
  server.command(
      "perl -e 'open(F, \"/tmp/data.csv\"); <F>' /tmp/data.csv </dev/null; sort < /tmp/data.csv >/dev/null; cat /tmp/data.csv | sort >/dev/null");
  server.command("echo 'print 1;' > /tmp/marker.pl; perl /tmp/marker.pl </dev/null >/dev/null");
  ASSERT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/tmp/marker.pl"); }, kPatience));
  EXPECT_EQ(scripts(server.desk().told()), (std::vector<std::string>{"/tmp/marker.pl"}));
  std::vector<std::string> kept;
  for (const auto& [hash, bytes] : server.desk().told().evidence) {
    kept.push_back(bytes);
  }
  EXPECT_EQ(kept, (std::vector<std::string>{"print 1;\n"}));
}

TEST_F(Responder, KeepsEvidenceUnreadableToOthers) {
  LabServer server;
  START_OR_SKIP(server, "");
  server.desk().answer_next(std::vector<unsigned>(50, 503));  // so that it stays in the spool
  server.command("cp /bin/true /tmp/kept; /tmp/kept");
  ASSERT_TRUE(server.desk().wait_until(
      [](const auto& told) { return std::any_of(told.order.begin(), told.order.end(), [](const auto& o) { return o.starts_with("PUT"); }); },
      kPatience));
  for (const auto& entry : std::filesystem::directory_iterator(server.folder() / "spool" / "evidence")) {
    EXPECT_EQ(entry.status().permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write) << "and nobody can execute it";
  }
  EXPECT_EQ(std::filesystem::status(server.folder() / "spool").permissions(), std::filesystem::perms::owner_all);
}

TEST_F(Responder, DeniesOnlyWhenItWasOrdered) {
  LabServer server;
  START_OR_SKIP(server, "--deny services");
  server.command("cp /bin/true /tmp/denied; chmod 755 /tmp/denied; echo 'print \"RAN\";' > /tmp/denied.pl; chmod 644 /tmp/denied.pl");
  EXPECT_EQ(server.ask("setpriv --reuid 33 --clear-groups /tmp/denied 2>/dev/null; echo STATUS $?", "STATUS"), "STATUS 126");
  EXPECT_EQ(server.ask("setpriv --reuid 33 --clear-groups perl /tmp/denied.pl >/dev/null 2>&1; echo STATUS $?", "STATUS"), "STATUS 1");
  EXPECT_EQ(server.ask("/tmp/denied; echo STATUS $?", "STATUS"), "STATUS 0") << "root is no service";
  EXPECT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/tmp/denied"); }, kPatience));
  EXPECT_NE(server.desk().told().tier.find("denies services"), std::string::npos);
}

TEST_F(Responder, DropsItsCapabilities) {
  LabServer server;
  START_OR_SKIP(server, "");
  // CAP_DAC_READ_SEARCH 2, CAP_SYS_PTRACE 19, CAP_BPF 39.
  EXPECT_EQ(server.ask("echo CAPS $(grep CapEff /proc/$(pgrep -o -x pinfold-agent)/status)", "CAPS"), "CAPS CapEff: 0000008000080004");
  EXPECT_EQ(server.ask("echo CAPS $(grep CapEff /proc/$(pgrep -x pinfold-answer)/status)", "CAPS"), "CAPS CapEff: 0000000000080004");
  EXPECT_EQ(server.ask("echo NNP $(grep NoNewPrivs /proc/$(pgrep -x pinfold-answer)/status)", "NNP"), "NNP NoNewPrivs: 1");
}

}  // namespace
}  // namespace pinfold::agent
