#include "evaluate/run/floor.hpp"

#include <algorithm>
#include <cmath>

namespace pinfold::evaluate {
namespace {

using abuse::AbuseClass;

constexpr double kTenSeconds = 10;
constexpr double kMinute = 60;
constexpr double kTenMinutes = 600;
constexpr double kHour = 3600;

/// The mean of a Poisson number that is at least `count` with 99 % probability; 11.6 for five, near enough.
double mean_for(std::uint32_t count) { return count + 2.33 * std::sqrt(count) + 2; }

/// An attack as a row of units (targets, logins, packets …) of a few packets each.
class Pace {
public:
  Pace(const Scene& scene, std::uint64_t attack_packets) : x_rate(scene.rate), x_seconds(scene.attack_seconds), x_one_in(scene.exports.one_in) {
    const double packets_each = static_cast<double>(attack_packets) / std::max(1.0, scene.rate * scene.attack_seconds);
    x_share_seen = x_one_in == 1 ? 1 : 1 - std::pow(1 - 1.0 / x_one_in, packets_each);
  }
  [[nodiscard]] double rate() const { return x_rate; }
  [[nodiscard]] bool is_sampled() const { return x_one_in > 1; }
  [[nodiscard]] double units(double window) const { return x_rate * std::min(x_seconds, window); }
  /// Under sampling, the units of which a packet is seen.
  [[nodiscard]] bool enough_seen(double window, std::uint32_t least) const {
    return !is_sampled() || units(window) * x_share_seen >= mean_for(least);
  }

private:
  double x_rate;
  double x_seconds;
  double x_one_in;
  double x_share_seen = 1;
};

bool scan_is_above(const Scene& scene, const Pace& pace, const detect::PortScanThresholds& t) {
  const bool is_tcp = scene.attack->play != udp_scan && scene.attack->play != ping_sweep;
  const bool is_block = scene.attack->play == block_scan;
  return (!is_block && pace.units(kMinute) >= t.min_targets_per_minute && pace.enough_seen(kMinute, t.min_sampled_targets)) ||
         (is_tcp && pace.units(kTenMinutes) >= t.min_targets_per_ten_minutes && pace.enough_seen(kTenMinutes, t.min_sampled_targets)) ||
         (is_tcp && pace.units(kHour) >= t.min_targets_per_hour && pace.enough_seen(kHour, t.min_sampled_targets));
}

bool flood_is_above(const Scene& scene, const Pace& pace, const detect::FloodThresholds& t) {
  const std::string_view kind = scene.attack->kind;
  const std::uint32_t least = kind == "syn" ? t.min_syn_pps : kind == "udp" ? t.min_udp_pps : kind == "icmp" ? t.min_icmp_pps : t.min_other_pps;
  return pace.rate() >= least && pace.enough_seen(kTenSeconds, kind == "other" ? 10 * t.min_sampled_packets : t.min_sampled_packets);
}

bool logins_are_above(const Scene& scene, const Pace& pace, const detect::BruteForceThresholds& t) {
  const auto play = scene.attack->play;
  const bool is_one_host = play == ssh_one_target;
  const std::uint32_t least = is_one_host ? t.min_logins_one_host : play == ssh_odd_port ? t.min_logins_odd_port * 3 : t.min_logins_many_hosts;
  if (pace.is_sampled()) {
    // The size of a session cannot be seen, so an odd port says nothing.
    return play != ssh_odd_port && (pace.enough_seen(kMinute, t.min_sampled_sessions) || pace.enough_seen(kTenMinutes, t.min_sampled_sessions) ||
                                    pace.enough_seen(kHour, t.min_sampled_sessions));
  }
  return pace.units(kMinute) >= least || (is_one_host && pace.units(kTenMinutes) >= t.min_logins_ten_minutes);
}

bool spam_is_above(const Pace& pace, const detect::SpamThresholds& t) {
  return (pace.units(kMinute) >= t.min_servers_per_minute || pace.units(kTenMinutes) >= t.min_servers_per_ten_minutes) &&
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
