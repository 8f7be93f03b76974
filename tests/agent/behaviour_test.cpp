// Processes that scan, flood and send mail, by real system calls in network namespaces without a way out; and the pure judgement of counts.
#include "agent/behaviour/connections.hpp"

#include <cstring>

#include "agent/behaviour/connection_sensor.hpp"
#include "agent/bpf/connect_record.h"
#include "agent/in_namespaces.hpp"

namespace pinfold::agent {
namespace {

Connections counts(std::uint32_t destinations, std::uint32_t tcp, std::uint32_t udp, std::vector<std::uint16_t> ports) {
  Connections c;
  c.destinations = destinations;
  c.tcp_calls = tcp;
  c.udp_calls = udp;
  c.ports = static_cast<std::uint32_t>(ports.size());
  c.port_list = std::move(ports);
  return c;
}

TEST(JudgeConnections, KnowsWorkFromAbuse) {
  struct Row {
    const char* name;
    Trust trust;
    Connections connections;
    const char* expected;  ///< "class kind", "-" for nothing
  };
  Connections vertical = counts(1, 500, 0, {1, 2, 3, 4, 5, 6, 7, 8});
  vertical.ports = 500;
  Connections block = counts(64, 2000, 0, {1, 2, 3, 4, 5, 6, 7, 8});
  block.ports = 32;
  const Row rows[] = {
      {"a reported script scans", Trust::Reported, counts(16, 16, 0, {22}), "port_scan horizontal"},
      {"a reported script asks one server", Trust::Reported, counts(1, 3, 0, {443}), "-"},
      {"a reported script tries all ports", Trust::Reported, vertical, "port_scan vertical"},
      {"a reported script tries all of a block", Trust::Reported, block, "port_scan block"},
      {"a reported script sends mail", Trust::Reported, counts(32, 40, 20, {25, 53}), "spam smtp"},
      {"a reported script floods", Trust::Reported, counts(1, 0, 4096, {27015}), "flood udp"},
      {"a reported script opens and opens", Trust::Reported, counts(1, 4096, 0, {80}), "flood syn"},
      {"a reported script guesses passwords", Trust::Reported, counts(8, 4096, 0, {22}), "brute_force ssh"},
      {"PHP floods", Trust::Strangers, counts(1, 0, 8192, {80}), "flood udp"},
      {"PHP sends mail by itself", Trust::Strangers, counts(16, 20, 0, {25}), "spam smtp"},
      {"PHP uses its mail relay", Trust::Strangers, counts(1, 500, 0, {587}), "-"},
      {"PHP asks its database all day", Trust::Strangers, counts(1, 8192, 0, {3306}), "-"},
      {"a proxy in PHP's company", Trust::Strangers, counts(2, 65536, 0, {8080}), "-"},
      {"PHP fetches feeds", Trust::Strangers, counts(60, 200, 60, {53, 80, 443}), "-"},
      {"a package manager's script downloads", Trust::Script, counts(100, 400, 100, {53, 443}), "-"},
      {"a script scans", Trust::Script, counts(256, 256, 0, {23, 2323}), "port_scan horizontal"},
      {"a resolver in a script", Trust::Script, counts(4096, 0, 8192, {53}), "-"},
      {"a daemon of the system", Trust::System, counts(256, 1000, 0, {8333}), "-"},
      {"a mail server", Trust::Talker, counts(4096, 8192, 0, {25}), "-"},
      {"a resolver", Trust::Talker, counts(8192, 0, 65536, {53}), "-"},
  };
  for (const Row& row : rows) {
    const auto judgement = judge_connections(row.connections, row.trust, "/usr/bin/x");
    EXPECT_EQ(judgement ? std::string(abuse::to_string(judgement->abuse_class)) + " " + judgement->kind : "-", row.expected) << row.name;
  }
  EXPECT_TRUE(judge_connections(counts(64, 64, 0, {22}), Trust::System, "/usr/bin/nmap")) << "a scanner by name";
  Connections raw;
  raw.raw_only = true;
  EXPECT_FALSE(judge_connections(raw, Trust::System, "/usr/bin/ping"));
  EXPECT_EQ(judge_connections(raw, Trust::Reported, "/tmp/x")->kind, "raw_socket");
}

TEST(TrustOf, FollowsTheProgramAndItsAncestors) {
  const std::vector<Process> web{{5, "sh", "sh -c x", "/usr/bin/dash"}, {4, "apache2", "apache2 -k start", "/usr/sbin/apache2"}};
  EXPECT_EQ(trust_of("/usr/bin/perl", {}, true, false), Trust::Reported);
  EXPECT_EQ(trust_of("/usr/bin/perl", web, false, false), Trust::Strangers);
  EXPECT_EQ(trust_of("/usr/sbin/php-fpm8.2", {}, false, false), Trust::Strangers);
  EXPECT_EQ(trust_of("/usr/lib/postfix/sbin/smtp", {}, false, false), Trust::Talker);
  EXPECT_EQ(trust_of("/tmp/smtp", {}, false, false), Trust::Script) << "a borrowed name";
  EXPECT_EQ(trust_of("/home/bob/smtp", {}, false, true), Trust::Reported) << "deleted";
  EXPECT_EQ(trust_of("/usr/bin/python3.11", {}, false, false), Trust::Script);
  EXPECT_EQ(trust_of("/usr/bin/curl", {}, false, false), Trust::System);
}

TEST(ConnectRecord, IsDecodedOrRefused) {
  ConnectRecord record{};
  record.first_ns = 5;
  record.mono_ns = 9;
  record.pid = 7;
  record.family = 4;
  record.last_address[0] = 192;
  record.last_address[2] = 2;
  record.last_address[3] = 9;
  record.port_count = 2;
  record.port_list[0] = 80;
  record.port_list[1] = 22;
  const auto bytes = [&] {
    std::vector<std::uint8_t> b(sizeof(record));
    std::memcpy(b.data(), &record, sizeof(record));
    return b;
  };
  const auto c = decode_connect_record(bytes());
  ASSERT_TRUE(c);
  EXPECT_EQ(net::to_string(*c->example), "192.0.2.9");
  EXPECT_EQ(c->port_list, (std::vector<std::uint16_t>{22, 80}));
  record.port_count = PINFOLD_CONNECT_PORTS + 1;
  EXPECT_FALSE(decode_connect_record(bytes()));
  record.port_count = 0;
  record.family = 5;
  EXPECT_FALSE(decode_connect_record(bytes()));
  record.family = 0;
  record.mono_ns = 4;
  EXPECT_FALSE(decode_connect_record(bytes())) << "it ended before it began";
  EXPECT_FALSE(decode_connect_record({}));
}

TEST(PacketSockets, AreReadFromTheirTable) {
  EXPECT_EQ(
      packet_socket_inodes(
          "sk       RefCnt Type Proto  Iface R Rmem   User   Inode\n"
          "0000000000000000 3      3    0003   2     1 0      0      4711\n0000000000000000 3      3    0003   2     1 0      0      12\nshort\n"),
      (std::vector<std::uint64_t>{12, 4711}));
  EXPECT_TRUE(packet_socket_inodes("").empty());
}

using Behaviour = AgentInNamespaces;

/// In a network namespace of its own without a route: the calls are made and counted, and no packet leaves.
std::string nowhere(const std::string& command) { return "unshare --net " + command + " </dev/null >/dev/null 2>&1"; }

TEST_F(Behaviour, GivesAScanItsProcess) {
  LabServer server;
  START_OR_SKIP(server, "");
  server.command(
      "cat > /dev/shm/scan.pl <<'END'\nuse Socket; for my $i (1..200) { socket(my $s, PF_INET, SOCK_STREAM, 6); connect($s, sockaddr_in(22, "
      "inet_aton(\"198.18.0.$i\"))); }\nsleep 2;\nEND");
  server.command(nowhere("perl /dev/shm/scan.pl"));
  ASSERT_TRUE(server.desk().wait_until(
      [](const auto& told) {
        const auto* f = find_kind(told, abuse::AbuseClass::PortScan, "horizontal");
        const auto* script = find_kind(told, abuse::AbuseClass::MaliciousScript, "run_from_tmp");
        return f != nullptr && fact(*f, "destinations") == "128" && script != nullptr && fact(*script, "destinations") == "128";
      },
      kPatience));
  const auto told = server.desk().told();
  const abuse::Finding& scan = *find_kind(told, abuse::AbuseClass::PortScan, "horizontal");
  const abuse::Finding& script = *find_kind(told, abuse::AbuseClass::MaliciousScript, "run_from_tmp");
  EXPECT_EQ(fact(scan, "script"), "/dev/shm/scan.pl");
  EXPECT_EQ(fact(scan, "ports"), "1 (22)");
  EXPECT_EQ(fact(scan, "process"), fact(script, "process")) << "the join";
  EXPECT_EQ(fact(script, "ports"), "1 (22)") << "and the script's own finding says what it did";
  EXPECT_NE(fact(script, "first connection"), "(none)");
  EXPECT_EQ(script.evidence.files.size(), 1U);
}

TEST_F(Behaviour, TellsFloodsMailAndRawSockets) {
  LabServer server;
  START_OR_SKIP(server, "");
  server.command(
      "cat > /dev/shm/flood.pl <<'END'\nuse Socket; socket(my $u, PF_INET, SOCK_DGRAM, 17); for my $i (1..5000) { send($u, 'x', 0, "
      "sockaddr_in(27015, inet_aton('198.18.1.1'))); } sleep 1;\nEND");
  server.command(
      "cat > /dev/shm/mail.pl <<'END'\nuse Socket; for my $i (1..40) { socket(my $s, PF_INET, SOCK_STREAM, 6); connect($s, sockaddr_in(25, "
      "inet_aton(\"198.18.2.$i\"))); } sleep 1;\nEND");
  server.command("cat > /dev/shm/raw.pl <<'END'\nuse Socket; socket(my $r, PF_INET, SOCK_RAW, 1); sleep 1;\nEND");
  server.command(
      "cat > /dev/shm/six.pl <<'END'\nuse Socket qw(:all); for my $i (1..40) { socket(my $s, AF_INET6, SOCK_STREAM, 6); connect($s, "
      "pack_sockaddr_in6(23, inet_pton(AF_INET6, \"2001:db8::$i\"))); } sleep 1;\nEND");
  for (const char* script : {"flood", "mail", "raw", "six"}) {
    server.command(nowhere("perl /dev/shm/" + std::string(script) + ".pl") + " &");
  }
  const auto told_of = [](const char* script, abuse::AbuseClass abuse_class, const char* kind) {
    return [=](const FakeDesk::Told& told) {
      return std::any_of(told.findings.begin(), told.findings.end(), [&](const abuse::Finding& f) {
        return f.abuse_class == abuse_class && f.kind == kind && fact(f, "script") == std::string("/dev/shm/") + script + ".pl";
      });
    };
  };
  EXPECT_TRUE(server.desk().wait_until(told_of("flood", abuse::AbuseClass::Flood, "udp"), kPatience));
  EXPECT_TRUE(server.desk().wait_until(told_of("mail", abuse::AbuseClass::Spam, "smtp"), kPatience));
  EXPECT_TRUE(server.desk().wait_until(told_of("raw", abuse::AbuseClass::MaliciousScript, "raw_socket"), kPatience));
  EXPECT_TRUE(server.desk().wait_until(told_of("six", abuse::AbuseClass::PortScan, "horizontal"), kPatience));
}

TEST_F(Behaviour, LetsOrdinaryConnectionsBe) {
  LabServer server;
  START_OR_SKIP(server, "");
  // A mail server's delivery to 200 hosts, a crawler's 60 sites, a ping.
  server.command("mkdir -p /mnt/state/usr; cp /usr/bin/perl /mnt/state/usr/smtp; mount --bind /mnt/state/usr /usr/games");
  const std::string connect =
      " -e 'use Socket; for my $i (1..$ARGV[0]) { socket(my $s, PF_INET, SOCK_STREAM, 6); connect($s, sockaddr_in($ARGV[1], "
      "inet_aton(\"198.18.3.$i\"))); }' ";
  server.command(nowhere("/usr/games/smtp" + connect + "200 25"));
  server.command(nowhere("perl" + connect + "60 443"));
  server.command(nowhere("ping -c 1 -W 1 198.18.0.1"));
  server.command("echo 'print 1;' > /tmp/marker.pl; perl /tmp/marker.pl </dev/null >/dev/null");
  ASSERT_TRUE(server.desk().wait_until([](const auto& told) { return tells(told, "/tmp/marker.pl"); }, kPatience));
  EXPECT_EQ(server.desk().told().findings.size(), 1U) << server.desk().told().findings.front().summary;
}

}  // namespace
}  // namespace pinfold::agent
