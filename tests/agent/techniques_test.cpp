// Known techniques as harmless acts, and the table of docs/evaluation/host-techniques.md that says what becomes of them.
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "agent/in_namespaces.hpp"
#include "support/shared_data.hpp"

namespace pinfold::agent {
namespace {

struct Row {
  const char* key;       ///< as the table calls it
  const char* commands;  ///< by a shell below /tmp; $PHP, $MYSQLD and $CRON are shells that go by a server's name
  const char* expected;  ///< a finding's "script"; "class kind" if it holds a blank; empty: nothing may be told of `absent`
  const char* absent = "";
};

const Row kRows[] = {
    {"program", "cp /bin/true /tmp/program; /tmp/program", "/tmp/program"},
    {"padded", "cp /bin/true /tmp/padded; echo x >> /tmp/padded; truncate -s +1 /tmp/padded; /tmp/padded", "/tmp/padded"},
    {"shm", "cp /bin/true /dev/shm/shm; /dev/shm/shm", "/dev/shm/shm"},
    {"symlink", "cp /bin/true /dev/shm/target; ln -s /dev/shm/target /mnt/link; /mnt/link", "/dev/shm/target"},
    {"script", "printf '#!/bin/sh\\n:\\n' > /tmp/script.sh; chmod +x /tmp/script.sh; /tmp/script.sh", "/tmp/script.sh"},
    {"self_deleting", "echo 'unlink $0;' > /dev/shm/gone.pl; perl /dev/shm/gone.pl", "/dev/shm/gone.pl"},
    {"decoded", "echo OiBzY3JpcHQK | base64 -d > /tmp/art.sh; sh /tmp/art.sh", "/tmp/art.sh"},
    {"downloaded", "cat /bin/true > /tmp/fetched; chmod +x /tmp/fetched; /tmp/fetched", "/tmp/fetched"},
    {"unpacked", "mkdir p; cp /bin/true p/payload; tar cf p.tar p; rm -r p; tar xf p.tar; p/payload", "/tmp/p/payload"},
    {"renamed", "cp /bin/dash /tmp/crond; /tmp/crond -c :", "/tmp/crond"},
    {"space", "mkdir '/tmp/dir '; cp /bin/true '/tmp/dir /init '; '/tmp/dir /init '", "/tmp/dir /init "},
    {"extension", "echo : > /tmp/photo.jpg; sh /tmp/photo.jpg", "/tmp/photo.jpg"},
    {"three_dots", "mkdir /tmp/...; cp /bin/true /tmp/.../sh; /tmp/.../sh", "/tmp/.../sh"},
    {"nohup", "cp /bin/true /tmp/nohupped; nohup /tmp/nohupped", "/tmp/nohupped"},
    {"fifo", "mkfifo /tmp/f; (sh /tmp/reader.sh < /tmp/f) & echo : > /tmp/reader.sh; echo : > /tmp/f; wait; sh /tmp/reader.sh", "/tmp/reader.sh"},
    {"memfd",
     "perl -e '$n=\"x\"; $f=syscall(319,$n,0); open(O,\">&=$f\"); open(I,\"</bin/true\"); binmode O; local $/; print O <I>; O->flush(); "
     "exec(\"/proc/$$/fd/$f\");'",
     "memfd:x"},
    {"hidden_drop", "mkdir /tmp/.cache-x; cp /bin/true /tmp/.cache-x/.tool", "/tmp/.cache-x/.tool"},
    {"chmod_by_service", "$PHP -c 'cat /bin/true > /tmp/by-service; chmod 755 /tmp/by-service; :'", "/tmp/by-service"},
    {"chmod_by_person", "cat /bin/true > /tmp/by-person; chmod 755 /tmp/by-person", "", "/tmp/by-person"},
    {"compiled_by_service", "echo 'int main(void){return 0;}' > c.c; $PHP -c 'gcc c.c -o by-php && ./by-php; :'", "/tmp/by-php"},
    {"compiled_by_person", "echo 'int main(void){return 0;}' > c.c; gcc c.c -o by-me && ./by-me", "", "/tmp/by-me"},
    {"pipe_by_service", "$PHP -c 'echo : | sh; :'", "malicious_script run_from_pipe"},
    {"pipe_by_person", "echo : | dash", "", "(a pipe)"},
    {"socket_shell", R"(perl -e 'use Socket; socketpair(A, B, AF_UNIX, SOCK_STREAM, 0); syswrite A, ":\n"; open(STDIN, "<&B"); exec "sh", "-i"')",
     "(a network connection)"},
    {"by_service", "echo : > /tmp/web.sh; $PHP -c 'sh /tmp/web.sh; :'", "/tmp/web.sh"},
    {"by_database", "echo : > /tmp/udf.sh; $MYSQLD -c 'sh /tmp/udf.sh; :'", "/tmp/udf.sh"},
    {"by_cron", "echo : > /tmp/job.sh; $CRON -c 'sh /tmp/job.sh; :'", "/tmp/job.sh"},
    {"service_user", "echo : > /tmp/user.sh; setpriv --reuid 33 --clear-groups sh /tmp/user.sh", "/tmp/user.sh"},
    {"scan",
     "echo 'use Socket; for my $i (1..64) { socket(my $s, PF_INET, SOCK_STREAM, 6); connect($s, sockaddr_in(23, inet_aton(\"198.18.8.$i\"))); } "
     "sleep 1' > /tmp/scan.pl; "
     "unshare --net perl /tmp/scan.pl",
     "port_scan horizontal"},
    {"mailer",
     "echo 'use Socket; for my $i (1..64) { socket(my $s, PF_INET, SOCK_STREAM, 6); connect($s, sockaddr_in(25, inet_aton(\"198.18.9.$i\"))); } "
     "sleep 1' > /tmp/mailer.pl; "
     "unshare --net perl /tmp/mailer.pl",
     "spam smtp"},
    {"udp_flood",
     "echo 'use Socket; socket(my $u, PF_INET, SOCK_DGRAM, 17); for (1..5000) { send($u, \"x\", 0, sockaddr_in(80, inet_aton(\"198.18.9.1\"))); } "
     "sleep 1' > /tmp/udp.pl; "
     "unshare --net perl /tmp/udp.pl",
     "flood udp"},
    {"packet_socket", "echo 'socket(my $p, 17, 3, 0x0300) or exit; sleep 7' > /tmp/sniff.pl; perl /tmp/sniff.pl", "malicious_script packet_socket"},
};

bool is_told(const FakeDesk::Told& told, std::string_view expected) {
  return std::any_of(told.findings.begin(), told.findings.end(), [&](const abuse::Finding& f) {
    return fact(f, "script") == expected || fmt::format("{} {}", abuse::to_string(f.abuse_class), f.kind) == expected;
  });
}

using Techniques = AgentInNamespaces;

TEST_F(Techniques, AreToldAsTheTableSays) {
  LabServer server;
  START_OR_SKIP(server, "");
  server.command(
      "cp /bin/dash /mnt/state/php-fpm8.2; cp /bin/dash /mnt/state/mysqld; cp /bin/dash /mnt/state/cron; PHP=/mnt/state/php-fpm8.2; "
      "MYSQLD=/mnt/state/mysqld; CRON=/mnt/state/cron");
  for (const Row& row : kRows) {
    server.command("( cd /tmp; " + std::string(row.commands) + " ) </dev/null >/dev/null 2>&1");
  }
  for (const Row& row : kRows) {
    if (*row.expected != '\0') {
      EXPECT_TRUE(server.desk().wait_until([&](const auto& told) { return is_told(told, row.expected); }, kPatience)) << row.key;
    }
  }
  const auto told = server.desk().told();
  for (const Row& row : kRows) {
    if (*row.absent == '\0') {
      continue;
    }
    for (const abuse::Finding& f : told.findings) {
      EXPECT_FALSE(fact(f, "script") == row.absent && fact(f, "ancestry").find("php") == std::string::npos) << row.key << ": " << f.summary;
    }
  }
  ASSERT_TRUE(is_told(told, "/tmp/crond"));
  EXPECT_NE(fact(finding_of(told, "/tmp/crond"), "signs").find("calls itself /tmp/crond"), std::string::npos);
}

std::vector<std::vector<std::string>> table_rows() {
  std::ifstream file(PINFOLD_SOURCE_DIR "/docs/evaluation/host-techniques.md");
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| ") || line.starts_with("| technique") || line.starts_with("| rule")) {
      continue;
    }
    std::vector<std::string> cells;
    for (const std::string_view cell : split(std::string_view(line).substr(1), '|')) {
      cells.emplace_back(trim(cell));
    }
    rows.push_back(cells);
  }
  return rows;
}

