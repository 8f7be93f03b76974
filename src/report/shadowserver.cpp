#include "report/shadowserver.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace pinfold::report {
namespace {

using abuse::AbuseClass;

/// What answers small questions over UDP with long answers: US-CERT TA14-017A and what was found since.
constexpr std::array kAmplifiers = {
    "dns",          "dns_openresolver",
    "openresolver", "ntp",
    "ntpmonitor",   "ntp_monitor",
    "ssdp",         "memcached",
    "chargen",      "qotd",
    "snmp",         "portmapper",
    "netbios",      "mdns",
    "ldap_udp",     "coap",
    "ws_discovery", "ubiquiti",
    "rdpeudp",      "dvr_dhcpdiscover",
    "ard",          "tftp",
    "stun",         "mssql",
    "xdmcp",        "ddos_middlebox",
    "slp",          "nat_pmp",
};
constexpr std::array kVulnerable = {"ssl_poodle",   "ssl_freak",           "isakmp",     "http_vulnerable",   "smtp_vulnerable", "exchange",
                                    "netis_router", "cisco_smart_install", "vulnerable", "isakmp_vulnerable", "cwmp_vulnerable"};

constexpr std::array<ReportType, 44> kTypes{{{"botnet_drone", AbuseClass::Compromised},
                                             {"drone", AbuseClass::Compromised},
                                             {"sinkhole", AbuseClass::Compromised},
                                             {"microsoft_sinkhole", AbuseClass::Compromised},
                                             {"honeypot_brute_force", AbuseClass::BruteForce},
                                             {"drone_brute_force", AbuseClass::BruteForce},
                                             {"brute_force", AbuseClass::BruteForce},
                                             {"hp_brute_force", AbuseClass::BruteForce},
                                             {"honeypot_darknet", AbuseClass::PortScan},
                                             {"darknet", AbuseClass::PortScan},
                                             {"honeypot_http_scan", AbuseClass::PortScan},
                                             {"hp_http_scan", AbuseClass::PortScan},
                                             {"hp_ics_scan", AbuseClass::PortScan},
                                             {"honeypot_ics_scan", AbuseClass::PortScan},
                                             {"honeypot_smb_scan", AbuseClass::PortScan},
                                             {"honeypot_rdp_scan", AbuseClass::PortScan},
                                             {"honeypot_adb_scan", AbuseClass::PortScan},
                                             {"honeypot_rocketmq_scan", AbuseClass::PortScan},
                                             {"honeypot_ddos_amp", AbuseClass::Other},
                                             {"ddos_amplification", AbuseClass::Other},
                                             {"honeypot_ddos_target", AbuseClass::Other, true},
                                             {"honeypot_ddos", AbuseClass::Compromised},
                                             {"ddos_participant", AbuseClass::Flood},
                                             {"ip_spoofer", AbuseClass::Flood},
                                             {"caida_ip_spoofer", AbuseClass::Flood},
                                             {"blocklist", AbuseClass::Other},
                                             {"compromised_website", AbuseClass::Compromised},
                                             {"compromised_account", AbuseClass::Compromised},
                                             {"malware_url", AbuseClass::MalwareHosting},
                                             {"sandbox_url", AbuseClass::MalwareHosting},
                                             {"sandbox_conn", AbuseClass::Compromised},
                                             {"sandbox_dns", AbuseClass::Compromised},
                                             {"cc_ip", AbuseClass::Compromised},
                                             {"c2_server", AbuseClass::Compromised},
                                             {"cwsandbox_url", AbuseClass::MalwareHosting},
                                             {"phish_url", AbuseClass::Phishing},
                                             {"spam_url", AbuseClass::Spam},
                                             {"special", AbuseClass::Compromised},
                                             {"scan_synfulknock", AbuseClass::Compromised},
                                             {"scan_post_exploitation", AbuseClass::Compromised},
                                             {"outdated_dnssec_key", AbuseClass::VulnerableApp},
                                             {"population", AbuseClass::OpenService},
                                             {"device_id", AbuseClass::OpenService},
                                             {"ics", AbuseClass::OpenService}}};

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

std::string_view after(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix ? text.substr(prefix.size()) : text;
}

template <typename List>
bool holds(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

std::string type_word(std::string_view name) {
  const std::string lower = to_lower(name);
  // The first run of letters, digits and "_" that has a "_" in it or is known alone; dates and "sample" have none.
  std::string known;
  for (std::size_t at = 0; at < lower.size();) {
    std::size_t end = at;
    while (end < lower.size() && is_word(lower[end])) {
      ++end;
    }
    const std::string word = lower.substr(at, end - at);
    if (shadowserver_type(word)) {
      return word;
    }
    at = end + 1;
  }
  return known;
}

std::optional<ReportType> shadowserver_type(std::string_view name) {
  for (const std::string_view prefix : {"event4_", "event6_", "event_", "scan6_"}) {
    const bool is_scan = prefix == "scan6_" && name.substr(0, prefix.size()) == prefix;
    name = after(name, prefix);
    if (is_scan) {
      return shadowserver_type("scan_" + std::string(name));
    }
  }
  const ReportType* best = nullptr;
  for (const ReportType& type : kTypes) {
    if (name.substr(0, type.name.size()) == type.name && (best == nullptr || type.name.size() > best->name.size())) {
      best = &type;
    }
  }
  if (best != nullptr) {
    return *best;
  }
  const bool is_scan = name.substr(0, 5) == "scan_";
  const std::string_view service = after(name, "scan_");
  if ((is_scan && holds(kAmplifiers, service)) || service == "dns_openresolver" || service == "openresolver") {
    return ReportType{name, AbuseClass::Reflector};
  }
  if (is_scan && (holds(kVulnerable, service) || service.find("vulnerable") != std::string_view::npos)) {
    return ReportType{name, AbuseClass::VulnerableApp};
  }
  return is_scan && service.size() > 1 ? std::optional(ReportType{name, AbuseClass::OpenService}) : std::nullopt;
}

}  // namespace pinfold::report
