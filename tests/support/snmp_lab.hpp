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
    // Each customer in a network of its own, so that one namespace can play them all and every answer comes by the port that was asked.
    run({"ip", "netns", "exec", x_name + "c", "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1"});
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
    if (x_lldpd > 0) {
      ::kill(x_lldpd, SIGTERM);
      finish(x_lldpd);
    }
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
    const std::string network = "10.0." + std::to_string(mac) + ".";
    ip({"-n", x_name + "c", "addr", "add", network + "1/24", "dev", peer});
    in_switch({"addr", "replace", network + "254/24", "dev", "br0"});
  }
  /// Whether the server with that last byte of its MAC address answers.
  [[nodiscard]] bool pings(std::uint8_t mac) const {
    return finish(start({"ip", "netns", "exec", x_name + "s", "ping", "-q", "-c", "1", "-W", "1", "10.0." + std::to_string(mac) + ".1"},
                        x_home / "ping.log")) == 0;
  }
  /// `ip` in the switch's namespace, as somebody at its console would.
  void in_switch(Arguments arguments) {
    arguments.insert(arguments.begin(), {"-n", x_name + "s"});
    ip(std::move(arguments));
  }
  /// The agent says from now on that these ports (by index) belong to one link aggregation group (IEEE8023-LAG-MIB).
  void aggregate(const std::vector<unsigned>& indexes) const {
    std::ofstream out(x_home / "lag");
    for (const unsigned index : indexes) {
      out << index << " 1000\n";
    }
  }
  /// A program in the servers' namespace; its exit status.
  [[nodiscard]] int in_servers(Arguments arguments) const {
    arguments.insert(arguments.begin(), {"ip", "netns", "exec", x_name + "c"});
    return finish(start(arguments, x_home / "server.log"));
  }
  /// A real lldpd on the switch's ports, which serves LLDP-MIB through the agent.
  void start_lldpd() {
    for (unsigned attempt = 0; attempt < 100 && !std::filesystem::exists(x_home / "agentx.sock"); ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    const std::string root = std::getenv("PINFOLD_LAB_ROOT");
    std::ofstream(x_home / "lldp-passwd") << "root:x:0:0::/root:/bin/sh\n_lldpd:x:64903:64903::/nonexistent:/usr/sbin/nologin\n";
    std::ofstream(x_home / "lldp-group") << "root:x:0:\n_lldpd:x:64903:\n";
    std::ofstream(x_home / "lldpd.sh") << "mount --bind " << (x_home / "lldp-passwd").string() << " /etc/passwd && mount --bind "
                                       << (x_home / "lldp-group").string()
                                       << " /etc/group && mount -t tmpfs none /run && mkdir -p /run/lldpd && exec " << root
                                       << "/usr/sbin/lldpd -d -L " << root << "/usr/sbin/lldpcli -u " << (x_home / "lldpd.sock").string() << " -x -X "
                                       << (x_home / "agentx.sock").string() << " -I 'swp*' -S sw1\n";
    x_lldpd = start({"ip", "netns", "exec", x_name + "s", "env", "MIBS=", "LD_LIBRARY_PATH=" + root + "/usr/lib/x86_64-linux-gnu", "unshare", "-m",
                     "sh", (x_home / "lldpd.sh").string()},
                    x_home / "lldpd.log");
  }
  [[nodiscard]] std::string lldpd_log() const { return text_of(x_home / "lldpd.log"); }
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
  /// Until its socket is there: what comes earlier is lost.
  [[nodiscard]] bool wait_until_agent_listens() const {
    for (unsigned attempt = 0; attempt < 200; ++attempt) {
      if (finish(start({"ip", "netns", "exec", x_name + "s", "grep", "-q", ":00A1 ", "/proc/net/udp"}, "/dev/null")) == 0) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return false;
  }
  /// Freezes the agent, so that requests are swallowed, or thaws it.
  void freeze_agent(bool frozen) const { ::kill(x_agent, frozen ? SIGSTOP : SIGCONT); }

  [[nodiscard]] snmp::Settings settings() const {
    snmp::Settings settings;
    settings.host = *net::IpAddress::parse("10.99.0.2");
    settings.user = "pinfold";
    settings.auth_secret = "authpass-lab-1";
    settings.priv_secret = "privpass-lab-1";
    settings.timeout = std::chrono::seconds{4};  // some objects are served by a script for each question, and the machine may be busy
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
  /// Writable objects that net-snmp's agent lacks: dot1qPvid of bridge ports 1 to 3 (`pass`, because pass_persist does not nest: the bridge's
  /// own tree is served by it), and, in the same manner, which ports are one aggregation group, and a vendor's pair for saving (1.0 starts, 2.0 says
  /// 3 when it is done, at the second question).
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
    std::ofstream(x_home / "lag.py") << R"(import os, sys
table = '.1.2.840.10006.300.43.1.2.1.1.13.'
file = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lag')
rows = dict(tuple(map(int, line.split())) for line in open(file)) if os.path.exists(file) else {}
what, oid = sys.argv[1:3]
key = lambda text: [int(part) for part in text.strip('.').split('.')]
if what == '-n':
    oid = next((table + str(n) for n in sorted(rows) if key(table + str(n)) > key(oid)), '')
if what != '-s' and oid.startswith(table) and int(oid[len(table):]) in rows:
    print(oid, 'integer', rows[int(oid[len(table):])], sep='\n')
)";
    std::ofstream(x_home / "cdp.py") << R"(import os, sys
table = '.1.3.6.1.4.1.9.9.23.1.2.1.1.9.'
file = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'cdp')
rows = dict(line.split(None, 1) for line in open(file)) if os.path.exists(file) else {}
what, oid = sys.argv[1:3]
key = lambda text: [int(part) for part in text.strip('.').split('.')]
if what == '-n':
    oid = next((table + n for n in sorted(rows, key=key) if key(table + n) > key(oid)), '')
if what != '-s' and oid.startswith(table) and oid[len(table):] in rows:
    print(oid, 'octet', rows[oid[len(table):]].strip(), sep='\n')
)";
    std::ofstream(x_home / "save.py") << R"(import os, sys
