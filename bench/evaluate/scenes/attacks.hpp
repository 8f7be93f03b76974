/// Servers that do something wrong: every class at many rates, each with its truth beside it.
/// Shapes follow what is published about the tools: masscan and Mirai send one bare SYN a target (M. Antonakakis et al., Understanding the Mirai
/// Botnet, USENIX Security 2017), nmap -sT completes its connections; SSH brute force is a row of short sessions of nearly the same size
/// (R. Hofstede, L. Hendriks et al., SSHCure, AIMS 2012); spam bots talk straight to the MX and are often refused (D. Schatzmann et al.);
/// carpet bombing spreads a flood over the hosts of a prefix (Heinrich et al., PAM 2021); slowloris opens hundreds of connections and sends a header
/// each 10 to 15 s (R. Hansen 2009); reflectors answer 3 to 500 times what they are asked (C. Rossow, Amplification Hell, NDSS 2014). Units: `rate`
/// is targets, packets, logins, connections or forged queries a second, as `unit` says. Threads: none.
#pragma once

#include <array>
#include <span>

#include "abuse/abuse_class.hpp"
#include "evaluate/scenes/stage.hpp"

namespace pinfold::evaluate {

struct AttackPlan {
  double rate = 0;
  WallTime from;
  WallTime until;
};

struct Attack {
  const char* name;
  abuse::AbuseClass abuse_class;
  const char* kind;  ///< as the finding must say it; empty: any
  const char* unit;
  void (*play)(Stage& stage, const AttackPlan& plan);
  std::array<double, 4> rates;      ///< test half; the freeze half plays 0.7 times as fast
  std::array<double, 2> durations;  ///< seconds
  bool server_answers = false;      ///< the abuse is in the packets back (reflectors)
};

[[nodiscard]] std::span<const Attack> attacks();
/// A class that is not wrong about the deed: logging in to a hundred hosts, a third of them dead, is also a scan. It does not count as found,
/// but not as a false finding either.
[[nodiscard]] bool not_wrong(const Attack& attack, abuse::AbuseClass found);

/// `rate` times a second, at random moments.
void play_at(const Stage& stage, const AttackPlan& plan, const std::function<void(WallTime)>& play);

// attacks_scan.cpp
void horizontal_scan(Stage& stage, const AttackPlan& plan);
void connect_scan(Stage& stage, const AttackPlan& plan);
void vertical_scan(Stage& stage, const AttackPlan& plan);
void block_scan(Stage& stage, const AttackPlan& plan);
void udp_scan(Stage& stage, const AttackPlan& plan);
void ping_sweep(Stage& stage, const AttackPlan& plan);
// attacks_flood.cpp
void syn_flood(Stage& stage, const AttackPlan& plan);
void udp_flood(Stage& stage, const AttackPlan& plan);
void udp_flood_many_ports(Stage& stage, const AttackPlan& plan);
void icmp_flood(Stage& stage, const AttackPlan& plan);
void ack_flood(Stage& stage, const AttackPlan& plan);
void udp_flood_network(Stage& stage, const AttackPlan& plan);
void syn_flood_network(Stage& stage, const AttackPlan& plan);
void slow_http(Stage& stage, const AttackPlan& plan);
void gre_flood(Stage& stage, const AttackPlan& plan);
void dns_reflector(Stage& stage, const AttackPlan& plan);
void ntp_reflector(Stage& stage, const AttackPlan& plan);
void memcached_reflector(Stage& stage, const AttackPlan& plan);
// attacks_login.cpp
void ssh_one_target(Stage& stage, const AttackPlan& plan);
void ssh_many_targets(Stage& stage, const AttackPlan& plan);
void ssh_odd_port(Stage& stage, const AttackPlan& plan);
void ftp_logins(Stage& stage, const AttackPlan& plan);
void telnet_logins(Stage& stage, const AttackPlan& plan);
void rdp_logins(Stage& stage, const AttackPlan& plan);
void mail_logins(Stage& stage, const AttackPlan& plan);
void database_logins(Stage& stage, const AttackPlan& plan);
void vnc_logins(Stage& stage, const AttackPlan& plan);
void spam_bot(Stage& stage, const AttackPlan& plan);

}  // namespace pinfold::evaluate
