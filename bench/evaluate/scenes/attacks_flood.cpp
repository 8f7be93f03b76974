#include <algorithm>
#include <cmath>

#include "evaluate/scenes/attacks.hpp"

namespace pinfold::evaluate {
namespace {

/// One long 5-tuple without answers. Flow exporters see one record a minute of it, however fast it is.
void pour(Stage& stage, const AttackPlan& plan, std::uint8_t protocol, std::uint16_t port, double size, std::uint16_t source) {
  Conversation talk{{stage.server, source}, {stage.world(), port}, protocol, plan.from, plan.until - plan.from, {}, {}};
  talk.there.packets = static_cast<std::uint64_t>(plan.rate * static_cast<double>(talk.length.count()) / 1e6);
  talk.there.bytes = talk.there.packets * static_cast<std::uint64_t>(size);
  stage.wire.add(talk);
}

struct Amplifier {
  std::uint16_t port = 0;
  double asked = 0;  ///< bytes
  double answered = 0;
};

/// Forged questions of a few victims; answers from here. One 5-tuple a victim and minute: attack tools keep the victim's port.
void reflect(Stage& stage, const AttackPlan& plan, const Amplifier& amplifier) {
  const std::size_t victims = stage.half == Half::Freeze ? 3 : 5;
  const double time = static_cast<double>((plan.until - plan.from).count()) / 1e6;
  const double packets = std::ceil(amplifier.answered / 1472);
  for (std::size_t i = 0; i < victims; ++i) {
    const WallTime from = plan.from + seconds(time * static_cast<double>(i) / static_cast<double>(victims));
    const std::uint16_t port = stage.dice.chance(0.5) ? std::uint16_t{80} : stage.talk.ephemeral();
    stage.wire.add(stage.talk.stream({stage.world(), port}, stage.me(amplifier.port), from, seconds(time / static_cast<double>(victims)), plan.rate,
                                     amplifier.asked + 28, plan.rate * packets, amplifier.answered / packets + 28));
  }
}

}  // namespace

void syn_flood(Stage& stage, const AttackPlan& plan) {
  // Random source ports: every packet is a flow. Faster than this, a flow exporter's cache is what breaks first.
  constexpr double kMostFlows = 6000;
  const End victim{stage.world(), static_cast<std::uint16_t>(stage.half == Half::Freeze ? 80 : 443)};
  const double each = std::max(1.0, plan.rate / kMostFlows);
  AttackPlan flows = plan;
  flows.rate = plan.rate / each;
  play_at(stage, flows, [&](WallTime at) {
    Conversation talk =
        stage.talk.packet(stage.me(static_cast<std::uint16_t>(stage.dice.between(1024, 65'535))), victim, flow::kTcp, at, 44, flow::kSyn);
    talk.there.packets = static_cast<std::uint64_t>(each + stage.dice.unit());
    talk.there.bytes = talk.there.packets * 44;
    if (stage.dice.chance(0.05)) {
      talk.back = {1, 44, flow::kSyn | flow::kAck, flow::kSyn | flow::kAck, flow::kSyn | flow::kAck};
    }
    stage.wire.add(talk);
  });
}

void udp_flood(Stage& stage, const AttackPlan& plan) {
  pour(stage, plan, flow::kUdp, static_cast<std::uint16_t>(stage.half == Half::Freeze ? 80 : stage.dice.between(1, 65'535)),
       stage.ranged(500, 1400, 60, 1400), stage.talk.ephemeral());
}

void udp_flood_many_ports(Stage& stage, const AttackPlan& plan) {
  const net::IpAddress victim = stage.world();
  AttackPlan flows = plan;
  flows.rate = std::min(plan.rate, 3000.0);
  const double each = plan.rate / flows.rate;
  play_at(stage, flows, [&](WallTime at) {
    Conversation talk =
        stage.talk.packet(stage.me(stage.talk.ephemeral()), {victim, static_cast<std::uint16_t>(stage.dice.between(1, 65'535))}, flow::kUdp, at, 540);
    talk.there.packets = static_cast<std::uint64_t>(each + stage.dice.unit());
    talk.there.bytes = talk.there.packets * 540;
    stage.wire.add(talk);
  });
}

void ack_flood(Stage& stage, const AttackPlan& plan) {
  constexpr double kMostFlows = 6000;
  const End victim{stage.world(), static_cast<std::uint16_t>(stage.half == Half::Freeze ? 80 : stage.dice.between(1, 65'535))};
  const double each = std::max(1.0, plan.rate / kMostFlows);
  const double refused = stage.ranged(0, 1, 0, 1);  // a host that is alive says so with a RST, until it is overrun
  AttackPlan flows = plan;
  flows.rate = plan.rate / each;
  play_at(stage, flows, [&](WallTime at) {
    Conversation talk =
        stage.talk.packet(stage.me(static_cast<std::uint16_t>(stage.dice.between(1024, 65'535))), victim, flow::kTcp, at, 40, flow::kAck);
    talk.there.packets = static_cast<std::uint64_t>(each + stage.dice.unit());
    talk.there.bytes = talk.there.packets * 40;
    if (stage.dice.chance(refused)) {
      talk.back = {talk.there.packets, talk.there.packets * 40, flow::kRst, flow::kRst, flow::kRst};
    }
    stage.wire.add(talk);
  });
}

namespace {

/// Carpet bombing: every host of a /24, or of a quarter of one.
void flood_network(Stage& stage, const AttackPlan& plan, std::uint8_t protocol, double size, std::uint8_t flags) {
  constexpr double kMostFlows = 3000;
  const std::uint32_t network = stage.world().v4_number() & 0xFFFF'FF00U;
  const std::uint64_t hosts = stage.half == Half::Freeze ? 256 : stage.dice.chance(0.5) ? 64 : 256;
  const auto port = static_cast<std::uint16_t>(stage.half == Half::Freeze ? 80 : 443);
  const double each = std::max(1.0, plan.rate / kMostFlows);
  AttackPlan flows = plan;
  flows.rate = plan.rate / each;
  play_at(stage, flows, [&](WallTime at) {
    const End to{net::IpAddress::v4(network + static_cast<std::uint32_t>(stage.dice.below(hosts))), port};
    Conversation talk = stage.talk.packet(stage.me(stage.talk.ephemeral()), to, protocol, at, size, flags);
    talk.there.packets = static_cast<std::uint64_t>(each + stage.dice.unit());
    talk.there.bytes = talk.there.packets * static_cast<std::uint64_t>(size);
    stage.wire.add(talk);
  });
}

}  // namespace

void udp_flood_network(Stage& stage, const AttackPlan& plan) { flood_network(stage, plan, flow::kUdp, stage.ranged(500, 1400, 60, 1400), 0); }

void syn_flood_network(Stage& stage, const AttackPlan& plan) { flood_network(stage, plan, flow::kTcp, 44, flow::kSyn); }

void slow_http(Stage& stage, const AttackPlan& plan) {
  const End victim{stage.world(), static_cast<std::uint16_t>(stage.half == Half::Freeze ? 80 : 8080)};
  const double pause = stage.ranged(10, 12, 8, 15);
  const double most = stage.ranged(400, 1000, 150, 2000);  // connections at once
  const double patience = stage.ranged(120, 300, 60, 300);
  AttackPlan openings = plan;
  openings.rate = std::min(plan.rate, most / patience);  // as the server closes old ones, new ones are opened
  const auto hold = [&](WallTime at) {
    const double length = std::min(patience, static_cast<double>((plan.until - at).count()) / 1e6 + 1);
    const auto headers = static_cast<std::uint64_t>(length / pause);
    Conversation talk{stage.me(stage.talk.ephemeral()), victim, flow::kTcp, at, seconds(length), {}, {}};
    talk.there = {3 + headers, 60 + 52 + 250 + headers * 64, flow::kSyn, flow::kAck | flow::kPsh, flow::kAck | flow::kPsh};
    talk.back = {2 + headers, 60 + 52 * (1 + headers), flow::kSyn | flow::kAck, flow::kAck, flow::kAck};
    stage.wire.add(talk);
  };
  // At first as fast as the tool opens them, until it has its fill.
  AttackPlan first = plan;
  first.until = std::min(plan.until, plan.from + seconds(most / plan.rate));
  play_at(stage, first, hold);
  openings.from = first.until;
  play_at(stage, openings, hold);
}

void icmp_flood(Stage& stage, const AttackPlan& plan) { pour(stage, plan, flow::kIcmp, 8U << 8U, stage.ranged(84, 1028, 64, 1400), 0); }

void gre_flood(Stage& stage, const AttackPlan& plan) { pour(stage, plan, 47, 0, stage.ranged(500, 600, 540, 1000), 0); }

void dns_reflector(Stage& stage, const AttackPlan& plan) { reflect(stage, plan, {53, 64, stage.ranged(2500, 4000, 1800, 4000)}); }

void ntp_reflector(Stage& stage, const AttackPlan& plan) { reflect(stage, plan, {123, 8, stage.ranged(4000, 44'000, 2000, 30'000)}); }

void memcached_reflector(Stage& stage, const AttackPlan& plan) { reflect(stage, plan, {11'211, 15, stage.ranged(20'000, 100'000, 10'000, 60'000)}); }

}  // namespace pinfold::evaluate
