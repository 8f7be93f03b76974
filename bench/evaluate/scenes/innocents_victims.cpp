#include <algorithm>

#include "evaluate/scenes/innocents.hpp"

namespace pinfold::evaluate {

void syn_flood_victim(Stage& stage) {
  web_server(stage);
  const double pps = stage.ranged(200, 2000, 300, 3000);
  const WallTime from = stage.some_time();
  const WallTime until = std::min(stage.end, from + seconds(30));
  for (WallTime at = from; at < until; at = at + seconds(1 / pps)) {
    // SYN cookies: one SYN-ACK and no more; some forged addresses exist and say RST.
    Conversation talk = stage.talk.half_open({stage.world(), stage.talk.ephemeral()}, stage.me(443), at);
    talk.there = {1, 44, flow::kSyn, flow::kSyn, flow::kSyn};
    stage.wire.add(talk);
    if (stage.dice.chance(0.1)) {
      stage.wire.add(stage.talk.packet(talk.from, talk.to, flow::kTcp, at + seconds(0.1), 40, flow::kRst));
    }
  }
}

void udp_flood_victim(Stage& stage) {
  const double pps = stage.ranged(200, 2000, 300, 3000);
  const WallTime from = stage.some_time();
  const WallTime until = std::min(stage.end, from + seconds(30));
  for (WallTime at = from; at < until; at = at + seconds(1 / pps)) {
    const net::IpAddress forged = stage.world();
    stage.wire.add(stage.talk.packet({forged, 53}, stage.me(static_cast<std::uint16_t>(stage.dice.between(1024, 65'000))), flow::kUdp, at, 500));
    if (stage.dice.chance(0.3)) {  // "port unreachable", as far as the kernel's own limit lets it
      stage.wire.add(stage.talk.packet(stage.me(), {forged, 3U << 8U | 3U}, flow::kIcmp, at + seconds(0.001), 556));
    }
  }
}

void scan_victim(Stage& stage) {
  for (int scan = 0; scan < 6; ++scan) {
    const net::IpAddress scanner = stage.world();
    const WallTime from = stage.some_time();
    const std::uint16_t source = stage.talk.ephemeral();
    for (std::uint16_t port = 1; port <= 1000; ++port) {
      const WallTime at = from + seconds(0.01 * port);
      if (at < stage.end) {
        stage.wire.add(stage.talk.refused({scanner, source}, stage.me(port), at));
      }
    }
  }
}

void login_victim(Stage& stage) {
  for (int bout = 0; bout < 3; ++bout) {
    const net::IpAddress attacker = stage.world();
    const WallTime from = stage.some_time();
    for (int i = 0; i < 1500; ++i) {
      const WallTime at = from + seconds(0.25 * i);
      if (at < stage.end) {
        stage.wire.add(stage.talk.session({attacker, stage.talk.ephemeral()}, stage.me(22), at, seconds(2), 1800, 2600, 11));
      }
    }
  }
}

}  // namespace pinfold::evaluate
