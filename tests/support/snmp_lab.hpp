// A switch for one test program: a Linux bridge with a real net-snmp agent, in network namespaces of its own that are gone afterwards.
//   NAMEs (the switch)  br0 with swp1, swp2 (customers) and swp24 (uplink)      NAMEc  their other ends      NAMEd  the desk: this thread
// Needs root, and snmpd unpacked (not installed: that would start a service) below PINFOLD_LAB_ROOT.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "net/mac_address.hpp"
#include "snmp/session.hpp"
#include "support/command.hpp"

namespace pinfold::enforce::lab {

class Lab {
public:
  /// Why the lab cannot be had here, or nullopt.
  [[nodiscard]] static std::optional<std::string> missing() {
    if (::getuid() != 0) {
      return "needs root for network namespaces";
    }
    const char* root = std::getenv("PINFOLD_LAB_ROOT");
    if (root == nullptr || *root == '\0') {
      return "PINFOLD_LAB_ROOT is not set: no unpacked snmpd to run";
    }
    if (!std::filesystem::exists(std::string(root) + "/usr/sbin/snmpd")) {
      return std::string(root) + "/usr/sbin/snmpd is absent";
    }
    if (!std::filesystem::exists(bridge_mib())) {
      return bridge_mib() + " is not built";
    }
    return std::nullopt;
  }

  Lab() : x_name("pft" + std::to_string(::getpid())), x_home(std::filesystem::temp_directory_path() / x_name) {
    std::filesystem::create_directory(x_home);
    x_old_namespace = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    for (const char* part : {"s", "c", "d"}) {
      ip({"netns", "add", x_name + part});
      ip({"-n", x_name + part, "link", "set", "lo", "up"});
    }
    in_switch({"link", "add", "br0", "type", "bridge", "stp_state", "0"});
    in_switch({"link", "set", "br0", "up"});
    add_port("swp1", 11, "cust:srv-1001", 1);
    add_port("swp2", 12, "cust:srv-1002", 2);
    add_port("swp24", 34, "core:UPLINK rt1", 254);
    in_switch({"link", "add", "mgmt0", "type", "veth", "peer", "name", "mgmt0", "netns", x_name + "d"});
    in_switch({"addr", "add", "10.99.0.2/24", "dev", "mgmt0"});
    in_switch({"link", "set", "mgmt0", "up"});
    ip({"-n", x_name + "d", "addr", "add", "10.99.0.1/24", "dev", "mgmt0"});
    ip({"-n", x_name + "d", "link", "set", "mgmt0", "up"});
    write_configuration();
    start_agent();
    const int desk = ::open(("/run/netns/" + x_name + "d").c_str(), O_RDONLY | O_CLOEXEC);
    if (desk < 0 || ::setns(desk, CLONE_NEWNET) != 0) {
      x_faults += "setns; ";
    }
    ::close(desk);
  }
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  ~Lab() {
    stop_agent();
    ::setns(x_old_namespace, CLONE_NEWNET);
    ::close(x_old_namespace);
    for (const char* part : {"s", "c", "d"}) {
      finish(start({"ip", "netns", "del", x_name + part}, "/dev/null"));
    }
    std::filesystem::remove_all(x_home);
  }

  [[nodiscard]] const std::string& name() const { return x_name; }
  /// What went wrong while building it; empty = nothing.
  [[nodiscard]] const std::string& faults() const { return x_faults; }

  void add_port(const std::string& name, unsigned index, const std::string& alias, std::uint8_t mac) {
    const std::string peer = "c" + std::to_string(index);
    const std::string address = net::to_string(net::MacAddress{{2, 0, 0, 0, 0, mac}});
    in_switch({"link", "add", name, "index", std::to_string(index), "type", "veth", "peer", "name", peer, "address", address, "netns", x_name + "c"});
    in_switch({"link", "set", name, "master", "br0", "alias", alias, "up"});
    ip({"-n", x_name + "c", "link", "set", peer, "up"});
    run({"bridge", "-n", x_name + "s", "fdb", "replace", address, "dev", name, "master", "static"});  // known without any traffic
  }
  void remove_port(const std::string& name) { in_switch({"link", "del", name}); }

  void start_agent() {
    const std::string root = std::getenv("PINFOLD_LAB_ROOT");
    x_agent = start({"ip", "netns", "exec", x_name + "s", "env", "MIBS=", "SNMP_PERSISTENT_DIR=" + (x_home / "persistent").string(),
                     "LD_LIBRARY_PATH=" + root + "/usr/lib/x86_64-linux-gnu", root + "/usr/sbin/snmpd", "-f", "-C", "-c",
                     (x_home / "snmpd.conf").string(), "-Lo", "-I", "-smux"},
                    x_home / "snmpd.log");
  }
  void stop_agent() {
    if (x_agent > 0) {
      ::kill(x_agent, SIGCONT);
      ::kill(x_agent, SIGTERM);
      finish(x_agent);
      x_agent = 0;
    }
  }
  void restart_agent() {
    stop_agent();
    start_agent();
  }
  /// Freezes the agent, so that requests are swallowed, or thaws it.
  void freeze_agent(bool frozen) const { ::kill(x_agent, frozen ? SIGSTOP : SIGCONT); }

