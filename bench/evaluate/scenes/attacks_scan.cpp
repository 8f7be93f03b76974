#include <algorithm>
#include <array>

#include "evaluate/scenes/attacks.hpp"

namespace pinfold::evaluate {
namespace {

constexpr std::array<std::uint16_t, 4> kFreezePorts{23, 445, 8080, 3306};
constexpr std::array<std::uint16_t, 7> kTestPorts{22, 3389, 2323, 6379, 80, 5900, 37'215};

std::uint16_t scanned_port(Stage& stage) { return stage.half == Half::Freeze ? stage.dice.pick(kFreezePorts) : stage.dice.pick(kTestPorts); }

}  // namespace

void horizontal_scan(Stage& stage, const AttackPlan& plan) {
  const std::uint16_t port = scanned_port(stage);
  const std::uint16_t source = stage.dice.chance(0.5) ? stage.talk.ephemeral() : std::uint16_t{0};  // masscan keeps one
  const double open = stage.ranged(0.005, 0.04, 0.005, 0.08);
  play_at(stage, plan, [&](WallTime at) {
    const End from = stage.me(source != 0 ? source : stage.talk.ephemeral());
    const End to{stage.world(), port};
    stage.wire.add(stage.dice.chance(open)   ? stage.talk.half_open(from, to, at)
                   : stage.dice.chance(0.12) ? stage.talk.refused(from, to, at)
                                             : stage.talk.packet(from, to, flow::kTcp, at, 44, flow::kSyn));
  });
}

void connect_scan(Stage& stage, const AttackPlan& plan) {
  const std::uint16_t port = scanned_port(stage);
  const double open = stage.ranged(0.01, 0.05, 0.01, 0.1);
  play_at(stage, plan, [&](WallTime at) {
    const End to{stage.world(), port};
    stage.wire.add(stage.dice.chance(open)   ? stage.talk.session(stage.me(), to, at, seconds(stage.dice.uniform(0.1, 2)), 80, 300)
                   : stage.dice.chance(0.12) ? stage.talk.refused(stage.me(), to, at)
                                             : stage.talk.unanswered(stage.me(), to, at, 1));
  });
}

void vertical_scan(Stage& stage, const AttackPlan& plan) {
  const net::IpAddress host = stage.world();
  const bool is_filtered = stage.dice.chance(0.5);
  std::uint32_t next = static_cast<std::uint32_t>(stage.dice.below(65'536));
  const std::uint16_t source = stage.talk.ephemeral();
  play_at(stage, plan, [&](WallTime at) {
    next = (next * 5 + 12'345) & 0xFFFF;  // every port once, in an order of its own
    const End to{host, static_cast<std::uint16_t>(next == 0 ? 1 : next)};
    stage.wire.add(stage.dice.chance(0.004) ? stage.talk.half_open(stage.me(source), to, at)
                   : is_filtered            ? stage.talk.packet(stage.me(source), to, flow::kTcp, at, 44, flow::kSyn)
                                            : stage.talk.refused(stage.me(source), to, at));
  });
}

void block_scan(Stage& stage, const AttackPlan& plan) {
  const Peers hosts(stage.dice, 256);
  const std::uint64_t ports = stage.half == Half::Freeze ? 100 : 400;
  play_at(stage, plan, [&](WallTime at) {
    const End to{hosts.at(stage.dice.below(hosts.size())), static_cast<std::uint16_t>(1 + stage.dice.below(ports) * 7)};
    stage.wire.add(stage.dice.chance(0.02)  ? stage.talk.half_open(stage.me(), to, at)
                   : stage.dice.chance(0.2) ? stage.talk.refused(stage.me(), to, at)
                                            : stage.talk.packet(stage.me(stage.talk.ephemeral()), to, flow::kTcp, at, 44, flow::kSyn));
  });
}

void udp_scan(Stage& stage, const AttackPlan& plan) {
  const std::uint16_t port = stage.half == Half::Freeze ? 161 : stage.dice.chance(0.5) ? 1900 : 5060;
  play_at(stage, plan, [&](WallTime at) {
    const End to{stage.world(), port};
    stage.wire.add(stage.dice.chance(0.02) ? stage.talk.exchange(stage.me(), to, at, 60, 300) : stage.talk.question(stage.me(), to, at, 60, 0));
  });
}

void ping_sweep(Stage& stage, const AttackPlan& plan) {
  std::uint32_t address = stage.world().v4_number();
  const double alive = stage.ranged(0.02, 0.06, 0.02, 0.08);
  play_at(stage, plan,
          [&](WallTime at) { stage.wire.add(stage.talk.ping(stage.server, net::IpAddress::v4(address++), at, stage.dice.chance(alive))); });
}

}  // namespace pinfold::evaluate
