// The pure parts of the agent beside judge_test: messages, reach, floods, files, origins, drops, ancestors.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "agent/allow_list.hpp"
#include "agent/ancestors.hpp"
#include "agent/elf_kind.hpp"
#include "agent/finding.hpp"
#include "agent/flood.hpp"
#include "agent/origin.hpp"
#include "agent/temporary_folder.hpp"
#include "agent/watch/reach.hpp"
#include "agent/watch/sighting.hpp"
#include "base/crypto.hpp"

namespace pinfold::agent {
namespace {

Sighting sighting() {
  Sighting s;
  s.what = Sighting::What::Script;
  s.path = "/dev/shm/\xff\n.pl";
  s.pipe = "pipe:[7]";
  s.id = {11, 12};
  s.has_copy = true;
  s.lost = 3;
  s.restarts = 2;
  s.event.at = MonoTime{Nanos{99}};
  s.event.pid = 7;
  s.event.uid = 33;
  s.event.exe = "/usr/bin/perl";
  s.event.arguments = {"perl", "", "x"};
  s.event.ancestors = {{5, "sh", "sh -c x", "/usr/bin/dash"}, {1, "init", "", ""}};
  s.event.foreign_root = true;
  return s;
}

TEST(Sighting, ComesBackAsItWas) {
  EXPECT_EQ(decode_sighting(encode(sighting())), sighting());
  EXPECT_EQ(decode_sighting(encode(Sighting{})), Sighting{});
}

TEST(Sighting, ThatIsCutIsRefused) {
  const auto bytes = encode(sighting());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(decode_sighting(std::span(bytes).first(i))) << i;
  }
  auto wrong = bytes;
  wrong[0] = 99;
  EXPECT_FALSE(decode_sighting(wrong));
  for (std::size_t i = 0; i < bytes.size(); ++i) {  // whatever a byte becomes, nothing is read that is not there
    wrong = bytes;
    wrong[i] = 0xff;
    static_cast<void>(decode_sighting(wrong));
  }
}

TEST(Sighting, StaysWithinItsBound) {
  Sighting s = sighting();
  s.event.arguments.assign(kMaxArguments * 2, std::string(10'000, 'x'));
  s.path = std::string(10'000, 'y');
  const auto bytes = encode(s);
  EXPECT_LE(bytes.size(), kMaxSighting);
  const auto back = decode_sighting(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->event.arguments.size(), kMaxArguments);
}

TEST(Reach, IsTheFileSystemOnlyWhereAllOfItIsMounted) {
  const char* mountinfo =
      "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "22 21 0:5 / /dev/shm rw - tmpfs tmpfs rw\n"
      "23 21 8:1 /var/tmp /tmp rw - ext4 /dev/sda1 rw\n"
      "24 21 0:7 / /over rw - tmpfs tmpfs rw\n"
      "25 24 8:1 /elsewhere /over rw - ext4 /dev/sda1 rw\n";
  EXPECT_EQ(reach_of(mountinfo, "/dev/shm"), Reach::FileSystem);
  EXPECT_EQ(reach_of(mountinfo, "/tmp"), Reach::Directories) << "a bind mount of a part";
  EXPECT_EQ(reach_of(mountinfo, "/var/tmp"), Reach::Directories) << "no mount of its own";
  EXPECT_EQ(reach_of(mountinfo, "/over"), Reach::Directories) << "the last mount is the one that is seen";
  EXPECT_EQ(reach_of("", "/tmp"), Reach::Directories);
}

abuse::Finding flood_finding(int i) {
  abuse::Finding f;
  f.abuse_class = abuse::AbuseClass::MaliciousScript;
  f.kind = "run_from_tmp";
  f.summary = "x was run";
  f.evidence.facts = {{"script", "/tmp/" + std::to_string(i)}, {"user", "www-data"}};
  return f;
}

TEST(Flood, IsSummarisedNotSilenced) {
  Flood flood;
  const WallTime start{Seconds{1000}};
  std::uint64_t admitted = 0;
  for (int i = 0; i < 5000; ++i) {
    if (flood.admit(start)) {
      ++admitted;
    } else {
      flood.hold_back(flood_finding(i), start);
    }
  }
  EXPECT_EQ(admitted, Flood::kBurst);
  EXPECT_TRUE(flood.due(start).empty()) << "not yet";
  const auto due = flood.due(start + Flood::kSummaryEvery);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].evidence.facts[0], (std::pair<std::string, std::string>{"held back", "4600"})) << "each of them is counted";
  EXPECT_EQ(due[0].evidence.facts[1].second, "/tmp/400, /tmp/401, /tmp/402, /tmp/403, /tmp/404");
  EXPECT_TRUE(flood.due(start + Flood::kSummaryEvery * 2).empty()) << "and told once";
  EXPECT_TRUE(flood.admit(start + Flood::kInterval)) << "later there is room again";
}

TEST(Flood, KeepsItsGroupsBounded) {
  Flood flood;
  for (int i = 0; i < 1000; ++i) {
    abuse::Finding f = flood_finding(i);
    f.kind = std::to_string(i);
    flood.hold_back(f, WallTime{});
  }
  const auto due = flood.due(WallTime{}, true);
  EXPECT_LE(due.size(), Flood::kMaxGroups + 1);
  std::uint64_t told = 0;
  for (const auto& f : due) {
    told += std::stoull(f.evidence.facts[0].second);
  }
  EXPECT_EQ(told, 1000U);
}

TEST(AllowList, IsBelievedOnlyIfRootWroteIt) {
  const TemporaryFolder folder;
  const auto list = folder.path() / "allow";
  const std::string hash = sha256_hex("harmless");
  std::ofstream(list) << "# known\n" << sha256_hex("other") << "  other\n" << hash << "  x\n";
  if (geteuid() != 0) {
    GTEST_SKIP() << "needs root: the list is root's";
  }
  EXPECT_TRUE(is_allowed(list, hash));
  EXPECT_FALSE(is_allowed(list, sha256_hex("harmful")));
  std::filesystem::permissions(list, std::filesystem::perms::others_write, std::filesystem::perm_options::add);
  EXPECT_FALSE(is_allowed(list, hash)) << "anyone may have written it";
  EXPECT_FALSE(is_allowed(folder.path() / "missing", hash));
}

TEST(KindOfFile, TellsProgramsFromLibrariesAndData) {
  const auto start_of = [](const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(kElfHead, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
  };
  EXPECT_EQ(kind_of_file(start_of("/bin/sh")), FileKind::Program);
  EXPECT_EQ(kind_of_file("#!/bin/sh\n"), FileKind::Script);
  EXPECT_EQ(kind_of_file("a,b,c"), FileKind::Data);
  EXPECT_EQ(kind_of_file(""), FileKind::Data);
  EXPECT_EQ(kind_of_file("\x7f"
                         "ELF"),
            FileKind::Data)
      << "too short to be one";
  for (const char* library : {"/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6"}) {
    if (std::ifstream(library)) {
      EXPECT_EQ(kind_of_file(start_of(library)), FileKind::Library) << library;
    }
  }
}

TEST(Origin, IsReadFromControlGroupsAndCgi) {
  using namespace std::string_view_literals;
  Origin origin;
  read_cgroup("0::/system.slice/php8.2-fpm.service\n", origin);
  EXPECT_EQ(origin.unit, "php8.2-fpm.service");
  origin = {};
  const std::string id(64, 'a');
  read_cgroup("0::/system.slice/docker-" + id + ".scope", origin);
  EXPECT_EQ(origin.container, "docker " + id);
  origin = {};
  read_cgroup("9:name=systemd:/docker/" + id + "\n", origin);
  EXPECT_EQ(origin.container, "container " + id);
  origin = {};
  read_cgi("SECRET=x\0HTTP_HOST=www.example.net\0REQUEST_URI=/up.php?key=s\0DOCUMENT_ROOT=/srv/www\0"sv, origin);
  EXPECT_EQ(origin, (Origin{{}, {}, "www.example.net", "/srv/www", "/up.php"})) << "without the query, and nothing else";
}

TEST(RoleOf, ExcusesOnlyProgramsOfTheSystem) {
  struct Row {
    Process process;
    Role role;
  };
  const Row rows[] = {
      {{1, "php-fpm8.2", "php-fpm: pool www", "/usr/sbin/php-fpm8.2"}, Role::Php},
      {{1, "php", "php /usr/bin/composer install", "/usr/bin/php8.2"}, Role::Package},
      {{1, "php", "php /var/www/composer", "/usr/bin/php8.2"}, Role::Php},
      {{1, "apache2", "", "/usr/sbin/apache2"}, Role::Web},
      {{1, "apache2", "", "/tmp/apache2"}, Role::Web},
      {{1, "cc1", "", "/usr/lib/gcc/x86_64-linux-gnu/12/cc1"}, Role::Build},
      {{1, "gcc", "", "/usr/bin/x86_64-linux-gnu-gcc-12"}, Role::Build},
      {{1, "make", "", "/tmp/make"}, Role::Other},
      {{1, "make", "sh /tmp/make", "/usr/bin/dash"}, Role::Other},
      {{1, "mkinitramfs", "/bin/sh /usr/sbin/mkinitramfs -o x", "/usr/bin/dash"}, Role::Package},
      {{1, "pip", "python3 -m pip install x", "/usr/bin/python3.11"}, Role::Package},
      {{1, "sshd", "sshd: bob", "/usr/sbin/sshd"}, Role::Login},
      {{1, "sshd", "sshd: bob", "/tmp/sshd"}, Role::Other},
      {{1, "cron", "", ""}, Role::Cron},
      {{1, "java", "java -jar /srv/agent.jar", "/usr/lib/jvm/java-17/bin/java"}, Role::Build},
      {{1, "java", "java org.apache.catalina.startup.Bootstrap", "/usr/lib/jvm/java-17/bin/java"}, Role::Web},
      {{1, "cpsrvd", "", "/usr/local/cpanel/cpsrvd"}, Role::Panel},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(title(role_of(row.process)), title(row.role)) << row.process.exe << " " << row.process.command_line;
  }
}

Drop drop(const char* path, std::uint32_t uid, std::vector<Process> ancestors, bool executable = true) {
  Drop d;
  d.path = path;
  d.writer.pid = 7;
  d.writer.uid = uid;
  d.writer.exe = "/usr/bin/cp";
  d.writer.arguments = {"cp"};
  d.writer.ancestors = std::move(ancestors);
  d.executable = executable;
  d.is_program = true;
  return d;
}

TEST(JudgeDrop, AccusesServersNotPeople) {
  const Process php{5, "php-fpm8.2", "php-fpm: pool www", "/usr/sbin/php-fpm8.2"};
  const Process sshd{5, "sshd", "sshd: bob", "/usr/sbin/sshd"};
  const Process apt{5, "apt-get", "apt-get install", "/usr/bin/apt-get"};
  const auto told = [](const Drop& d) {
    const auto judgement = judge_drop(d);
    return judgement && judgement->confidence.percent >= kTold;
  };
  EXPECT_TRUE(told(drop("/tmp/x", 33, {php})));
  EXPECT_FALSE(told(drop("/tmp/x", 33, {php}, false))) << "nobody can execute it";
  EXPECT_TRUE(told(drop("/tmp/x", 33, {})));
  EXPECT_FALSE(told(drop("/tmp/x", 0, {}))) << "root's own";
  EXPECT_FALSE(told(drop("/tmp/x", 1000, {sshd})));
  EXPECT_FALSE(told(drop("/tmp/x", 0, {apt})));
  EXPECT_FALSE(told(drop("/tmp/x", 100, {apt}))) << "_apt";
  EXPECT_TRUE(told(drop("/dev/shm/x", 0, {})));
  EXPECT_FALSE(told(drop("/dev/shm/x", 1000, {sshd})));
  EXPECT_TRUE(told(drop("/tmp/.x", 0, {})));
  Drop library = drop("/tmp/libnetty.so", 110, {{5, "java", "java Main", "/usr/lib/jvm/java-17/bin/java"}});
  library.is_library = true;
  EXPECT_FALSE(told(library)) << "Java unpacks its libraries";
  EXPECT_TRUE(is_build_product(drop("/tmp/a.out", 0, {{5, "gcc", "", "/usr/bin/x86_64-linux-gnu-gcc-12"}})));
  EXPECT_FALSE(is_build_product(drop("/tmp/a.out", 33, {{5, "gcc", "", "/usr/bin/x86_64-linux-gnu-gcc-12"}, php})));
}

TEST(IsCustomersData, KnowsPhpsOwnNames) {
  EXPECT_TRUE(is_customers_data("/tmp/phpA1b2C3"));
  EXPECT_TRUE(is_customers_data("/tmp/sess_0123456789abcdef"));
  EXPECT_FALSE(is_customers_data("/tmp/phpshell.php"));
  EXPECT_FALSE(is_customers_data("/tmp/php"));
}

TEST(WeighRules, RaisesWhatWouldNotHaveBeenTold) {
  Judgement judgement;
  judgement.confidence.percent = 30;
  judgement.severity = abuse::Severity::Low;
  weigh_rules(judgement, {});
  EXPECT_LT(judgement.confidence.percent, kTold);
  weigh_rules(judgement, {"irc_bot"});
  EXPECT_GE(judgement.confidence.percent, kTold);
  EXPECT_EQ(judgement.severity, abuse::Severity::High);
  weigh_rules(judgement, {"a", "b", "c"});
  EXPECT_LE(judgement.confidence.percent, 99);
}

TEST(Annotate, AddsTheFlowsToTheScriptsFinding) {
  RunTable runs(Seconds{60}, Seconds{10});
  abuse::Finding f = flood_finding(1);
  const auto told = runs.add(f, WallTime{});
  ASSERT_TRUE(told);
  EXPECT_TRUE(runs.annotate(told->id, {{"destinations", "64"}}, WallTime{Seconds{5}}));
  const auto due = runs.due(WallTime{Seconds{10}});
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].id, told->id);
  EXPECT_EQ(due[0].last_seen, WallTime{Seconds{5}});
  EXPECT_EQ(due[0].evidence.facts.back(), (std::pair<std::string, std::string>{"destinations", "64"}));
  EXPECT_FALSE(runs.annotate(FindingId{"host-0"}, {}, WallTime{}));
}

}  // namespace
}  // namespace pinfold::agent
