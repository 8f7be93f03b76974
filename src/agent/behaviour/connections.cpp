#include "agent/behaviour/connections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "agent/ancestors.hpp"
#include "agent/bpf/connect_record.h"
#include "agent/sensor/exec_sensor.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

static_assert(sizeof(ConnectRecord) == 16 + 8 * 4 + PINFOLD_CONNECT_PORTS * 2 + 8 + 16 + 16 + 8 + PINFOLD_CONNECT_PATH, "the layout that BPF writes");

constexpr std::array<std::uint16_t, 3> kMailPorts{25, 465, 587};
constexpr std::array<std::uint16_t, 4> kWebPorts{80, 443, 8080, 8443};
constexpr std::array<std::uint16_t, 3> kNamePorts{53, 123, 853};
struct Login {
  std::uint16_t port;
  std::string_view service;
};
constexpr std::array<Login, 16> kLogins{{{21, "ftp"},
                                         {22, "ssh"},
                                         {23, "telnet"},
                                         {2222, "ssh"},
                                         {2323, "telnet"},
                                         {110, "pop3"},
                                         {143, "imap"},
                                         {993, "imap"},
                                         {995, "pop3"},
                                         {389, "ldap"},
                                         {445, "smb"},
                                         {1433, "mssql"},
                                         {3306, "mysql"},
                                         {3389, "rdp"},
                                         {5432, "postgresql"},
                                         {5900, "vnc"}}};
constexpr std::array<std::string_view, 29> kTalkers{
    "smtp",          "smtpd",           "master",        "exim",  "sendmail", "opensmtpd", "qmail-remote", "named",    "unbound", "dnsmasq",
    "pdns_recursor", "systemd-resolve", "knot-resolver", "kresd", "chronyd",  "ntpd",      "squid",        "haproxy",  "envoy",   "nginx",
    "apache",        "httpd",           "lighttpd",      "caddy", "rspamd",   "dovecot",   "tor",          "varnishd", "coturn"};
constexpr std::array<std::string_view, 14> kScanners{"nmap",  "masscan", "zmap",   "zgrab", "hydra",  "medusa", "ncrack",
                                                     "hping", "pnscan",  "sqlmap", "nikto", "wpscan", "nuclei", "patator"};
constexpr std::array<std::string_view, 12> kPingers{"ping",   "fping", "traceroute", "mtr",        "mtr-packet", "tracepath",
                                                    "arping", "nmap",  "dhclient",   "keepalived", "dnsmasq",    "tcpdump"};

template <typename Range, typename Value>
bool contains(const Range& range, const Value& value) {
  return std::find(std::begin(range), std::end(range), value) != std::end(range);
}

template <typename Ports>
bool all_in(const std::vector<std::uint16_t>& list, const Ports& ports) {
  return !list.empty() && std::all_of(list.begin(), list.end(), [&](std::uint16_t port) { return contains(ports, port) || port == 53; }) &&
         std::any_of(list.begin(), list.end(), [&](std::uint16_t port) { return contains(ports, port); });
}

std::optional<std::string_view> login_service(const std::vector<std::uint16_t>& list) {
  for (const Login& login : kLogins) {
    if (contains(list, login.port)) {
      return login.service;
    }
  }
  return std::nullopt;
}

/// Counts a minute from which it is told.
struct Limits {
  std::uint32_t destinations;
  std::uint32_t web_destinations;
  std::uint32_t mail_destinations;
  std::uint32_t udp_calls;
  std::uint32_t tcp_calls;  ///< to a handful of destinations
};
constexpr std::uint32_t kNever = UINT32_MAX;

Limits limits_of(Trust trust, bool scanner) {
  switch (trust) {
    case Trust::Reported: return {16, 16, 16, 2048, 2048};
    case Trust::Strangers: return {128, 512, 16, 4096, kNever};
    case Trust::Script: return {128, 1024, 32, 16384, kNever};
    case Trust::System: return scanner ? Limits{64, 256, 64, 16384, kNever} : Limits{1024, kNever, 1024, kNever, kNever};
    default: return {kNever, kNever, kNever, kNever, kNever};
  }
}

std::string port_text(const Connections& c) {
  std::string text = fmt::format("{}", fmt::join(c.port_list, ", "));
  return c.ports > c.port_list.size() ? text + ", …" : text;
}