  [[nodiscard]] snmp::Settings settings() const {
    snmp::Settings settings;
    settings.host = *net::IpAddress::parse("10.99.0.2");
    settings.user = "pinfold";
    settings.auth_secret = "authpass-lab-1";
    settings.priv_secret = "privpass-lab-1";
    return settings;
  }
  [[nodiscard]] const std::filesystem::path& home() const { return x_home; }
  [[nodiscard]] std::string switch_name() const { return x_name + "s"; }
  [[nodiscard]] std::string agent_log() const { return text_of(x_home / "snmpd.log"); }
  /// As the kernel sees it, not the agent.
  [[nodiscard]] bool is_up(const std::string& port) const {
    const std::string file = x_home / "link";
    finish(start({"ip", "-n", x_name + "s", "-o", "link", "show", "dev", port, "up"}, file));
    return !text_of(file).empty();
  }

private:
  [[nodiscard]] static std::string bridge_mib() {
    const char* given = std::getenv("PINFOLD_LAB_BRIDGE_MIB");
    return given != nullptr ? given : std::string(PINFOLD_BINARY_DIR) + "/bin/pinfold-lab-bridge-mib";
  }
  void run(const Arguments& arguments) {
    if (finish(start(arguments, x_home / "command.log")) != 0) {
      for (const std::string& argument : arguments) {
        x_faults += argument + " ";
      }
      x_faults += "-> " + text_of(x_home / "command.log");
    }
  }
  void ip(Arguments arguments) {
    arguments.insert(arguments.begin(), "ip");
    run(arguments);
  }
  void in_switch(Arguments arguments) {
    arguments.insert(arguments.begin(), {"-n", x_name + "s"});
    ip(std::move(arguments));
  }
  /// Writable objects that net-snmp's agent lacks: dot1qPvid of bridge ports 1 to 3 (`pass`, because pass_persist does not nest: the bridge's
  /// own tree is served by it), and a vendor's pair for saving (1.0 starts, 2.0 says 3 when it is done, at the second question).
  void write_objects() const {
    std::ofstream(x_home / "pvid.py") << R"(import os, sys
table = '.1.3.6.1.2.1.17.7.1.4.5.1.1.'
here = os.path.dirname(os.path.abspath(__file__))
what, oid = sys.argv[1:3]
if what == '-n':
    port = next((n for n in (1, 2, 3) if [int(p) for p in (table + str(n)).strip('.').split('.')] > [int(p) for p in oid.strip('.').split('.')]), 0)
    oid = table + str(port)
port = oid[len(table):]
if not oid.startswith(table) or port not in ('1', '2', '3'): sys.exit()
file = os.path.join(here, 'pvid' + port)
if what == '-s':
    open(file, 'w').write(sys.argv[4])
else:
    print(oid, 'gauge', open(file).read() if os.path.exists(file) else 1, sep='\n')
)";
    std::ofstream(x_home / "objects.py") << R"(import sys
vendor = '.1.3.6.1.4.1.99999.'
values = {vendor + '1.0': ('integer', 0), vendor + '2.0': ('integer', 0)}
key = lambda oid: [int(n) for n in oid.strip('.').split('.')]
asked = 0
def line(): return sys.stdin.readline().strip()
def say(*all):
    print(*all, sep='\n', flush=True)
while True:
    word = line()
    if not word: break
    if word == 'PING':
        say('PONG'); continue
    oid = line()
    if word == 'set':
        kind, value = line().split(' ', 1)
        if oid not in values: say('not-writable'); continue
        values[oid] = (values[oid][0], int(value))
        say('DONE'); continue
    if word == 'getnext':
        later = sorted((o for o in values if key(o) > key(oid)), key=key)
        oid = later[0] if later else ''
    if oid not in values: say('NONE'); continue
    if oid == vendor + '2.0' and values[vendor + '1.0'][1] == 1:
        asked += 1
        values[oid] = ('integer', 3 if asked > 1 else 2)
    say(oid, values[oid][0], values[oid][1])
)";
  }
  void write_configuration() const {
    write_objects();
    std::ofstream(x_home / "snmpd.conf") << "agentaddress udp:10.99.0.2:161\n"
                                            "createUser pinfold SHA-256 \"authpass-lab-1\" AES \"privpass-lab-1\"\n"
                                            "rwcommunity lab-community 10.99.0.1\n"
                                            "view write included .1.3.6.1.2.1.2.2.1.7\n"
                                            "view write included .1.3.6.1.2.1.17.7.1.4.5\n"
                                            "view write included .1.3.6.1.4.1.99999\n"
                                            "view read included .1.3.6.1.4.1.99999\n"
                                            "view read included .1.3.6.1.2.1\n"
                                            "view read included .1.3.6.1.6.3.10\n"
                                            "view read included .1.0.8802.1.1.2\n"
                                            "group desk usm pinfold\n"
                                            "access desk \"\" usm priv exact read write none\n"
                                            "sysName sw1.lab\n"
                                         << "pass_persist .1.3.6.1.2.1.17 " << bridge_mib() << " bridge br0\n"
                                         << "pass -p 1 .1.3.6.1.2.1.17.7.1.4.5 /usr/bin/python3 " << (x_home / "pvid.py").string() << "\n"
                                         << "pass_persist -p 1 .1.3.6.1.2.1.31.1.1.1.18 " << bridge_mib() << " alias\n";
  }

  std::string x_name;
  std::filesystem::path x_home;
  int x_old_namespace = -1;
  pid_t x_agent = 0;
  std::string x_faults;
};

}  // namespace pinfold::enforce::lab
