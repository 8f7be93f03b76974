#include "evaluate/scenes/attacks.hpp"

namespace pinfold::evaluate {
namespace {

using abuse::AbuseClass;

constexpr std::array<double, 4> kScanRates{5, 30, 200, 1000};
constexpr std::array<double, 4> kFloodRates{1000, 5000, 20'000, 80'000};
constexpr std::array<double, 4> kLoginRates{0.5, 2, 8, 25};
constexpr std::array<double, 2> kShort{60, 600};
constexpr std::array<double, 2> kFlood{20, 60};
constexpr std::array<double, 2> kLong{180, 1200};

constexpr std::array<Attack, 28> kAttacks{{
    {"SYN scan of one port", AbuseClass::PortScan, "horizontal", "targets/s", horizontal_scan, kScanRates, kShort},
    {"connect scan of one port", AbuseClass::PortScan, "horizontal", "targets/s", connect_scan, kScanRates, kShort},
    {"scan of one host", AbuseClass::PortScan, "vertical", "ports/s", vertical_scan, kScanRates, {60, 300}},
    {"scan of a block", AbuseClass::PortScan, "block", "targets/s", block_scan, kScanRates, kShort},
    {"UDP scan", AbuseClass::PortScan, "horizontal", "targets/s", udp_scan, kScanRates, kShort},
    {"ping sweep", AbuseClass::PortScan, "horizontal", "targets/s", ping_sweep, kScanRates, kShort},
    {"SYN flood", AbuseClass::Flood, "syn", "packets/s", syn_flood, kFloodRates, kFlood},
    {"UDP flood", AbuseClass::Flood, "udp", "packets/s", udp_flood, kFloodRates, kFlood},
    {"UDP flood over ports", AbuseClass::Flood, "udp", "packets/s", udp_flood_many_ports, kFloodRates, kFlood},
    {"ICMP flood", AbuseClass::Flood, "icmp", "packets/s", icmp_flood, kFloodRates, kFlood},
    {"GRE flood", AbuseClass::Flood, "other", "packets/s", gre_flood, kFloodRates, kFlood},
    {"ACK flood", AbuseClass::Flood, "other", "packets/s", ack_flood, kFloodRates, kFlood},
    {"UDP flood over a network", AbuseClass::Flood, "udp", "packets/s", udp_flood_network, kFloodRates, kFlood},
    {"SYN flood over a network", AbuseClass::Flood, "syn", "packets/s", syn_flood_network, kFloodRates, kFlood},
    {"slow HTTP", AbuseClass::Flood, "other", "connections/s", slow_http, {1, 6, 20, 60}, kLong},
    {"SSH logins, one target", AbuseClass::BruteForce, "ssh", "logins/s", ssh_one_target, kLoginRates, kLong},
    {"SSH logins, many targets", AbuseClass::BruteForce, "ssh", "logins/s", ssh_many_targets, kLoginRates, kLong},
    {"SSH logins, odd port", AbuseClass::BruteForce, "", "logins/s", ssh_odd_port, kLoginRates, kLong},
    {"FTP logins", AbuseClass::BruteForce, "ftp", "logins/s", ftp_logins, kLoginRates, kLong},
    {"Telnet logins", AbuseClass::BruteForce, "telnet", "logins/s", telnet_logins, kLoginRates, kLong},
    {"RDP logins", AbuseClass::BruteForce, "rdp", "logins/s", rdp_logins, kLoginRates, kLong},
    {"mail logins", AbuseClass::BruteForce, "", "logins/s", mail_logins, kLoginRates, kLong},
    {"database logins", AbuseClass::BruteForce, "", "logins/s", database_logins, kLoginRates, kLong},
    {"VNC logins", AbuseClass::BruteForce, "vnc", "logins/s", vnc_logins, kLoginRates, kLong},
    {"spam bot", AbuseClass::Spam, "", "connections/s", spam_bot, {1, 5, 20, 60}, kLong},
    {"DNS reflector", AbuseClass::Reflector, "", "forged queries/s", dns_reflector, {20, 100, 500, 3000}, {60, 300}, true},
    {"NTP reflector", AbuseClass::Reflector, "", "forged queries/s", ntp_reflector, {20, 100, 500, 3000}, {60, 300}, true},
    {"memcached reflector", AbuseClass::Reflector, "", "forged queries/s", memcached_reflector, {20, 100, 500, 3000}, {60, 300}, true},
}};

}  // namespace

std::span<const Attack> attacks() { return kAttacks; }

bool not_wrong(const Attack& attack, AbuseClass found) {
  if (found == attack.abuse_class) {
    return true;
  }
  switch (found) {
    case AbuseClass::BandwidthBurst: return true;  // it is one, whatever else it is
    case AbuseClass::PortScan:
      return attack.play == ssh_many_targets || attack.play == telnet_logins || attack.play == syn_flood || attack.play == udp_flood_many_ports ||
             attack.play == udp_flood_network || attack.play == syn_flood_network;
    case AbuseClass::Flood:  // thousands of packets a second to one host, whatever they ask for
      return attack.abuse_class == AbuseClass::Reflector || attack.play == vertical_scan;
    default: return false;
  }
}

void play_at(const Stage& stage, const AttackPlan& plan, const std::function<void(WallTime)>& play) {
  for (WallTime at = plan.from; at < plan.until; at = at + seconds(stage.dice.exponential(1 / plan.rate))) {
    play(at);
  }
}

}  // namespace pinfold::evaluate
