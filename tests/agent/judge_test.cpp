#include "agent/judge.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "agent/bpf/exec_record.h"
#include "agent/mask.hpp"
#include "agent/sensor/exec_sensor.hpp"

namespace pinfold::agent {
namespace {

using Words = std::vector<std::string>;

ExecEvent event(std::string exe, Words arguments, std::string cwd = "/") {
  ExecEvent e;
  e.pid = 100;
  e.uid = 1000;
  e.exe = std::move(exe);
  e.arguments = std::move(arguments);
  e.cwd = std::move(cwd);
  return e;
}

const Process kPhp{90, "php8.2", "php -S 192.0.2.11:80 -t /srv/www", "/usr/bin/php8.2"};
const Process kShell{95, "sh", "sh -c perl /dev/shm/x.pl", "/usr/bin/dash"};
const Process kInit{1, "systemd", "/sbin/init", "/usr/lib/systemd/systemd"};

TEST(Mask, HidesSecretsAndNothingElse) {
  struct Row {
    const char* name;
    Words in;
    Words out;
  };
  const Row rows[] = {
      {"option with value", {"x", "--password=hunter2"}, {"x", "--password=***"}},
      {"option, then value", {"x", "--db-password", "hunter2", "file"}, {"x", "--db-password", "***", "file"}},
      {"option, then option", {"x", "--auth", "--verbose"}, {"x", "--auth", "--verbose"}},
      {"mysql's attached", {"/usr/bin/mysqldump", "-pSECRET", "db"}, {"/usr/bin/mysqldump", "-p***", "db"}},
      {"another program's -p", {"nmap", "-p80", "192.0.2.1"}, {"nmap", "-p80", "192.0.2.1"}},
      {"environment", {"env", "AWS_SECRET_ACCESS_KEY=abc"}, {"env", "AWS_SECRET_ACCESS_KEY=***"}},
      {"URL", {"curl", "https://bob:pw@example.net/x"}, {"curl", "https://bob:***@example.net/x"}},
      {"URL with an @ in its path", {"curl", "https://example.net:8080/@x"}, {"curl", "https://example.net:8080/@x"}},
      {"header", {"curl", "-H", "Authorization: Bearer abc"}, {"curl", "-H", "Authorization:***"}},
      {"ordinary", {"perl", "/dev/shm/x.pl", "192.0.2.0/24", "port=22"}, {"perl", "/dev/shm/x.pl", "192.0.2.0/24", "port=22"}},
      {"nothing", {}, {}},
      {"a lone option at the end", {"x", "--token"}, {"x", "--token"}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(mask_secrets(row.in), row.out) << row.name;
  }
}

TEST(ScriptArgument, FollowsEachInterpretersOptions) {
  struct Row {
    const char* interpreter;
    Words arguments;
    std::optional<std::string> script;
  };
  const Row rows[] = {
      {"perl", {"perl", "/dev/shm/x.pl", "a"}, "/dev/shm/x.pl"},
      {"perl", {"perl", "-w", "-T", "x.pl"}, "x.pl"},
      {"perl", {"perl", "-e", "print 1", "/tmp/data"}, std::nullopt},
      {"perl", {"perl", "--", "x.pl"}, "x.pl"},
      {"perl", {"perl"}, std::nullopt},
      {"perl", {"perl", "-"}, std::nullopt},
      {"sh", {"sh", "-c", "ls", "/tmp/x"}, std::nullopt},
      {"bash", {"bash", "-xc", "ls"}, std::nullopt},
      {"bash", {"bash", "--norc", "-o", "pipefail", "/tmp/x.sh"}, "/tmp/x.sh"},
      {"php", {"php", "-S", "192.0.2.11:80", "-t", "/tmp/www"}, std::nullopt},
      {"php", {"php", "-S", "192.0.2.11:80", "-t", "/srv", "/tmp/router.php"}, "/tmp/router.php"},
      {"php", {"php", "-f", "/tmp/x.php"}, "/tmp/x.php"},
      {"python", {"python3", "-m", "http.server", "/tmp"}, std::nullopt},
      {"python", {"python3", "-u", "/tmp/x.py"}, "/tmp/x.py"},
      {"busybox", {"busybox", "sh", "/tmp/x.sh"}, "/tmp/x.sh"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(script_argument(row.interpreter, row.arguments), row.script) << row.interpreter << " " << row.arguments.back();
  }
}

TEST(FindSubject, TellsWhatWasRunFromWhatWasOnlyNamed) {
  const WatchedPaths watched = default_watched_paths();
  const auto path = [&](const ExecEvent& e) {
    const auto subject = find_subject(e, watched);
    return subject ? subject->path : std::string("-");
  };
  EXPECT_EQ(path(event("/usr/bin/perl", {"perl", "/dev/shm/x.pl"})), "/dev/shm/x.pl");
  EXPECT_EQ(path(event("/usr/bin/perl", {"perl", "x.pl"}, "/dev/shm/.a")), "/dev/shm/.a/x.pl");
  EXPECT_EQ(path(event("/usr/bin/perl", {"perl", "../tmp/x.pl"}, "/home")), "/tmp/x.pl");
  EXPECT_EQ(path(event("/usr/bin/perl", {"perl", "/tmp/../home/x.pl"})), "-");
  EXPECT_EQ(path(event("/usr/bin/perl", {"perl", "/tmpfiles/x.pl"})), "-");
  EXPECT_EQ(path(event("/usr/bin/python3.11", {"python3", "/var/tmp/x.py"})), "/var/tmp/x.py");
  EXPECT_EQ(path(event("/usr/bin/cat", {"cat", "/tmp/x"})), "-");
  EXPECT_EQ(path(event("/tmp/.x", {"./.x"})), "/tmp/.x");

  ExecEvent bound = event("/home/bob/shm/x", {"x"});  // a bind mount of /dev/shm
  bound.exe_watched = true;
  EXPECT_EQ(path(bound), "/home/bob/shm/x");

  ExecEvent memory = event("/memfd:kworker", {"[kworker]"});
  memory.exe_unlinked = true;
  EXPECT_EQ(find_subject(memory, watched)->how, Subject::How::Memory);
  ExecEvent upgraded = event("/usr/sbin/nginx", {"nginx"});  // replaced under a running daemon
  upgraded.exe_unlinked = true;
  EXPECT_EQ(path(upgraded), "-");

  ExecEvent piped = event("/usr/bin/perl", {"perl"});
  piped.standard_input = "/dev/shm/x.pl";
  EXPECT_EQ(find_subject(piped, watched)->how, Subject::How::StandardInput);
  piped.arguments = {"perl", "/usr/bin/tool"};  // its input is data
  EXPECT_EQ(path(piped), "-");
}

Subject script(const std::string& path) { return {Subject::How::Script, path, "perl"}; }

TEST(Judge, IsSurestWhenAWebServerStartedIt) {
  ExecEvent e = event("/usr/bin/perl", {"perl", "/dev/shm/x.pl"});
  e.uid = 33;
  e.ancestors = {kShell, kPhp, kInit};
  const auto judgement = judge(script("/dev/shm/x.pl"), e);
  ASSERT_TRUE(judgement);
  EXPECT_EQ(judgement->kind, "run_from_tmp");
  EXPECT_EQ(judgement->severity, abuse::Severity::High);
  EXPECT_EQ(judgement->confidence.percent, 90);
  EXPECT_EQ(judgement->started_by, "php (php -S 192.0.2.11:80 -t /srv/www)");

  e.ancestors = {kShell, kInit};
  EXPECT_EQ(judge(script("/dev/shm/x.pl"), e)->confidence.percent, 75) << "a service's user";
  e.uid = 1000;
  EXPECT_EQ(judge(script("/dev/shm/x.pl"), e)->confidence.percent, 50);
  EXPECT_EQ(judge(script("/dev/shm/.x.pl"), e)->confidence.percent, 55) << "hidden";
  e.ancestors = {kShell, {50, "sshd", "sshd: bob", "/usr/sbin/sshd"}, kInit};
  EXPECT_EQ(judge(script("/dev/shm/x.pl"), e)->severity, abuse::Severity::Low) << "a person at work";
}

TEST(Judge, LetsBuildsAndPackagesBe) {
  ExecEvent e = event("/usr/bin/perl", {"perl", "/tmp/debconf.pl"});
  e.ancestors = {kShell, {80, "dpkg", "dpkg -i", "/usr/bin/dpkg"}, kInit};
  EXPECT_FALSE(judge(script("/tmp/debconf.pl"), e));
  e.ancestors = {{80, "make", "make", "/usr/bin/make"}, kInit};
  EXPECT_FALSE(judge(script("/tmp/conftest.pl"), e));
  e.ancestors = {kInit};
  EXPECT_FALSE(judge(script("/tmp/build/configure"), e));
}

TEST(Judge, IsNotFooledByABorrowedName) {
  ExecEvent e = event("/usr/bin/perl", {"perl", "/tmp/x.pl"});
  e.ancestors = {{80, "make", "make", "/tmp/make"}, kInit};
  EXPECT_TRUE(judge(script("/tmp/x.pl"), e)) << "a make that is not the system's";
  e.ancestors = {{80, "make", "make", "/usr/bin/make"}, kPhp, kInit};
  EXPECT_TRUE(judge(script("/tmp/x.pl"), e)) << "a build that a web server began";
  e.ancestors = {kPhp};
  EXPECT_TRUE(judge(script("/tmp/configure"), e));
}

TEST(AncestryText, ReadsFromTheScriptToTheService) {
  ExecEvent e = event("/usr/bin/perl", {"perl", "/dev/shm/x.pl"});
  e.ancestors = {kShell, kPhp, kInit};
  EXPECT_EQ(ancestry_text(script("/dev/shm/x.pl"), e), "perl ← sh ← php -S 192.0.2.11:80 -t /srv/www");
  e.ancestors = {{9, "evil\x1b[2J", "", ""}};
  EXPECT_EQ(ancestry_text({Subject::How::Program, "/tmp/x", ""}, e), "x ← evil\\x1b[2J");
}

std::vector<std::uint8_t> bytes_of(const ExecRecord& record) {
  std::vector<std::uint8_t> bytes(sizeof(record));
  std::memcpy(bytes.data(), &record, sizeof(record));
  return bytes;
}

template <std::size_t N>
unsigned fill(char (&field)[N], std::string_view text) {
  std::memcpy(field, text.data(), text.size());
  return static_cast<unsigned>(text.size());
}

TEST(ExecRecord, IsDecoded) {
  using namespace std::string_view_literals;
  ExecRecord record{};
  record.mono_ns = 5;
  record.pid = 7;
  record.uid = 33;
  record.reasons = PINFOLD_SCRIPT_WATCHED | PINFOLD_FOREIGN_ROOT;
  record.exe_bytes = fill(record.exe, "perl\0bin\0usr\0"sv);
  record.cwd_bytes = fill(record.cwd, "/\0"sv);
  record.argv_bytes = fill(record.argv, "perl\0/dev/shm/x.pl\0cut"sv);
  record.ancestor_count = 2;
  record.ancestors[0] = {6, "sh"};
  fill(record.ancestors[1].comm, "sixteen-letters!"sv);  // no room for a NUL
  const auto e = decode_exec_record(bytes_of(record));
  ASSERT_TRUE(e);
  EXPECT_EQ(e->exe, "/usr/bin/perl");
  EXPECT_EQ(e->cwd, "/");
  EXPECT_EQ(e->arguments, (Words{"perl", "/dev/shm/x.pl", "cut"}));
  EXPECT_EQ(e->ancestors[0], (Process{6, "sh", "", ""}));
  EXPECT_EQ(e->ancestors[1].comm, "sixteen-letters!");
  EXPECT_TRUE(e->foreign_root);
  EXPECT_FALSE(e->exe_watched);
}

TEST(ExecRecord, WithAnImpossibleLengthIsRefused) {
  ExecRecord record{};
  ASSERT_TRUE(decode_exec_record(bytes_of(record)));
  EXPECT_FALSE(decode_exec_record(std::vector<std::uint8_t>(offsetof(ExecRecord, argv) - 1)));
  record.argv_bytes = PINFOLD_EXEC_ARGV + 1;
  EXPECT_FALSE(decode_exec_record(bytes_of(record)));
  record.argv_bytes = 8;
  auto cut = bytes_of(record);
  cut.resize(offsetof(ExecRecord, argv) + 7);
  EXPECT_FALSE(decode_exec_record(cut)) << "fewer arguments than it says";
  record.argv_bytes = 0;
  record.ancestor_count = PINFOLD_EXEC_ANCESTORS + 1;
  EXPECT_FALSE(decode_exec_record(bytes_of(record)));
  record.ancestor_count = 0;
  record.exe_bytes = 0xFFFFFFFF;
  EXPECT_FALSE(decode_exec_record(bytes_of(record)));
}

// The kernel looks a name up only where its first three letters' bit is set (exec_filter.bpf.h), and cuts it at the first digit or dot.
TEST(ExecRecord, EveryVersionOfAnInterpreterHasTheHintOfItsName) {
  const auto hint = [](std::string name) {
    name.resize(std::max<std::size_t>(name.size(), 3));
    const std::array<unsigned char, 3> letters{static_cast<unsigned char>(name[0]), static_cast<unsigned char>(name[1]),
                                               static_cast<unsigned char>(name[2])};
    return name_hint(letters.data());
  };
  for (const std::string_view name : interpreter_names()) {
    for (const char* version : {"3", "3.11", ".distrib", "0-x", "9"}) {
      EXPECT_EQ(hint(std::string(name) + version), hint(std::string(name))) << name << version;
    }
  }
  EXPECT_NE(hint("true"), hint("sh"));
}

}  // namespace
}  // namespace pinfold::agent
