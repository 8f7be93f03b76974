#include <algorithm>

#include "evaluate/scenes/innocents.hpp"

namespace pinfold::evaluate {

void resolver(Stage& stage) {
  const Peers clients(stage.dice, 300);
  const Peers authorities(stage.dice, 15'000);
  const double dead = stage.ranged(0.03, 0.1, 0.05, 0.15);
  stage.arrivals(stage.ranged(0.1, 0.6, 0.2, 0.8) * stage.load, [&](WallTime at) {
    stage.wire.add(stage.talk.exchange({clients.any(stage.dice), stage.talk.ephemeral()}, stage.me(53), at, 45, stage.dice.uniform(60, 500)));
    if (!stage.dice.chance(0.4)) {
      return;  // from its cache
    }
    const End authority{stage.dice.chance(0.5) ? authorities.any(stage.dice) : stage.world(), 53};
    stage.wire.add(stage.dice.chance(dead) ? stage.talk.question(stage.me(), authority, at, 55, 3)
                                           : stage.talk.exchange(stage.me(), authority, at, 55, stage.dice.uniform(90, 1200)));
    if (stage.dice.chance(0.02)) {  // cut short: again over TCP
      stage.wire.add(stage.talk.session(stage.me(), authority, at + seconds(0.1), seconds(0.2), 80, 2500));
    }
  });
}

void authoritative_dns(Stage& stage) {
  const Peers resolvers(stage.dice, 8000);
  stage.arrivals(stage.ranged(0.3, 1, 0.4, 1.5) * stage.load, [&](WallTime at) {
    const bool signed_answer = stage.dice.chance(0.3);
    stage.wire.add(stage.talk.exchange({resolvers.any(stage.dice), stage.talk.ephemeral()}, stage.me(53), at, stage.dice.uniform(40, 70),
                                       signed_answer ? stage.dice.uniform(600, 1400) : stage.dice.uniform(80, 300)));
  });
}

void ntp_server(Stage& stage) {
  const Peers clients(stage.dice, 20'000);
  stage.arrivals(stage.ranged(0.3, 1, 0.5, 1.5) * stage.load, [&](WallTime at) {
    stage.wire.add(stage.talk.exchange({clients.at(stage.dice.below(20'000)), stage.talk.ephemeral()}, stage.me(123), at, 48, 48));
  });
}

void game_server(Stage& stage) {
  const std::uint16_t port = stage.half == Half::Freeze ? 27'015 : 30'120;
  stage.arrivals(0.004 * stage.load, [&](WallTime at) {
    const double minutes = stage.dice.exponential(15);
    stage.wire.add(stage.talk.stream({stage.world(), stage.talk.ephemeral()}, stage.me(port), at, seconds(minutes * 60), 30, 90, 40, 180));
  });
  stage.arrivals(stage.ranged(0.05, 0.2, 0.05, 0.3), [&](WallTime at) {  // status queries from server browsers
    stage.wire.add(stage.talk.exchange({stage.world(), stage.talk.ephemeral()}, stage.me(port), at, 25, stage.dice.uniform(200, 1300)));
  });
}

void voice_server(Stage& stage) {
  stage.arrivals(0.002 * stage.load, [&](WallTime at) {
    const double minutes = stage.dice.exponential(25);
    stage.wire.add(stage.talk.stream({stage.world(), stage.talk.ephemeral()}, stage.me(9987), at, seconds(minutes * 60), 50, 120,
                                     stage.dice.uniform(100, 600), 160));
  });
}

void tunnel(Stage& stage) {
  const End far{stage.world(), 51'820};
  const WallTime from = stage.some_time();
  const double pps = stage.dice.lognormal(stage.half == Half::Freeze ? 8000 : 12'000, 0.8);
  const double time = std::min(stage.dice.uniform(600, 14'400), static_cast<double>((stage.end - from).count()) / 1e6);
  stage.wire.add(stage.talk.stream(stage.me(51'820), far, from, seconds(time), pps, 1380, pps * stage.dice.uniform(0.3, 0.6), 110));
}

void metrics_sender(Stage& stage) {
  const net::IpAddress sink = stage.world();
  const double pps = stage.ranged(20, 400, 50, 800);
  const std::uint16_t port = stage.half == Half::Freeze ? 8125 : 514;
  stage.wire.add(stage.talk.stream(stage.me(), {sink, port}, stage.begin, stage.end - stage.begin, pps, 320, 0, 0));
}

}  // namespace pinfold::evaluate
