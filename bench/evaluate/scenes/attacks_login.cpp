#include <algorithm>
#include <array>

#include "evaluate/scenes/attacks.hpp"

namespace pinfold::evaluate {
namespace {

/// What one refused login looks like: nearly the same every time.
struct Login {
  double seconds = 1;
  double there = 0;  ///< bytes of payload
  double back = 0;
  double turns = 1;  ///< packets with data, each way
};

struct Targets {
  std::size_t count = 1;
  std::uint16_t port = 0;
  double dead = 0;  ///< share that never answers, or has begun to block us
};

void log_in(Stage& stage, const AttackPlan& plan, const Targets& targets, const Login& login) {
  const Peers hosts(stage.dice, targets.count);
  play_at(stage, plan, [&](WallTime at) {
    const End to{hosts.at(stage.dice.below(hosts.size())), targets.port};
    if (stage.dice.chance(targets.dead)) {
      stage.wire.add(stage.talk.unanswered(stage.me(), to, at, 1));
      return;
    }
    const double likeness = stage.dice.uniform(0.93, 1.07);
    stage.wire.add(stage.talk.session(stage.me(), to, at, seconds(login.seconds * stage.dice.uniform(0.8, 1.3)), login.there * likeness,
                                      login.back * likeness, login.turns));
  });
}

/// 11 to 20 packets out, 1.5 to 3.5 kB, as measured by SSHCure.
Login ssh_login(Stage& stage) {
  return {stage.ranged(1.5, 3, 0.8, 4), stage.ranged(1800, 2500, 1400, 2800), stage.ranged(2200, 3000, 1800, 3400), stage.ranged(9, 14, 8, 16)};
}

}  // namespace

void ssh_one_target(Stage& stage, const AttackPlan& plan) { log_in(stage, plan, {1, 22, 0.0}, ssh_login(stage)); }

void ssh_many_targets(Stage& stage, const AttackPlan& plan) {
  log_in(stage, plan, {static_cast<std::size_t>(stage.ranged(20, 60, 10, 120)), 22, stage.ranged(0, 0.2, 0, 0.3)}, ssh_login(stage));
}

void ssh_odd_port(Stage& stage, const AttackPlan& plan) {
  log_in(stage, plan, {stage.half == Half::Freeze ? 1U : 3U, static_cast<std::uint16_t>(stage.half == Half::Freeze ? 2222 : 22'022), 0.0},
         ssh_login(stage));
}

void ftp_logins(Stage& stage, const AttackPlan& plan) {
  log_in(stage, plan, {stage.dice.chance(0.5) ? 1U : 8U, 21, 0.02},
         {stage.ranged(1, 3, 0.5, 5), stage.ranged(60, 120, 40, 160), stage.ranged(200, 400, 150, 500), stage.ranged(4, 6, 3, 8)});
}

void telnet_logins(Stage& stage, const AttackPlan& plan) {
  log_in(stage, plan, {static_cast<std::size_t>(stage.ranged(30, 80, 20, 150)), 23, 0.1},
         {stage.ranged(2, 6, 2, 8), 120, 300, stage.ranged(8, 14, 6, 18)});
}

void rdp_logins(Stage& stage, const AttackPlan& plan) {
  log_in(stage, plan, {stage.dice.chance(0.5) ? 1U : 12U, 3389, 0.02},
         {stage.ranged(0.6, 2, 0.4, 3), stage.ranged(1500, 2500, 1200, 3000), stage.ranged(1800, 2600, 1500, 3200), stage.ranged(7, 10, 6, 12)});
}

void mail_logins(Stage& stage, const AttackPlan& plan) {
  constexpr std::array<std::uint16_t, 3> kTest{587, 993, 465};
  log_in(stage, plan, {stage.dice.chance(0.5) ? 1U : 5U, stage.half == Half::Freeze ? std::uint16_t{143} : stage.dice.pick(kTest), 0.01},
         {stage.ranged(1, 3, 0.7, 4), stage.ranged(500, 900, 400, 1100), stage.ranged(3000, 4500, 2500, 5000), stage.ranged(6, 9, 5, 11)});
}

void database_logins(Stage& stage, const AttackPlan& plan) {
  constexpr std::array<std::uint16_t, 2> kTest{3306, 5432};
  log_in(stage, plan, {stage.dice.chance(0.5) ? 1U : 6U, stage.half == Half::Freeze ? std::uint16_t{1433} : stage.dice.pick(kTest), 0.01},
         {stage.ranged(0.1, 0.3, 0.05, 0.5), stage.ranged(200, 300, 150, 400), stage.ranged(180, 260, 150, 350), stage.ranged(3, 4, 2, 5)});
}

void vnc_logins(Stage& stage, const AttackPlan& plan) {
  log_in(stage, plan, {stage.dice.chance(0.5) ? 1U : 10U, 5900, 0.03}, {stage.ranged(0.3, 1, 0.2, 2), 40, 60, 4});
}

void spam_bot(Stage& stage, const AttackPlan& plan) {
  const Peers mx(stage.dice, static_cast<std::size_t>(stage.ranged(400, 1500, 300, 4000)));
  const double refused = stage.ranged(0.2, 0.4, 0.1, 0.5);
  const double dead = stage.ranged(0.03, 0.15, 0.03, 0.25);
  const double letter = stage.ranged(1500, 4000, 900, 8000);
  play_at(stage, plan, [&](WallTime at) {
    const End to{mx.at(stage.dice.below(mx.size())), 25};
    stage.wire.add(stage.dice.chance(dead)      ? stage.talk.unanswered(stage.me(), to, at, 1)
                   : stage.dice.chance(refused) ? stage.talk.session(stage.me(), to, at, seconds(stage.dice.uniform(0.2, 1.5)), 60, 250, 3)
                                                : stage.talk.session(stage.me(), to, at, seconds(stage.dice.uniform(0.8, 5)),
                                                                     letter * stage.dice.uniform(0.9, 1.1) + 250, 600, 6));
  });
}

}  // namespace pinfold::evaluate
