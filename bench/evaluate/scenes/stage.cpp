#include "evaluate/scenes/stage.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pinfold::evaluate {
namespace {

constexpr double kDay = 86'400;
constexpr Micros kMinute = std::chrono::minutes{1};
constexpr double kBusyMinute = 3;  ///< times the average
constexpr double kBusyShare = 0.08;

double rhythm(WallTime at) {
  const double hour = std::fmod(static_cast<double>(at.since_epoch.count()) / 1e6, kDay) / 3600;
  return 1 + 0.6 * std::sin(2 * std::numbers::pi * (hour - 9) / 24);
}

}  // namespace

const char* to_string(Half half) { return half == Half::Freeze ? "freeze" : "test"; }

Peers::Peers(Random& random, std::size_t count) {
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
    x_peers.push_back(Stage::world(random));
  }
}

const net::IpAddress& Peers::any(Random& random) const {
  // The inverse of a Zipf distribution with exponent 1: log-uniform ranks.
  const auto rank = static_cast<std::size_t>(std::pow(static_cast<double>(x_peers.size() + 1), random.unit())) - 1;
  return x_peers[std::min(rank, x_peers.size() - 1)];
}

net::IpAddress Stage::world(Random& random) { return net::IpAddress::v4(static_cast<std::uint32_t>(random.between(0x14000000, 0x7EFFFFFF))); }

/// Minute by minute at a rate of its own: exponential gaps have no memory, so a new minute may begin anew.
void Stage::arrivals(double a_second, const std::function<void(WallTime)>& play) const {
  const double calm = 1 / (1 - kBusyShare + kBusyShare * kBusyMinute);
  for (WallTime minute = begin; a_second > 0 && minute < end; minute = minute + kMinute) {
    const double busy = dice.chance(kBusyShare) ? kBusyMinute * calm : calm;
    const double gap = 1 / (a_second * rhythm(minute) * busy);
    const WallTime over = std::min(minute + kMinute, end);
    for (WallTime at = minute + seconds(dice.exponential(gap)); at < over; at = at + seconds(dice.exponential(gap))) {
      play(at);
    }
  }
}

void Stage::every(double interval_seconds, const std::function<void(WallTime)>& play) const {
  for (double at = dice.unit() * interval_seconds; at < length(); at += interval_seconds * dice.uniform(0.97, 1.03)) {
    play(begin + seconds(at));
  }
}

}  // namespace pinfold::evaluate
