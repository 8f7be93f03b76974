/// Windows that came within a factor of two of a threshold, and those that passed it: what a simulation of other thresholds can judge again
/// (`pinfold policy simulate`). Kept for kMemory by whoever takes them (records::NearMissHistory).
/// What history cannot tell: what a threshold of less than half of the one in force would have found, what other shares (per cent) would, and what a
/// larger number of samples asked for would have hidden.
/// Bounds: the newest kMost not taken yet; older ones are pushed out and counted. One a server, threshold and minute: the highest value of that
/// minute. Threads: none.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "abuse/abuse_class.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::detect {

struct NearMiss {
  ServerId server;
  abuse::AbuseClass abuse_class = abuse::AbuseClass::Other;
  std::string series;       ///< the rule: "port_scan", "flood/udp", "brute_force/ssh"
  std::string measure;      ///< the threshold, as the policy file calls it: "flood.min_udp_pps"
  WallTime at;              ///< event time
  std::uint64_t value = 0;  ///< in the threshold's unit
  bool did_pass = false;    ///< under the thresholds in force then
  SamplingRate rate;
  friend bool operator==(const NearMiss&, const NearMiss&) = default;
};

class NearMisses {
public:
  static constexpr std::size_t kMost = 100'000;
  static constexpr Micros kMemory = std::chrono::hours{24 * 30};

  void note(NearMiss miss);
  /// Those of minutes that are over, and forgets them.
  [[nodiscard]] std::vector<NearMiss> take(WallTime now);
  [[nodiscard]] std::vector<NearMiss> all() const { return {x_misses.begin(), x_misses.end()}; }
  [[nodiscard]] std::uint64_t pushed_out() const { return x_pushed_out; }

private:
  using Key = std::tuple<ServerId, std::string, std::int64_t>;
  std::deque<NearMiss> x_misses;
  std::map<Key, std::uint64_t> x_numbers;  ///< running number of the miss; x_misses begins with x_pushed_out
  std::uint64_t x_pushed_out = 0;
};

}  // namespace pinfold::detect
