#include <algorithm>

#include "evaluate/scenes/innocents.hpp"

namespace pinfold::evaluate {

void web_server(Stage& stage) {
  const Peers visitors(stage.dice, 4000);
  stage.arrivals(stage.dice.lognormal(0.1, 0.7) * stage.load, [&](WallTime at) {
    const End visitor{stage.dice.chance(0.7) ? visitors.any(stage.dice) : stage.world(), stage.talk.ephemeral()};
    if (stage.dice.chance(0.02)) {  // gone before the answer came
      stage.wire.add(stage.talk.half_open(visitor, stage.me(443), at));
      return;
    }
    stage.wire.add(stage.talk.session(visitor, stage.me(443), at, seconds(stage.dice.exponential(8)), stage.size(700, 1e6), stage.size(6000), 4));
  });
}

void cdn_origin(Stage& stage) {
  const Peers edges(stage.dice, 60);
  stage.arrivals(0.15 * stage.load, [&](WallTime at) {
    const End edge{edges.any(stage.dice), stage.talk.ephemeral()};
    stage.wire.add(stage.talk.session(edge, stage.me(443), at, seconds(stage.dice.uniform(1, 40)), 2000, stage.dice.pareto(4e5, 1.1, 4e9)));
  });
}

void crawler(Stage& stage) {
  // Some hours of the day; politeness keeps it from hitting one host often.
  const double per_second = stage.ranged(1, 6, 2, 10);
  const double dead = stage.ranged(0.05, 0.12, 0.05, 0.15);
  const WallTime from = stage.some_time();
  const WallTime until = std::min(stage.end, from + seconds(stage.dice.uniform(600, 5400)));
  const Peers sites(stage.dice, 20'000);
  for (WallTime at = from; at < until; at = at + seconds(stage.dice.exponential(1 / per_second))) {
    const End site{sites.at(stage.dice.below(20'000)), static_cast<std::uint16_t>(stage.dice.chance(0.85) ? 443 : 80)};
    stage.wire.add(stage.dice.chance(dead) ? stage.talk.unanswered(stage.me(), site, at)
                   : stage.dice.chance(0.03)
                       ? stage.talk.refused(stage.me(), site, at)
                       : stage.talk.session(stage.me(), site, at, seconds(stage.dice.exponential(3)), 900, stage.size(8000, 5e6), 4));
  }
}

void proxy_with_dead_backend(Stage& stage) {
  web_server(stage);
  const End backend{stage.world(), 8080};
  const WallTime from = stage.some_time();
  const WallTime until = std::min(stage.end, from + seconds(stage.dice.uniform(300, 3600)));
  const double per_second = stage.ranged(0.5, 4, 1, 8);
  const bool refuses = stage.dice.chance(0.5);
  for (WallTime at = from; at < until; at = at + seconds(stage.dice.exponential(1 / per_second))) {
    stage.wire.add(refuses ? stage.talk.refused(stage.me(), backend, at) : stage.talk.unanswered(stage.me(), backend, at));
  }
}

void php_with_remote_database(Stage& stage) {
  const End database{stage.world(), static_cast<std::uint16_t>(stage.half == Half::Freeze ? 5432 : 3306)};
  stage.arrivals(stage.ranged(0.2, 1.0, 0.3, 1.5) * stage.load, [&](WallTime at) {
    stage.wire.add(
        stage.talk.session(stage.me(), database, at, seconds(stage.dice.uniform(0.01, 0.4)), stage.size(1200, 1e5), stage.size(3000, 1e6), 5));
  });
}

}  // namespace pinfold::evaluate