TEST(TechniquesTable, NamesTheTestsThatShowIt) {
  std::set<std::string> keys;
  for (const Row& row : kRows) {
    keys.insert(row.key);
  }
  const auto rows = table_rows();
  ASSERT_GT(rows.size(), 90U);
  std::set<std::string> named;
  for (const auto& row : rows) {
    ASSERT_GE(row.size(), 4U);
    const std::string& verdict = row[2];
    EXPECT_TRUE(verdict == "seen" || verdict == "service" || verdict == "partly" || verdict == "no") << row[1] << ": " << verdict;
    std::string words = row[3];
    std::replace_if(
        words.begin(), words.end(), [](char c) { return c == ',' || c == ':' || c == '(' || c == ')' || c == ';'; }, ' ');
    std::set<std::string> shown;
    for (const std::string_view word : split(words, ' ')) {
      if (keys.count(std::string(word)) > 0) {
        shown.insert(std::string(word));
      }
    }
    EXPECT_TRUE((verdict != "seen" && verdict != "service") || !shown.empty()) << row[1] << ": no test shows it";
    EXPECT_TRUE(verdict != "service" || shown.size() == 2) << row[1] << ": both sides are to be shown";
    named.insert(shown.begin(), shown.end());
  }
  for (const std::string& key : keys) {
    EXPECT_TRUE(named.count(key) > 0) << key << " is in no row of the table";
  }
}

TEST(TechniquesTable, NamesOnlyWhatTheCollectionsHold) {
  const std::filesystem::path host = test::shared_data("host");
  if (!std::filesystem::exists(host)) {
    GTEST_SKIP() << "the collections are not at hand";
  }
  std::string everything;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(host)) {
    const std::string name = entry.path().extension().string();
    if (entry.is_regular_file() && (name == ".yml" || name == ".yaml")) {
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      everything += text.str();
    }
  }
  for (const auto& row : table_rows()) {
    EXPECT_TRUE(row[1].starts_with("(") || everything.find(row[1]) != std::string::npos) << row[1];
  }
}

}  // namespace
}  // namespace pinfold::agent
