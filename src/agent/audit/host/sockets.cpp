#include "agent/audit/host/sockets.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "agent/audit/host/schedules.hpp"
#include "agent/sensor/exec_sensor.hpp"
#include "base/text.hpp"

namespace pinfold::agent::audit {
namespace {

constexpr std::size_t kMaxProcNetBytes = std::size_t{8} << 20U;

struct Exposed {
  std::uint16_t port;
  bool is_udp;
  const char* what;
};
/// Services that should not answer strangers: no password by default, or an amplifier.
constexpr std::array kExposed{Exposed{11211, false, "memcached: no password"},
                              Exposed{11211, true, "memcached over UDP: amplifies attacks"},
                              Exposed{6379, false, "Redis"},
                              Exposed{27017, false, "MongoDB"},
                              Exposed{9200, false, "Elasticsearch"},
                              Exposed{2375, false, "the Docker socket: whoever reaches it owns the server"},
                              Exposed{3306, false, "MySQL"},
                              Exposed{5432, false, "PostgreSQL"},
                              Exposed{5984, false, "CouchDB"},
                              Exposed{111, true, "the port mapper: amplifies attacks"},
                              Exposed{19, true, "chargen: amplifies attacks"},
                              Exposed{17, true, "qotd: amplifies attacks"},
                              Exposed{1900, true, "SSDP: amplifies attacks"},
                              Exposed{161, true, "SNMP: amplifies attacks"},
                              Exposed{389, true, "connectionless LDAP: amplifies attacks"},
                              Exposed{137, true, "NetBIOS: amplifies attacks"},
                              Exposed{5353, true, "multicast DNS: amplifies attacks"},
                              Exposed{23, false, "telnet: passwords in clear"},
                              Exposed{512, false, "rexec: passwords in clear"},
                              Exposed{513, false, "rlogin: passwords in clear"},
                              Exposed{514, false, "rsh: passwords in clear"},
                              Exposed{2049, false, "NFS"},
                              Exposed{445, false, "SMB"},
                              Exposed{873, false, "rsync"},
                              Exposed{5900, false, "VNC"},
                              Exposed{6000, false, "X11"},
                              Exposed{8888, false, "often a notebook or a panel"},
                              Exposed{10250, false, "the Kubernetes node's own interface"}};

/// Programs that are there to look at packets.
constexpr std::array<std::string_view, 24> kPacketPrograms{
    "dhclient", "dhcpcd", "NetworkManager", "systemd-networkd", "lldpd",   "wpa_supplicant", "keepalived", "arpwatch", "tcpdump",
    "dnsmasq",  "snort",  "suricata",       "hostapd",          "pppoe",   "radvd",          "bird",       "ospfd",    "zebra",
    "dumpcap",  "dhcpd",  "kea-dhcp4",      "udhcpc",           "pmacctd", "softflowd"};

std::optional<std::uint64_t> hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty()) {
      words.push_back(word);
    }
  }
  return words;
}

/// The kernel writes addresses as words of the machine's own byte order.
std::string address_of(std::string_view text, bool& is_loopback) {
  std::array<unsigned, 16> bytes{};
  if (text.size() != 8 && text.size() != 32) {
    return "?";
  }
  for (std::size_t word = 0; word < text.size() / 8; ++word) {
    const auto value = hex(text.substr(word * 8, 8)).value_or(0);
    for (std::size_t i = 0; i < 4; ++i) {
      bytes.at(word * 4 + i) = static_cast<unsigned>(value >> (8U * i)) & 0xffU;
    }
  }
  if (text.size() == 8) {
    is_loopback = bytes[0] == 127;
    return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  }
  is_loopback = std::all_of(bytes.begin(), bytes.end() - 1, [](unsigned byte) { return byte == 0; }) && bytes[15] == 1;
  std::string shown;
  for (std::size_t i = 0; i < 16; i += 2) {
    shown += fmt::format("{}{:x}", i == 0 ? "" : ":", bytes.at(i) * 256 + bytes.at(i + 1));
  }
  return shown == "0:0:0:0:0:0:0:0" ? "::" : (shown == "0:0:0:0:0:0:0:1" ? "::1" : shown);
}

