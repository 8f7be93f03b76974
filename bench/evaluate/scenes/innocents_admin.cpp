#include <algorithm>
#include <array>

#include "evaluate/scenes/innocents.hpp"

namespace pinfold::evaluate {

void monitoring(Stage& stage) {
  const Peers hosts(stage.dice, static_cast<std::size_t>(stage.ranged(40, 150, 60, 250)));
  constexpr std::array<std::uint16_t, 6> kServices{22, 80, 443, 25, 3306, 5666};
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const bool is_down = i % 17 == 5;
    stage.every(120, [&](WallTime at) { stage.wire.add(stage.talk.ping(stage.server, hosts.at(i), at, !is_down)); });
    const std::uint16_t service = kServices[i % kServices.size()];
    stage.every(300, [&](WallTime at) {
      const End to{hosts.at(i), service};
      stage.wire.add(is_down ? stage.talk.unanswered(stage.me(), to, at) : stage.talk.session(stage.me(), to, at, seconds(0.2), 300, 900, 2));
    });
  }
}

void configuration_management(Stage& stage) {
  const Peers hosts(stage.dice, static_cast<std::size_t>(stage.ranged(30, 200, 60, 300)));
  const double parallel = stage.ranged(5, 20, 10, 50);
  stage.every(stage.ranged(3600, 14'400, 1800, 14'400), [&](WallTime at) {
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      const WallTime turn = at + seconds(static_cast<double>(i) * 8 / parallel + stage.dice.unit());
      if (i % 41 == 7) {
        stage.wire.add(stage.talk.unanswered(stage.me(), {hosts.at(i), 22}, turn));
        continue;
      }
      stage.wire.add(stage.talk.session(stage.me(), {hosts.at(i), 22}, turn, seconds(stage.dice.uniform(4, 40)), stage.size(20'000, 5e6),
                                        stage.size(15'000, 1e6), 25));
    }
  });
}

void repository_poller(Stage& stage) {
  const End forge{stage.world(), 22};
  stage.every(stage.ranged(30, 120, 20, 60), [&](WallTime at) {
    stage.wire.add(stage.talk.session(stage.me(), forge, at, seconds(stage.dice.uniform(0.6, 1.8)), stage.dice.uniform(2600, 3600),
                                      stage.dice.chance(0.1) ? stage.size(40'000) : stage.dice.uniform(3500, 6000), 12));
  });
}

void backup(Stage& stage) {
  const End vault{stage.world(), static_cast<std::uint16_t>(stage.half == Half::Freeze ? 873 : 22)};
  const double rate = stage.dice.lognormal(4e7, 0.6);  // bytes a second
  const double time = stage.dice.uniform(600, 7200);
  const WallTime from = stage.begin + seconds(stage.dice.unit() * std::max(1.0, stage.length() - time));
  stage.wire.add(stage.talk.session(stage.me(), vault, from, seconds(std::min(time, stage.length())), rate * time, rate * time / 200));
}

void speed_test(Stage& stage) {
  const double count = stage.ranged(1, 4, 2, 6);
  for (double i = 0; i < count; ++i) {
    const WallTime at = stage.some_time();
    const net::IpAddress site = stage.world();
    for (int stream = 0; stream < 6; ++stream) {
      stage.wire.add(stage.talk.session(stage.me(), {site, 8080}, at, seconds(12), 2.2e8, 1e6));
      stage.wire.add(stage.talk.session(stage.me(), {site, 8080}, at + seconds(14), seconds(12), 1e6, 2.2e8));
    }
  }
}

void big_download(Stage& stage) {
  const WallTime at = stage.some_time();
  const double time = stage.dice.uniform(60, 900);
  const End mirror{stage.world(), 443};
  for (int stream = 0; stream < 10; ++stream) {
    stage.wire.add(stage.talk.session(stage.me(), mirror, at, seconds(time), 2e5, 1.25e7 * time));
  }
}

}  // namespace pinfold::evaluate
