#include <algorithm>

#include "evaluate/scenes/innocents.hpp"

namespace pinfold::evaluate {
namespace {

/// One delivery, as it goes in the wild: most are taken, some are greylisted, some hosts are dead.
void deliver(Stage& stage, const net::IpAddress& to, WallTime at, double dead) {
  const End mx{to, 25};
  if (stage.dice.chance(dead)) {
    stage.wire.add(stage.talk.unanswered(stage.me(), mx, at));
  } else if (stage.dice.chance(0.05)) {
    stage.wire.add(stage.talk.session(stage.me(), mx, at, seconds(stage.dice.uniform(0.3, 3)), 400, 600, 4));  // "try again later"
  } else {
    stage.wire.add(stage.talk.session(stage.me(), mx, at, seconds(stage.dice.exponential(4)), stage.size(5000, 2e7), 900, 7));
  }
}

}  // namespace

void mail_relay(Stage& stage) {
  const Peers servers(stage.dice, 3000);
  stage.arrivals(stage.dice.lognormal(0.05, 0.8) * stage.load, [&](WallTime at) { deliver(stage, servers.any(stage.dice), at, 0.04); });
  stage.arrivals(0.05 * stage.load, [&](WallTime at) {
    stage.wire.add(stage.talk.session({stage.world(), stage.talk.ephemeral()}, stage.me(25), at, seconds(3), stage.size(4000, 2e7), 800, 7));
  });
}

void newsletter(Stage& stage) {
  const Peers servers(stage.dice, 2500);
  stage.arrivals(0.003, [&](WallTime at) { deliver(stage, servers.any(stage.dice), at, 0.04); });
  if (!stage.dice.chance(0.35)) {
    return;
  }
  const double per_second = stage.ranged(1, 5, 2, 8);
  const WallTime from = stage.begin + seconds(stage.dice.unit() * stage.length() * 0.9);
  const WallTime until = std::min(stage.end, from + seconds(stage.dice.uniform(300, 2400)));
  for (WallTime at = from; at < until; at = at + seconds(stage.dice.exponential(1 / per_second))) {
    // A handful of large providers take most of it.
    deliver(stage, servers.any(stage.dice), at, 0.03);
  }
}

void mail_fetcher(Stage& stage) {
  const Peers boxes(stage.dice, static_cast<std::size_t>(stage.ranged(10, 60, 20, 90)));
  const std::uint16_t port = stage.half == Half::Freeze ? 995 : 993;
  const double interval = stage.ranged(300, 900, 180, 900);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const double says_no = i % 11 == 3 ? 1.0 : 0.01;  // an account whose password was changed
    stage.every(interval, [&](WallTime at) {
      stage.wire.add(stage.dice.chance(says_no) ? stage.talk.session(stage.me(), {boxes.at(i), port}, at, seconds(2.2), 700, 4200, 7)
                                                : stage.talk.session(stage.me(), {boxes.at(i), port}, at, seconds(stage.dice.uniform(0.4, 3)), 900,
                                                                     stage.size(5000, 1e6), 9));
    });
  }
}

}  // namespace pinfold::evaluate