std::map<std::uint64_t, std::uint32_t> socket_owners(const HostFiles& files, const ProcessTable& table, Report& report) {
  std::map<std::uint64_t, std::uint32_t> owners;
  std::size_t looked = 0;
  for (const auto& [pid, process] : table) {
    const std::string folder = fmt::format("/proc/{}/fd", pid);
    for (const std::string& name : files.list(folder)) {
      if (++looked > kMaxDescriptors) {
        report.leave_out("descriptors beyond the limit: some sockets have no owner here");
        return owners;
      }
      std::array<char, 64> target{};
      const ssize_t length = ::readlink((files.root() + folder + "/" + name).c_str(), target.data(), target.size());
      const std::string_view text(target.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
      if (text.starts_with("socket:[") && text.ends_with("]")) {
        if (const auto inode = parse_number(text.substr(8, text.size() - 9))) {
          owners.emplace(*inode, pid);
        }
      }
    }
  }
  return owners;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

const char* odd_about(const RunningProcess& process, const PeopleNames& names) {
  if (below(default_watched_paths(), process.exe)) {
    return "its program lies in a world-writable place";
  }
  const std::string_view name = base_name(process.exe);
  for (const char* tool : {"nc", "ncat", "netcat", "nc.traditional", "nc.openbsd", "socat", "bash", "sh", "dash"}) {
    if (name == tool) {
      return "a shell or a network tool listens";
    }
  }
  const bool is_script = name.starts_with("perl") || name.starts_with("python") || name.starts_with("ruby");
  return is_script && is_web_account(names.of(process.uid)) ? "a script of the web server's account listens" : nullptr;
}

void judge_listener(const OpenSocket& socket, const RunningProcess* process, const PeopleNames& names, Report& report) {
  const std::string where = fmt::format("{} {}:{}", socket.protocol, socket.address, socket.port);
  report.add(
      Fact{"Listening services", where, process == nullptr ? "owner not visible" : fmt::format("{} ({})", process->comm, names.of(process->uid))});
  if (process != nullptr) {
    if (const char* odd = odd_about(*process, names)) {
      report.add(Finding{"odd_listener",
                         abuse::Severity::High,
                         title_of(*process),
                         fmt::format("listens at {}: {}", where, odd),
                         {{"account", names.of(process->uid)}, {"program", process->exe}}});
    }
  }
  const bool is_udp = socket.protocol.starts_with("udp");
  for (const Exposed& exposed : kExposed) {
    if (!socket.is_loopback && exposed.port == socket.port && exposed.is_udp == is_udp) {
      report.add(Finding{
          "exposed_service", abuse::Severity::Low, where, fmt::format("{}; unless a firewall stops it, the network reaches it", exposed.what), {}});
    }
  }
}

void judge_packet_socket(const OpenSocket& socket, const RunningProcess* process, const PeopleNames& names, Report& report) {
  if (process == nullptr) {
    report.add(Fact{"Packet sockets", socket.protocol, "owner not visible"});
    return;
  }
  const std::string_view name = base_name(process->exe);
  const bool is_known = std::find(kPacketPrograms.begin(), kPacketPrograms.end(), name) != kPacketPrograms.end() &&
                        (process->exe.starts_with("/usr/") || process->exe.starts_with("/sbin/") || process->exe.starts_with("/lib/"));
  if (is_known) {
    report.add(Fact{"Packet sockets", title_of(*process), socket.protocol + " socket"});
  } else {
    report.add(Finding{"packet_socket",
                       abuse::Severity::Medium,
                       title_of(*process),
                       fmt::format("has a {} socket open", socket.protocol),
                       {{"account", names.of(process->uid)}, {"program", process->exe}}});
  }
}

}  // namespace

std::vector<OpenSocket> parse_inet_sockets(std::string_view text, std::string_view protocol) {
  std::vector<OpenSocket> sockets;
  const std::string_view wanted = protocol.starts_with("tcp") ? "0A" : "07";
  for (const std::string_view line : split(text, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 10 || words[3] != wanted || sockets.size() >= kMaxSockets) {
      continue;
    }
    const auto colon = words[1].find(':');
    const std::uint64_t port = colon == std::string_view::npos ? UINT64_MAX : hex(words[1].substr(colon + 1)).value_or(UINT64_MAX);
    const auto inode = parse_number(words[9]);
    if (port <= UINT16_MAX && inode) {
      OpenSocket socket{std::string(protocol), {}, static_cast<std::uint16_t>(port), *inode, false};
      socket.address = address_of(words[1].substr(0, colon), socket.is_loopback);
      sockets.push_back(std::move(socket));
    }
  }
  return sockets;
}

std::vector<OpenSocket> parse_packet_sockets(std::string_view text) {
  // sk RefCnt Type Proto Iface R Rmem User Inode; of raw: as tcp's, the inode in the tenth column.
  std::vector<OpenSocket> sockets;
  for (const std::string_view line : split(text, '\n')) {
    const auto words = words_of(line);
    const bool is_raw = words.size() >= 10 && words[0].ends_with(':');
    if ((!is_raw && words.size() != 9) || words[0] == "sk" || sockets.size() >= kMaxSockets) {
      continue;
    }
    if (const auto inode = parse_number(words[is_raw ? 9 : 8])) {
      sockets.push_back({is_raw ? "raw" : "packet", {}, 0, *inode, false});
    }
  }
  return sockets;
}

void check_sockets(const HostFiles& files, const ProcessTable& table, const PeopleNames& names, Report& report) {
  const auto owners = socket_owners(files, table, report);
  const auto owner_of = [&](const OpenSocket& socket) -> const RunningProcess* {
    const auto owner = owners.find(socket.inode);
    return owner == owners.end() ? nullptr : &table.at(owner->second);
  };
  for (const char* protocol : {"tcp", "tcp6", "udp", "udp6"}) {
    const auto text = files.read(std::string("/proc/net/") + protocol, kMaxProcNetBytes);
    for (const OpenSocket& socket : parse_inet_sockets(text ? *text : "", protocol)) {
      judge_listener(socket, owner_of(socket), names, report);
    }
  }
  for (const char* name : {"/proc/net/packet", "/proc/net/raw", "/proc/net/raw6"}) {
    const auto text = files.read(name, kMaxProcNetBytes);
    for (const OpenSocket& socket : parse_packet_sockets(text ? *text : "")) {
      judge_packet_socket(socket, owner_of(socket), names, report);
    }
  }
}

}  // namespace pinfold::agent::audit