NetJudgement statement(Trust trust, abuse::AbuseClass abuse_class, std::string_view kind, std::string what) {
  NetJudgement judgement;
  judgement.abuse_class = abuse_class;
  judgement.kind = kind;
  judgement.what = std::move(what);
  const bool sure = trust == Trust::Reported;
  judgement.confidence.percent = sure ? 95 : trust == Trust::Strangers ? 80 : trust == Trust::Script ? 65 : 50;
  judgement.severity = sure || trust == Trust::Strangers ? abuse::Severity::High : abuse::Severity::Medium;
  return judgement;
}

std::optional<NetJudgement> flood(const Connections& c, Trust trust, const Limits& limits) {
  constexpr std::uint32_t kHandful = 8;
  if (c.destinations > kHandful || c.destinations == 0) {
    return std::nullopt;
  }
  if (c.udp_calls >= limits.udp_calls && !all_in(c.port_list, kNamePorts)) {
    return statement(trust, abuse::AbuseClass::Flood, "udp",
                     fmt::format("sent {} UDP packets to {} address{}", c.udp_calls, c.destinations, c.destinations == 1 ? "" : "es"));
  }
  if (c.tcp_calls >= limits.tcp_calls && !login_service(c.port_list)) {
    return statement(trust, abuse::AbuseClass::Flood, "syn",
                     fmt::format("opened {} connections to {} address{}", c.tcp_calls, c.destinations, c.destinations == 1 ? "" : "es"));
  }
  return std::nullopt;
}

std::optional<NetJudgement> guesses(const Connections& c, Trust trust, const Limits& limits) {
  constexpr std::uint32_t kTries = 8;
  const auto service = login_service(c.port_list);
  const bool many = trust != Trust::System && trust != Trust::Talker && c.tcp_calls >= PINFOLD_CONNECT_FIRST_CALLS && limits.destinations != kNever;
  if (!service || !many || c.ports > 2 || c.tcp_calls < kTries * c.destinations ||
      (trust != Trust::Reported && (*service == "mysql" || *service == "postgresql" || *service == "ldap"))) {
    return std::nullopt;
  }
  return statement(trust, abuse::AbuseClass::BruteForce, *service,
                   fmt::format("opened {} {} connections to {} address{}", c.tcp_calls, *service, c.destinations, c.destinations == 1 ? "" : "es"));
}

std::optional<NetJudgement> scan(const Connections& c, Trust trust, const Limits& limits) {
  constexpr std::uint32_t kFew = 4;
  const std::uint32_t many = all_in(c.port_list, kWebPorts) ? limits.web_destinations : limits.destinations;
  if (many == kNever || (trust != Trust::Reported && all_in(c.port_list, kNamePorts))) {
    return std::nullopt;
  }
  if (c.ports >= many && c.destinations <= kFew) {
    return statement(trust, abuse::AbuseClass::PortScan, "vertical",
                     fmt::format("tried {} ports of {} address{}", c.ports, c.destinations, c.destinations == 1 ? "" : "es"));
  }
  if (c.destinations < many) {
    return std::nullopt;
  }
  if (c.ports >= PINFOLD_CONNECT_FIRST) {
    return statement(trust, abuse::AbuseClass::PortScan, "block", fmt::format("tried {} ports at {} addresses", c.ports, c.destinations));
  }
  return statement(trust, abuse::AbuseClass::PortScan, "horizontal",
                   fmt::format("connected to {} addresses on port {}", c.destinations, port_text(c)));
}

}  // namespace

std::optional<Connections> decode_connect_record(std::span<const std::uint8_t> bytes) {
  ConnectRecord record{};
  if (bytes.size() < sizeof(record)) {
    return std::nullopt;
  }
  std::memcpy(&record, bytes.data(), sizeof(record));
  if (record.port_count > PINFOLD_CONNECT_PORTS || record.exe_bytes > PINFOLD_CONNECT_PATH ||
      (record.family != 0 && record.family != 4 && record.family != 6) || record.mono_ns < record.first_ns) {
    return std::nullopt;
  }
  Connections c;
  c.first = MonoTime{Nanos{static_cast<std::int64_t>(record.first_ns)}};
  c.last = MonoTime{Nanos{static_cast<std::int64_t>(record.mono_ns)}};
  c.pid = record.pid;
  c.uid = record.uid;
  c.tcp_calls = record.tcp_calls;
  c.udp_calls = record.udp_calls;
  c.destinations = record.destinations;
  c.ports = record.ports;
  c.raw_sockets = record.raw_sockets;
  c.port_list.assign(std::begin(record.port_list), std::begin(record.port_list) + record.port_count);
  std::sort(c.port_list.begin(), c.port_list.end());
  if (record.family == 4) {
    const auto* a = record.last_address;
    c.example = net::IpAddress::v4(std::uint32_t{a[0]} << 24U | std::uint32_t{a[1]} << 16U | std::uint32_t{a[2]} << 8U | a[3]);
  } else if (record.family == 6) {
    std::array<std::uint8_t, 16> address{};
    std::memcpy(address.data(), record.last_address, address.size());
    c.example = net::IpAddress::v6(address);
  }
  c.comm = std::string(record.comm, strnlen(record.comm, sizeof(record.comm)));
  c.exe = record.exe_bytes == 0 ? std::string{} : path_of_components({record.exe, record.exe_bytes});
  c.parent = record.parent;
  c.raw_only = record.why == PINFOLD_CONNECT_RAW;
  return c;
}

