#include "evaluate/scenes/innocents.hpp"

#include <array>

namespace pinfold::evaluate {
namespace {

constexpr std::array<std::uint16_t, 12> kProbedPorts{22, 23, 80, 443, 445, 3389, 8080, 5060, 6379, 2323, 25, 5900};

constexpr std::array<Innocent, 29> kInnocents{{
    {"ordinary", "the base rate: look-ups, updates, probes from outside", [](Stage&) {}, ""},
    {"web server", "many short connections, some broken", web_server, ""},
    {"CDN origin", "gigabits outbound, few peers", cdn_origin, ""},
    {"crawler", "thousands of hosts an hour on two ports, a tenth of them dead", crawler, ""},
    {"proxy with a dead backend", "SYN after SYN to one port that never answers", proxy_with_dead_backend, ""},
    {"PHP with a remote database", "tens of short connections a second to a port that asks for a password", php_with_remote_database, ""},
    {"mail relay", "thousands of mail servers, many of them dead or greylisting", mail_relay, ""},
    {"newsletter", "a day's mail in half an hour, once a week", newsletter, "newsletter"},
    {"mail fetcher", "logs in to dozens of IMAP and POP servers every few minutes, some refuse", mail_fetcher, ""},
    {"resolver", "asks tens of thousands of name servers, a tenth never answer", resolver, ""},
    {"authoritative DNS", "small questions, larger answers, from everywhere", authoritative_dns, ""},
    {"NTP server", "answers thousands of clients", ntp_server, ""},
    {"game server", "steady UDP to hundreds of players; answers status queries with more than was asked", game_server, ""},
    {"voice server", "UDP streams of thousands of packets a second", voice_server, ""},
    {"tunnel", "tens of thousands of UDP packets a second to one host, for hours", tunnel, ""},
    {"metrics sender", "UDP to one host that never answers", metrics_sender, ""},
    {"monitoring", "pings and connects to hundreds of hosts each minute, a few always down", monitoring, ""},
    {"configuration management", "SSH to hundreds of hosts within a minute, again and again", configuration_management, ""},
    {"repository poller", "a short SSH session to one host every half minute", repository_poller, ""},
    {"backup", "hours of full speed outbound to one host", backup, ""},
    {"speed test", "a gigabit a second, without warning", speed_test, ""},
    {"big download", "a gigabit a second inbound, ACKs outbound", big_download, ""},
    {"BitTorrent", "thousands of peers on odd ports, half of them gone; DHT", bittorrent, ""},
    {"blockchain node", "tries addresses that gossip gave it, most of them dead", blockchain_node, ""},
    {"exit node", "everybody's traffic from one address", exit_node, "proxy"},
    {"SYN flood victim", "SYN-ACKs to forged addresses", syn_flood_victim, ""},
    {"UDP flood victim", "ICMP errors to forged addresses", udp_flood_victim, ""},
    {"scan victim", "RSTs from a thousand ports", scan_victim, ""},
    {"login victim", "hundreds of failed logins a minute, answered", login_victim, ""},
}};

}  // namespace

std::span<const Innocent> innocents() { return kInnocents; }

void ordinary_life(Stage& stage) {
  const net::IpAddress resolver = stage.world();
  stage.arrivals(stage.dice.lognormal(0.02, 0.8), [&](WallTime at) {
    stage.wire.add(stage.dice.chance(0.02) ? stage.talk.question(stage.me(), {resolver, 53}, at, 45, 2)
                                           : stage.talk.exchange(stage.me(), {resolver, 53}, at, 45, stage.dice.uniform(80, 400)));
  });
  const Peers clocks(stage.dice, 4);
  for (std::size_t i = 0; i < clocks.size(); ++i) {
    stage.every(1024, [&](WallTime at) { stage.wire.add(stage.talk.exchange(stage.me(123), {clocks.at(i), 123}, at, 48, 48)); });
  }
  const Peers services(stage.dice, 25);
  stage.arrivals(stage.dice.lognormal(0.005, 1.0), [&](WallTime at) {
    const End to{services.any(stage.dice), 443};
    stage.wire.add(stage.dice.chance(0.01)
                       ? stage.talk.unanswered(stage.me(), to, at)
                       : stage.talk.session(stage.me(), to, at, seconds(stage.dice.exponential(2)), stage.size(500, 1e7), stage.size(2000), 4));
  });
  stage.arrivals(stage.ranged(0.005, 0.03, 0.008, 0.05), [&](WallTime at) {
    const End prober{stage.world(), stage.talk.ephemeral()};
    const std::uint16_t port = stage.dice.pick(kProbedPorts);
    stage.wire.add(stage.dice.chance(0.6)   ? stage.talk.refused(prober, stage.me(port), at)
                   : stage.dice.chance(0.7) ? stage.talk.packet(prober, stage.me(port), flow::kTcp, at, 44, flow::kSyn)
                                            : stage.talk.session(prober, stage.me(22), at, seconds(3), 1500, 2500));
  });
}

}  // namespace pinfold::evaluate
