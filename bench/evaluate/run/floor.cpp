#include "evaluate/run/floor.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "detect/rules/brute_force.hpp"
#include "detect/services.hpp"

namespace pinfold::evaluate {
namespace {

using abuse::AbuseClass;

constexpr double kTenSeconds = 10;
constexpr double kMinute = 60;
constexpr double kTenMinutes = 600;
constexpr double kHour = 3600;

/// The mean of a Poisson number that is at least `count` with 99 % probability; 11.6 for five, near enough.
double mean_for(double count) { return count + 2.33 * std::sqrt(count) + 2; }

/// An attack as a row of units (targets, logins, packets …) of a few packets each, at random moments: whatever has to be reached, sampled or not, is
/// reached with a probability, and counts as above the floor from 99 % on.
class Pace {
public:
  Pace(const Scene& scene, std::uint64_t attack_packets) : x_rate(scene.rate), x_seconds(scene.attack_seconds), x_one_in(scene.exports.one_in) {
    x_packets_each = static_cast<double>(attack_packets) / std::max(1.0, scene.rate * scene.attack_seconds);
  }
  [[nodiscard]] bool is_sampled() const { return x_one_in > 1; }
  [[nodiscard]] double units(double window) const { return x_rate * std::min(x_seconds, window); }
  [[nodiscard]] bool reaches(double window, double least) const { return units(window) >= mean_for(least); }
  /// Under sampling, so many units of which a packet is seen; `without`: packets of a unit that do not show it.
  [[nodiscard]] bool enough_seen(double window, double least, double without = 0) const {
    const double share_seen = 1 - std::pow(1 - 1.0 / x_one_in, std::max(x_packets_each - without, 0.1));
    return !is_sampled() || units(window) * share_seen >= mean_for(least);
  }

private:
  double x_rate;
  double x_seconds;
  double x_one_in;
  double x_packets_each = 1;
};

bool scan_is_above(const Scene& scene, const Pace& pace, const detect::PortScanThresholds& t) {
  const bool is_tcp = scene.attack->play != udp_scan && scene.attack->play != ping_sweep;
  const bool is_block = scene.attack->play == block_scan;
  const bool is_vertical = scene.attack->play == vertical_scan && !pace.is_sampled();
  const auto passes = [&](double window, double least) { return pace.reaches(window, least) && pace.enough_seen(window, t.min_sampled_targets); };
  return (!is_block && passes(kMinute, is_vertical ? t.min_ports_per_minute : t.min_targets_per_minute)) ||
         (is_tcp && (passes(kTenMinutes, t.min_targets_per_ten_minutes) || passes(kHour, t.min_targets_per_hour)));
}

/// So many a minute and slot that the tracker follows, and so many in its two minutes.
bool slow_is_above(const Pace& pace, const detect::FloodThresholds& t) {
  constexpr double kTwoMinutes = 120;
  return !pace.is_sampled() && pace.reaches(kTenSeconds, t.min_slow_connections) && pace.reaches(kTwoMinutes, 2 * t.min_slow_connections);
}

bool flood_is_above(const Scene& scene, const Pace& pace, const detect::FloodThresholds& t) {
  const std::string_view kind = scene.attack->kind;
  const bool is_ack = scene.attack->play == ack_flood;
  if (scene.attack->play == slow_http) {
    return slow_is_above(pace, t);
  }
  const std::uint32_t least = is_ack           ? t.min_ack_pps
                              : kind == "syn"  ? t.min_syn_pps
                              : kind == "udp"  ? t.min_udp_pps
                              : kind == "icmp" ? t.min_icmp_pps
                                               : t.min_other_pps;
  return pace.reaches(kTenSeconds, least * kTenSeconds) &&
         pace.enough_seen(kTenSeconds, kind == "other" && !is_ack ? 10 * t.min_sampled_packets : t.min_sampled_packets);
}

/// The port that says of which kind it is, and the most hosts that an episode of it is drawn against (scenes/attacks_login.cpp).
struct LoginTarget {
  std::uint16_t port = 0;
  double hosts = 1;
};
LoginTarget login_target(const Scene& scene) {
  const auto play = scene.attack->play;
  return play == mail_logins       ? LoginTarget{993, 5}
         : play == database_logins ? LoginTarget{3306, 6}
         : play == ftp_logins      ? LoginTarget{21, 8}
         : play == telnet_logins   ? LoginTarget{23, 150}
         : play == rdp_logins      ? LoginTarget{3389, 12}
         : play == vnc_logins      ? LoginTarget{5900, 10}
         : play == ssh_odd_port    ? LoginTarget{22'022, 3}
         : play == ssh_one_target  ? LoginTarget{22, 1}
                                   : LoginTarget{22, 120};
}

bool logins_are_above(const Scene& scene, const Pace& pace, const detect::BruteForceThresholds& t) {
  const LoginTarget target = login_target(scene);
  const detect::PortKind kind = detect::kind_of_port(target.port);
  const bool is_busy = kind == detect::PortKind::MailLogin || kind == detect::PortKind::Database;
  constexpr double kTries = 10;  ///< a minute on each host, where programs log in all the time
  constexpr std::array<double, 3> kWindows{kMinute, kTenMinutes, kHour};
  if (pace.is_sampled()) {
    if (kind == detect::PortKind::Unknown) {
      return false;  // the size of a session cannot be seen, so an odd port says nothing
    }
    for (std::size_t i = 0; i < kWindows.size(); ++i) {
      const double least = static_cast<double>(detect::least_sampled_sessions(target.port, i, SamplingRate{scene.exports.one_in}, t));
      const bool is_dense = !is_busy || pace.reaches(kWindows.at(i), kTries * kWindows.at(i) / kMinute * target.hosts);
      // An answer alone and a SYN alone open no session.
      if (is_dense && pace.enough_seen(kWindows.at(i), least, 1)) {
        return true;
      }
    }
    return false;
  }
  if (target.hosts == 1) {
    return pace.reaches(kMinute, t.min_logins_one_host) || pace.reaches(kTenMinutes, t.min_logins_ten_minutes) ||
           pace.reaches(kHour, t.min_logins_hour);
  }
  if (kind == detect::PortKind::Unknown) {
    return pace.reaches(kMinute, t.min_logins_odd_port * target.hosts);
  }
  constexpr double kTriesAHost = 3;
  if (!is_busy && !pace.reaches(kTenMinutes, kTriesAHost * target.hosts)) {
    return false;
  }
  return pace.reaches(kMinute, is_busy ? std::max<double>(t.min_logins_one_host_busy, kTries * target.hosts) : t.min_logins_many_hosts);
}

/// Distinct servers: some are met twice (scenes/attacks_login.cpp draws from 300 at least).
double distinct(double draws) {
  constexpr double kServers = 300;
  return kServers * (1 - std::exp(-draws / kServers));
}

bool spam_is_above(const Pace& pace, const detect::SpamThresholds& t) {
  const double minute = distinct(pace.units(kMinute));
  const double ten_minutes = distinct(pace.units(kTenMinutes));
  return (minute >= mean_for(t.min_servers_per_minute) || ten_minutes >= mean_for(t.min_servers_per_ten_minutes)) &&
         pace.enough_seen(kTenMinutes, t.min_sampled_servers);
}

bool reflector_is_above(const Scene& scene, std::uint64_t attack_packets, const detect::ReflectorThresholds& t) {
  constexpr double kAnswerBytes = 1000;  ///< ours are larger
  const double pps = static_cast<double>(attack_packets) / scene.attack_seconds;
  const bool is_seen = scene.exports.one_in == 1 || pps * kTenSeconds / scene.exports.one_in >= mean_for(t.min_sampled_packets);
  return pps >= t.min_pps && pps * kAnswerBytes * 8 / 1000 >= t.min_kbps && is_seen;
}

}  // namespace

double sampling_floor_seconds(const Scene& scene, std::uint64_t attack_packets) {
  return kFloorPackets * scene.exports.one_in * scene.attack_seconds / std::max(1.0, static_cast<double>(attack_packets));
}

bool is_above_sampling_floor(const Scene& scene, std::uint64_t attack_packets) {
  return scene.exports.one_in == 1 || sampling_floor_seconds(scene, attack_packets) <= scene.attack_seconds;
}

bool is_above_stated_floor(const Scene& scene, std::uint64_t attack_packets, const detect::Thresholds& thresholds) {
  const Pace pace(scene, attack_packets);
  switch (scene.attack->abuse_class) {
    case AbuseClass::PortScan: return scan_is_above(scene, pace, thresholds.port_scan);
    case AbuseClass::Flood: return flood_is_above(scene, pace, thresholds.flood);
    case AbuseClass::BruteForce: return logins_are_above(scene, pace, thresholds.brute_force);
    case AbuseClass::Spam: return spam_is_above(pace, thresholds.spam);
    case AbuseClass::Reflector: return reflector_is_above(scene, attack_packets, thresholds.reflector);
    default: return true;
  }
}

}  // namespace pinfold::evaluate
