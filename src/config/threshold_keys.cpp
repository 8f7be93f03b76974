#include "config/threshold_keys.hpp"

#include <fmt/format.h>

#include <array>

namespace pinfold::config {
namespace {

using detect::Thresholds;

constexpr std::array kKeys = {
    ThresholdKey{"port_scan", "min_targets_per_minute", [](Thresholds& t) -> std::uint32_t& { return t.port_scan.min_targets_per_minute; }, 1,
                 1'000'000, "distinct targets in a minute", "ordinary hosts reach 119 to 527 a day on one port; a scanner hundreds a minute"},
    ThresholdKey{"port_scan", "min_ports_per_minute", [](Thresholds& t) -> std::uint32_t& { return t.port_scan.min_ports_per_minute; }, 2, 65'536,
                 "new ports of one host in a minute", "no program looks for a service on twenty ports"},
    ThresholdKey{"port_scan", "min_unanswered_percent", [](Thresholds& t) -> std::uint32_t& { return t.port_scan.min_unanswered_percent; }, 1, 100,
                 "%", "crawlers, resolvers and monitors are answered"},
    ThresholdKey{"port_scan", "min_unanswered_percent_connectionless",
                 [](Thresholds& t) -> std::uint32_t& { return t.port_scan.min_unanswered_percent_connectionless; }, 1, 100, "%",
                 "UDP and ICMP: peer-to-peer clients lose more than half"},
    ThresholdKey{"port_scan", "min_sampled_targets", [](Thresholds& t) -> std::uint32_t& { return t.port_scan.min_sampled_targets; }, 1, 1'000'000,
                 "targets really seen", "estimates from fewer samples are guesses"},
    ThresholdKey{"port_scan", "min_targets_per_ten_minutes", [](Thresholds& t) -> std::uint32_t& { return t.port_scan.min_targets_per_ten_minutes; },
                 1, 1'000'000, "unanswered targets in ten minutes", "no ordinary server fails that often on one port"},
    ThresholdKey{"port_scan", "min_targets_per_hour", [](Thresholds& t) -> std::uint32_t& { return t.port_scan.min_targets_per_hour; }, 1, 1'000'000,
                 "unanswered targets in an hour", "the same, for more patience; half of it when 95 % do not answer"},
    ThresholdKey{"port_scan", "min_unanswered_percent_slow", [](Thresholds& t) -> std::uint32_t& { return t.port_scan.min_unanswered_percent_slow; },
                 1, 100, "%", "the longer one looks, the more dead links an ordinary client has met"},
    ThresholdKey{"port_scan", "min_subnet_hosts", [](Thresholds& t) -> std::uint32_t& { return t.port_scan.min_subnet_hosts; }, 0, 256,
                 "silent hosts of one /24 in a minute", "only a sweep meets so many neighbours; 0 turns it off"},
    ThresholdKey{"flood", "min_syn_pps", [](Thresholds& t) -> std::uint32_t& { return t.flood.min_syn_pps; }, 1, 100'000'000,
                 "SYNs a second to one destination", "a proxy whose backend has died makes hundreds"},
    ThresholdKey{"flood", "min_udp_pps", [](Thresholds& t) -> std::uint32_t& { return t.flood.min_udp_pps; }, 1, 100'000'000,
                 "one-sided packets a second to one destination", "a stream to one viewer is 1,000 to 3,000; tunnels are answered"},
    ThresholdKey{"flood", "min_icmp_pps", [](Thresholds& t) -> std::uint32_t& { return t.flood.min_icmp_pps; }, 1, 100'000'000,
                 "pings a second to one destination", "a monitor sends 1 to 10"},
    ThresholdKey{"flood", "min_other_pps", [](Thresholds& t) -> std::uint32_t& { return t.flood.min_other_pps; }, 1, 100'000'000,
                 "one-sided packets a second to one destination", "an upload is acknowledged at least once in forty packets"},
    ThresholdKey{"flood", "min_ack_pps", [](Thresholds& t) -> std::uint32_t& { return t.flood.min_ack_pps; }, 1, 100'000'000,
                 "bare acknowledgements a second, from many ports, to a host that says nothing", "a download's come from one port and are answered"},
    ThresholdKey{"flood", "min_network_hosts", [](Thresholds& t) -> std::uint32_t& { return t.flood.min_network_hosts; }, 2, 256,
                 "hosts of one network that a flood is spread over", "a stream has some viewers in one network, not dozens"},
    ThresholdKey{"flood", "min_slow_connections", [](Thresholds& t) -> std::uint32_t& { return t.flood.min_slow_connections; }, 1, 100'000,
                 "connections held open to one web server without a request", "tools open 150 and more; pools are answered"},
    ThresholdKey{"flood", "min_connections_per_second", [](Thresholds& t) -> std::uint32_t& { return t.flood.min_connections_per_second; }, 1,
                 100'000'000, "TCP connections a second to one host (information only)", "a proxy in front of one backend opens hundreds"},
    ThresholdKey{"flood", "max_answer_percent", [](Thresholds& t) -> std::uint32_t& { return t.flood.max_answer_percent; }, 0, 100, "%",
                 "up to so much coming back, traffic is one-sided"},
    ThresholdKey{"flood", "min_syn_percent", [](Thresholds& t) -> std::uint32_t& { return t.flood.min_syn_percent; }, 1, 100, "% of the TCP packets",
                 "a busy client also sends data"},
    ThresholdKey{"flood", "blind_factor", [](Thresholds& t) -> std::uint32_t& { return t.flood.blind_factor; }, 1, 1'000, "times",
                 "where answers are not visible, streams look one-sided too"},
    ThresholdKey{"flood", "min_sampled_packets", [](Thresholds& t) -> std::uint32_t& { return t.flood.min_sampled_packets; }, 1, 1'000'000,
                 "packets really seen", "estimates from fewer samples are guesses"},
    ThresholdKey{"brute_force", "min_logins_one_host", [](Thresholds& t) -> std::uint32_t& { return t.brute_force.min_logins_one_host; }, 2,
                 1'000'000, "login-sized sessions in a minute", "a person mistypes three times; hydra starts with 16 at once"},
    ThresholdKey{"brute_force", "min_logins_one_host_busy", [](Thresholds& t) -> std::uint32_t& { return t.brute_force.min_logins_one_host_busy; }, 2,
                 1'000'000, "the same, mail boxes and databases", "mail clients and applications log in all the time"},
    ThresholdKey{"brute_force", "min_logins_odd_port", [](Thresholds& t) -> std::uint32_t& { return t.brute_force.min_logins_odd_port; }, 2,
                 1'000'000, "the same, ports without a known service", "unknown protocols may be chatty"},
    ThresholdKey{"brute_force", "min_logins_many_hosts", [](Thresholds& t) -> std::uint32_t& { return t.brute_force.min_logins_many_hosts; }, 2,
                 1'000'000, "login-sized sessions in a minute, three a host", "administration by script reaches a host once or twice"},
    ThresholdKey{"brute_force", "min_hosts_one_try", [](Thresholds& t) -> std::uint32_t& { return t.brute_force.min_hosts_one_try; }, 2, 1'000'000,
                 "hosts in a minute", "one password for a list of addresses"},
    ThresholdKey{"brute_force", "min_logins_ten_minutes", [](Thresholds& t) -> std::uint32_t& { return t.brute_force.min_logins_ten_minutes; }, 2,
                 1'000'000, "login-sized sessions on one host in ten minutes", "a cron job every minute makes ten"},
    ThresholdKey{"brute_force", "min_logins_hour", [](Thresholds& t) -> std::uint32_t& { return t.brute_force.min_logins_hour; }, 2, 1'000'000,
                 "login-sized sessions on one host in an hour", "a cron job every minute makes sixty"},
    ThresholdKey{"brute_force", "min_similar_percent", [](Thresholds& t) -> std::uint32_t& { return t.brute_force.min_similar_percent; }, 1, 100,
                 "% of the sessions", "a tool does the same thing again and again"},
    ThresholdKey{"brute_force", "min_sampled_sessions", [](Thresholds& t) -> std::uint32_t& { return t.brute_force.min_sampled_sessions; }, 2,
                 1'000'000, "sessions really seen", "estimates from fewer samples are guesses"},
    ThresholdKey{"spam", "min_servers_per_minute", [](Thresholds& t) -> std::uint32_t& { return t.spam.min_servers_per_minute; }, 1, 1'000'000,
                 "mail servers in a minute", "a web shop hands its mail to one relay"},
    ThresholdKey{"spam", "min_servers_per_ten_minutes", [](Thresholds& t) -> std::uint32_t& { return t.spam.min_servers_per_ten_minutes; }, 1,
                 1'000'000, "mail servers in ten minutes", "the same, for slower mailers"},
    ThresholdKey{"spam", "min_servers_mail_host", [](Thresholds& t) -> std::uint32_t& { return t.spam.min_servers_mail_host; }, 1, 1'000'000,
                 "mail servers in ten minutes", "a host that receives mail also sends its users' mail"},
    ThresholdKey{"spam", "times_usual", [](Thresholds& t) -> std::uint32_t& { return t.spam.times_usual; }, 1, 1'000, "times its usual number",
                 "what a server always did is no news"},
    ThresholdKey{"spam", "min_sampled_servers", [](Thresholds& t) -> std::uint32_t& { return t.spam.min_sampled_servers; }, 1, 1'000'000,
                 "mail servers really seen", "estimates from fewer samples are guesses"},
    ThresholdKey{"bandwidth_burst", "min_mbps", [](Thresholds& t) -> std::uint32_t& { return t.burst.min_mbps; }, 1, 10'000'000,
                 "Mbit/s over ten minutes", "below that a burst endangers nobody"},
    ThresholdKey{"bandwidth_burst", "times_usual", [](Thresholds& t) -> std::uint32_t& { return t.burst.times_usual; }, 2, 1'000,
                 "times the usual rate of that hour of the week", "traffic doubles and trebles every day"},
    ThresholdKey{"bandwidth_burst", "min_hours_known", [](Thresholds& t) -> std::uint32_t& { return t.burst.min_hours_known; }, 1, 10'000,
                 "hours of its own past", "two days show both night and day"},
    ThresholdKey{"reflector", "min_kbps", [](Thresholds& t) -> std::uint32_t& { return t.reflector.min_kbps; }, 1, 100'000'000,
                 "kbit/s of answers to one destination", "a resolver's best client gets less"},
    ThresholdKey{"reflector", "min_pps", [](Thresholds& t) -> std::uint32_t& { return t.reflector.min_pps; }, 1, 100'000'000,
                 "answers a second to one destination", "the same"},
    ThresholdKey{"reflector", "min_sampled_packets", [](Thresholds& t) -> std::uint32_t& { return t.reflector.min_sampled_packets; }, 1, 1'000'000,
                 "answers really seen", "estimates from fewer samples are guesses"},
    ThresholdKey{"file_sharing", "min_peers", [](Thresholds& t) -> std::uint32_t& { return t.file_sharing.min_peers; }, 1, 1'000'000,
                 "peers on as many high ports", "a swarm has hundreds"},
};

}  // namespace

std::span<const ThresholdKey> threshold_keys() { return kKeys; }

std::vector<Explanation> explain(const detect::Thresholds& thresholds) {
  Thresholds now = thresholds;
  Thresholds standard;
  std::vector<Explanation> explanations;
  for (const ThresholdKey& key : kKeys) {
    explanations.push_back(
        {fmt::format("detect.{}.{}", key.section, key.key), key.at(now), key.at(standard), std::string(key.unit), std::string(key.reason)});
  }
  return explanations;
}

}  // namespace pinfold::config