vendor = '.1.3.6.1.4.1.99999.'
here = os.path.dirname(os.path.abspath(__file__))
def value(name, default):
    file = os.path.join(here, 'save' + name)
    return int(open(file).read()) if os.path.exists(file) else default
def keep(name, number): open(os.path.join(here, 'save' + name), 'w').write(str(number))
what, oid = sys.argv[1:3]
if what == '-n':
    key = lambda text: [int(part) for part in text.strip('.').split('.')]
    oid = next((o for o in (vendor + '1.0', vendor + '2.0') if key(o) > key(oid)), '')
if what == '-s':
    if oid == vendor + '1.0': keep('1', int(sys.argv[4])); keep('asked', 0)
elif oid == vendor + '1.0':
    print(oid, 'integer', value('1', 0), sep='\n')
elif oid == vendor + '2.0':
    asked = value('asked', 0) + 1
    keep('asked', asked)
    print(oid, 'integer', 3 if value('1', 0) == 1 and asked > 1 else 2, sep='\n')
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
                                            "view read included .1.3.6.1.4.1.9.9.23\n"
                                            "view read included .1.3.6.1.2.1\n"
                                            "view read included .1.2.840.10006.300.43\n"
                                            "view read included .1.3.6.1.6.3.10\n"
                                            "view read included .1.0.8802.1.1.2\n"
                                            "group desk usm pinfold\n"
                                            "access desk \"\" usm priv exact read write none\n"
                                            "sysName sw1.lab\n"
                                         << "pass_persist .1.3.6.1.2.1.17 " << bridge_mib() << " bridge br0\n"
                                         << "master agentx\nagentXSocket " << (x_home / "agentx.sock").string() << "\n"
                                         << "pass -p 1 .1.2.840.10006.300.43 /usr/bin/python3 " << (x_home / "lag.py").string() << "\n"
                                         << "pass .1.3.6.1.4.1.9.9.23 /usr/bin/python3 " << (x_home / "cdp.py").string() << "\n"
                                         << "pass .1.3.6.1.4.1.99999 /usr/bin/python3 " << (x_home / "save.py").string() << "\n"
                                         << "pass -p 1 .1.3.6.1.2.1.17.7.1.4.5 /usr/bin/python3 " << (x_home / "pvid.py").string() << "\n"
                                         << "pass_persist -p 1 .1.3.6.1.2.1.31.1.1.1.18 " << bridge_mib() << " alias\n";
  }

  std::string x_name;
  std::filesystem::path x_home;
  int x_old_namespace = -1;
  pid_t x_agent = 0;
  pid_t x_lldpd = 0;
  std::string x_faults;
};

}  // namespace pinfold::enforce::lab
