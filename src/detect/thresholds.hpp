/// What the detectors compare with. Read from the policy file by `config`, explained by `pinfold policy check`; the reason for each default
/// stands in its comment and, for operators, in docs/manual/detection.md.
/// "Unanswered" is silence or refusal. Counts are distinct things, estimated where packets are sampled.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "inventory/roles.hpp"

namespace pinfold::detect {

struct PortScanThresholds {
  /// Distinct destinations (horizontal) or ports of one destination (vertical) in one minute. Ordinary hosts reach 119–527 a *day* on one port
  /// (research/flows); a scanner reaches hundreds a minute.
  std::uint32_t min_targets_per_minute = 100;
  /// Distinct ports of one destination in one minute, none of them tried before, `min_unanswered_percent_slow` of them refused or silent, a few
  /// packets each. No program looks for a service on twenty ports; a load balancer whose backends have died asks the same ones again and again.
  std::uint32_t min_ports_per_minute = 20;
  /// Share of contacts that were never answered, in per cent. A crawler or resolver is answered.
  std::uint32_t min_unanswered_percent = 70;
  /// The same for UDP and ICMP, where nothing in the packet itself tells a probe from a question: peer-to-peer clients lose more than half.
  std::uint32_t min_unanswered_percent_connectionless = 90;
  /// Under sampling, at least so many distinct targets must really have been seen: estimates from fewer are guesses.
  std::uint32_t min_sampled_targets = 20;
  /// Patient scans: distinct unanswered targets in ten minutes and in an hour. No ordinary server fails that often on one port. Half of the hour's
  /// number is enough when next to nobody answered (95 %): a client that nobody answers has no use for a hundred hosts.
  std::uint32_t min_targets_per_ten_minutes = 100;
  std::uint32_t min_targets_per_hour = 200;
  /// Their share of unanswered contacts: the longer one looks, the more dead links an ordinary client has met.
  std::uint32_t min_unanswered_percent_slow = 80;
  /// Distinct unanswered hosts of one /24 (IPv6: /120) on one port in a minute: only a sweep meets so many neighbours. 0 turns it off.
  std::uint32_t min_subnet_hosts = 20;
  /// A contact counts as unanswered only so long after its record came in: the answer may be in the exporter's next datagram.
  Micros settle = std::chrono::seconds{2};
  /// A running incident (of any class) updates its finding at most so often.
  Micros update_interval = std::chrono::seconds{10};
  /// Without a matching record for so long, the incident (of any class) is over for the detector.
  Micros quiet = std::chrono::minutes{2};
};

/// The life of an incident, any class (rules/sighting.hpp).
struct IncidentThresholds {
  Micros update_interval = std::chrono::seconds{10};
  Micros quiet = std::chrono::minutes{2};
};

/// All rates towards one destination, averaged over ten seconds; a burst of two seconds or more counts by itself.
struct FloodThresholds {
  /// SYNs a second. A proxy whose backend has died makes hundreds a second.
  std::uint32_t min_syn_pps = 1000;
  /// One-sided UDP packets a second. A stream to one viewer is 1,000 to 3,000; a tunnel or a transfer is answered.
  std::uint32_t min_udp_pps = 5000;
  /// Echo requests a second. A ping of a monitor is 1 to 10.
  std::uint32_t min_icmp_pps = 500;
  /// Other one-sided packets a second (ACK and RST floods, fragments, GRE). A TCP upload is acknowledged at least once in forty packets.
  std::uint32_t min_other_pps = 10'000;
  /// Bare acknowledgements (ACK) a second, from many ports, to a host that says nothing: a download's come from one port and are answered.
  std::uint32_t min_ack_pps = 1000;
  /// Hosts of one network (/24, IPv6 /64) that a flood must be spread over to be judged by the network's sum.
  std::uint32_t min_network_hosts = 32;
  /// Connections to one web server that were opened within two minutes, stay open, trickle, and get nothing but acknowledgements.
  std::uint32_t min_slow_connections = 60;
  /// TCP connections opened a second to one host: information, no accusation (severity info). A proxy in front of one backend opens hundreds.
  std::uint32_t min_connections_per_second = 100;
  /// Packets that come back from the destination, in per cent of those sent, up to which the traffic is one-sided.
  std::uint32_t max_answer_percent = 2;
  /// Share of SYNs in what goes to the destination by TCP, in per cent.
  std::uint32_t min_syn_percent = 80;
  /// Where answers are not visible, the UDP and other rates must be so many times as high.
  std::uint32_t blind_factor = 4;
  /// Under sampling, at least so many packets must really have been seen.
  std::uint32_t min_sampled_packets = 30;
};

/// Sessions of the size of a failed login, in one minute unless said.
struct BruteForceThresholds {
  /// On one host, ssh, ftp, telnet, rdp, vnc. A person mistypes three times; hydra starts with 16 at once.
  std::uint32_t min_logins_one_host = 6;
  /// On one host, mail boxes and databases: mail clients and applications log in all the time.
  std::uint32_t min_logins_one_host_busy = 40;
  /// On one host, a port that no service is known for, and only if the sessions are as long as password attempts are.
  std::uint32_t min_logins_odd_port = 20;
  /// Over several hosts, at least three attempts each on average.
  std::uint32_t min_logins_many_hosts = 40;
  /// Over several hosts, whatever the number of attempts on each: lists of addresses with one password.
  std::uint32_t min_hosts_one_try = 100;
  /// Patient attacks: on one host in ten minutes, in an hour. A cron job every minute stays below.
  std::uint32_t min_logins_ten_minutes = 30;
  std::uint32_t min_logins_hour = 120;
  /// Share of sessions whose size lies near the median, in per cent: a tool does the same thing again and again.
  std::uint32_t min_similar_percent = 70;
  /// Under sampling: sessions really seen, of one or two packets each.
  std::uint32_t min_sampled_sessions = 15;
};

struct SpamThresholds {
  /// Distinct mail servers contacted in one minute and in ten, by a server that receives no mail itself.
  std::uint32_t min_servers_per_minute = 30;
  std::uint32_t min_servers_per_ten_minutes = 80;
  /// In ten minutes, by one that does receive mail: its own clients' mail goes out through it.
  std::uint32_t min_servers_mail_host = 1000;
  /// And so many times its own usual number, once that is known.
  std::uint32_t times_usual = 5;
  /// Under sampling: distinct mail servers really seen.
  std::uint32_t min_sampled_servers = 20;
};

struct BurstThresholds {
  /// Outbound rate over ten minutes in Mbit/s below which nothing is a burst.
  std::uint32_t min_mbps = 100;
  /// Times the usual rate of that hour of the week.
  std::uint32_t times_usual = 8;
  /// Hours of its own past that a server needs; before, its service level's past counts.
  std::uint32_t min_hours_known = 48;
};

struct ReflectorThresholds {
  /// Answers of one UDP service to one destination, averaged over ten seconds. A busy resolver's best client gets less than that.
  std::uint32_t min_kbps = 500;
  std::uint32_t min_pps = 50;
  /// Under sampling, at least so many answers must really have been seen.
  std::uint32_t min_sampled_packets = 20;
};

struct FileSharingThresholds {
  /// Off unless the operator's terms of use forbid it.
  bool is_forbidden = false;
  /// Distinct peers in ten minutes, on as many high ports.
  std::uint32_t min_peers = 80;
};

/// Which of several exporters of the same packets is believed (detect/observation.hpp).
struct ObservationThresholds {
  /// An exporter that has sent nothing for so long is dead. An idle network must not look like that: some exporters then send only a
  /// template once a minute.
  Micros alive = std::chrono::seconds{90};
  /// A better exporter that came back must live so long before it is believed again.
  Micros hold = std::chrono::minutes{1};
  /// A server moves to another observation point when its own has not shown it for so long: longer than the usual active timeouts.
  Micros point_hold = std::chrono::minutes{5};
};

struct Thresholds {
  PortScanThresholds port_scan;
  FloodThresholds flood;
  BruteForceThresholds brute_force;
  SpamThresholds spam;
  BurstThresholds burst;
  ReflectorThresholds reflector;
  FileSharingThresholds file_sharing;
  ObservationThresholds observation;
  /// What the operator declared about single servers (`[[role]]` in the policy file).
  std::vector<inventory::RoleOfServer> roles;
};

}  // namespace pinfold::detect
