/// One server, one exporter and a stretch of time: where the roles (innocents.hpp) and the attacks (attacks.hpp) play.
/// Arrivals are Poisson with a daily rhythm and minutes that are busier than others; peers are chosen with Zipf-like popularity; sizes have
/// Pareto tails. Sources: V. Paxson and S. Floyd, Wide-Area Traffic: The Failure of Poisson Modeling, ToN 1995 (sessions are Poisson, what is
/// in them is heavy-tailed); M. Crovella and A. Bestavros, ToN 1997 (file sizes, alpha near 1.2); L. Breslau et al., INFOCOM 1999 (Zipf).
/// Threads: none; a scene is played by one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evaluate/traffic/exporter.hpp"

namespace pinfold::evaluate {

/// Thresholds may be chosen by looking at one half; only the other counts. They differ in seeds *and* in the ranges that parameters are
/// drawn from, so that the second half is not the first one again.
enum class Half : std::uint8_t { Freeze, Test };
[[nodiscard]] const char* to_string(Half half);

/// Hosts that a server deals with again and again, some much more often than others.
class Peers {
public:
  Peers(Random& random, std::size_t count);
  [[nodiscard]] const net::IpAddress& any(Random& random) const;  ///< popular ones more often
  [[nodiscard]] const net::IpAddress& at(std::size_t i) const { return x_peers[i % x_peers.size()]; }
  [[nodiscard]] std::size_t size() const { return x_peers.size(); }

private:
  std::vector<net::IpAddress> x_peers;
};

struct Stage {
  Random& dice;
  Exporter& wire;
  Talk talk;
  net::IpAddress server;
  WallTime begin;
  WallTime end;
  Half half = Half::Test;
  double load = 1;   ///< scales how busy the server's role is
  std::string role;  ///< what the operator declared the server to be; empty: nothing

  Stage(Random& random, Exporter& exporter) : dice(random), wire(exporter), talk(random) {}

  [[nodiscard]] double length() const { return static_cast<double>((end - begin).count()) / 1e6; }
  /// Any public address; never one of ours.
  [[nodiscard]] net::IpAddress world() const { return world(dice); }
  [[nodiscard]] static net::IpAddress world(Random& random);
  [[nodiscard]] End me(std::uint16_t port = 0) const { return {server, port}; }
  [[nodiscard]] WallTime some_time() const { return begin + seconds(dice.unit() * length()); }
  /// From another range in each half.
  [[nodiscard]] double ranged(double freeze_low, double freeze_high, double test_low, double test_high) const {
    return half == Half::Freeze ? dice.uniform(freeze_low, freeze_high) : dice.uniform(test_low, test_high);
  }
  /// `a_second` on average over a day, by daily rhythm and busy minutes.
  void arrivals(double a_second, const std::function<void(WallTime)>& play) const;
  /// At an even pace with a little jitter, from a random phase: cron jobs, probes.
  void every(double interval_seconds, const std::function<void(WallTime)>& play) const;
  [[nodiscard]] double size(double least, double most = 2e8) const { return dice.pareto(least, 1.2, most); }
};

}  // namespace pinfold::evaluate
