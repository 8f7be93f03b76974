#include <algorithm>
#include <array>

#include "evaluate/scenes/innocents.hpp"

namespace pinfold::evaluate {
namespace {

std::uint16_t odd_port(Stage& stage) {
  return static_cast<std::uint16_t>(stage.dice.chance(0.3) ? 6881 + stage.dice.below(9) : stage.dice.between(10'000, 65'000));
}

}  // namespace

void bittorrent(Stage& stage) {
  // Half of the peers that trackers name are gone or behind NAT (R. Cuevas et al., CoNEXT 2010); DHT nodes answer about half the time
  // (R. Jimenez et al., P2P 2011).
  const double gone = stage.ranged(0.4, 0.55, 0.45, 0.65);
  const WallTime from = stage.some_time();
  const WallTime until = std::min(stage.end, from + seconds(stage.dice.uniform(1200, 7200)));
  const double per_second = stage.ranged(0.3, 1.2, 0.5, 2);
  for (WallTime at = from; at < until; at = at + seconds(stage.dice.exponential(1 / per_second))) {
    const End peer{stage.world(), odd_port(stage)};
    stage.wire.add(stage.dice.chance(gone)
                       ? stage.talk.unanswered(stage.me(), peer, at, 1)
                       : stage.talk.session(stage.me(), peer, at, seconds(stage.dice.exponential(120)), stage.size(20'000), stage.size(20'000)));
    const End node{stage.world(), odd_port(stage)};
    stage.wire.add(stage.dice.chance(0.5) ? stage.talk.question(stage.me(6881), node, at, 105, 0)
                                          : stage.talk.exchange(stage.me(6881), node, at, 105, 300));
  }
}

void blockchain_node(Stage& stage) {
  const std::uint16_t port = stage.half == Half::Freeze ? 8333 : 30'303;
  const double dead = stage.ranged(0.5, 0.7, 0.5, 0.75);
  stage.arrivals(stage.ranged(0.02, 0.1, 0.03, 0.2), [&](WallTime at) {
    const End peer{stage.world(), port};
    stage.wire.add(stage.dice.chance(dead)
                       ? stage.talk.unanswered(stage.me(), peer, at)
                       : stage.talk.session(stage.me(), peer, at, seconds(stage.dice.exponential(300)), stage.size(20'000), stage.size(20'000)));
  });
  if (port == 30'303) {  // discovery over UDP
    stage.arrivals(0.15, [&](WallTime at) {
      const End node{stage.world(), port};
      stage.wire.add(stage.dice.chance(0.5) ? stage.talk.question(stage.me(port), node, at, 130, 0)
                                            : stage.talk.exchange(stage.me(port), node, at, 130, 500));
    });
  }
}

void exit_node(Stage& stage) {
  constexpr std::array<std::uint16_t, 8> kPorts{443, 443, 443, 443, 80, 993, 5222, 22};
  const Peers sites(stage.dice, 8000);
  stage.arrivals(stage.ranged(0.3, 1, 0.4, 1.5) * stage.load, [&](WallTime at) {
    const End site{stage.dice.chance(0.8) ? sites.any(stage.dice) : stage.world(), stage.dice.pick(kPorts)};
    stage.wire.add(stage.dice.chance(0.06)
                       ? stage.talk.unanswered(stage.me(), site, at)
                       : stage.talk.session(stage.me(), site, at, seconds(stage.dice.exponential(20)), stage.size(1500), stage.size(8000)));
  });
  for (int i = 0; i < 6; ++i) {  // users
    const double time = std::min(stage.dice.uniform(1800, 7200), stage.length());
    stage.wire.add(stage.talk.stream({stage.world(), stage.talk.ephemeral()}, stage.me(1194), stage.some_time(), seconds(time), 120, 400, 180, 900));
  }
}

}  // namespace pinfold::evaluate