Trust trust_of(std::string_view exe, const std::vector<Process>& ancestors, bool reported, bool unlinked) {
  if (reported || (unlinked && !of_the_system(exe))) {
    return Trust::Reported;
  }
  const std::string_view program = base_name(exe);
  const Process self{0, std::string(program), {}, std::string(exe)};
  const Role own = role_of(self);
  if (of_the_system(exe) && own != Role::Php && (contains(kTalkers, program) || contains(kTalkers, without_version(program)))) {
    return Trust::Talker;
  }
  if (serves_strangers(own) ||
      find_ancestor(ancestors, [](Role role) { return role == Role::Php || role == Role::Web || role == Role::Ftp; }) != nullptr) {
    return Trust::Strangers;
  }
  return of_the_system(exe) && interpreter_name(exe).empty() ? Trust::System : Trust::Script;
}

std::optional<NetJudgement> judge_connections(const Connections& c, Trust trust, std::string_view exe) {
  const std::string_view program = base_name(exe);
  if (c.raw_only || c.packet_socket) {
    // Whoever has gone before anybody could look is let be, unless it was reported before.
    const bool ordinary =
        (exe.empty() && trust != Trust::Reported) ||
        (of_the_system(exe) && (contains(kPingers, program) || trust == Trust::System || trust == Trust::Talker || trust == Trust::Script));
    if (ordinary) {
      return std::nullopt;
    }
    return statement(trust, abuse::AbuseClass::MaliciousScript, c.packet_socket ? "packet_socket" : "raw_socket",
                     c.packet_socket ? "opened a packet socket: it can read and forge all traffic"
                                     : "opened a raw socket: it can send packets under forged addresses");
  }
  const Limits limits = limits_of(trust, contains(kScanners, program) || contains(kScanners, without_version(program)));
  if (all_in(c.port_list, kMailPorts)) {
    return c.destinations >= limits.mail_destinations
               ? std::optional(statement(trust, abuse::AbuseClass::Spam, "smtp", fmt::format("connected to {} mail servers", c.destinations)))
               : std::nullopt;
  }
  if (auto judgement = flood(c, trust, limits)) {
    return judgement;
  }
  if (auto judgement = guesses(c, trust, limits)) {
    return judgement;
  }
  return scan(c, trust, limits);
}

std::vector<std::pair<std::string, std::string>> connection_facts(const Connections& c, WallTime now, MonoTime mono) {
  const auto wall = [&](MonoTime t) { return to_string(now - std::chrono::duration_cast<Micros>(std::max(Nanos{0}, mono - t))); };
  std::vector<std::pair<std::string, std::string>> facts;
  facts.emplace_back("destinations", std::to_string(c.destinations));
  facts.emplace_back("ports", c.ports == 0 ? std::string("none") : fmt::format("{} ({})", c.ports, port_text(c)));
  if (c.tcp_calls > 0) {
    facts.emplace_back("connections", std::to_string(c.tcp_calls));
  }
  if (c.udp_calls > 0) {
    facts.emplace_back("datagrams", std::to_string(c.udp_calls));
  }
  if (c.raw_sockets > 0) {
    facts.emplace_back("raw sockets", std::to_string(c.raw_sockets));
  }
  if (c.example) {
    facts.emplace_back("example destination", net::to_string(*c.example));
  }
  facts.emplace_back("first connection", wall(c.first));
  facts.emplace_back("last connection", wall(c.last));
  return facts;
}

}  // namespace pinfold::agent
