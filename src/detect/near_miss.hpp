/// Windows that came within a factor of two of a threshold, and those that passed it: what `pinfold policy simulate` judges again under other
/// thresholds. What stayed further away is not kept, so history cannot tell what a threshold of less than half would have found.
/// Bounds: the newest kMost; older ones are pushed out and counted. One a server, series and minute: the highest value of that minute.
/// Threads: none.
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
  WallTime at;              ///< event time
  std::uint64_t value = 0;  ///< strength at the rule's own measure: targets, packets, sessions, mail servers, bytes
  bool did_pass = false;    ///< under the thresholds in force then
  SamplingRate rate;
  friend bool operator==(const NearMiss&, const NearMiss&) = default;
};

class NearMisses {
public:
  static constexpr std::size_t kMost = 100'000;

  void note(NearMiss miss);
  [[nodiscard]] std::vector<NearMiss> all() const { return {x_misses.begin(), x_misses.end()}; }
  [[nodiscard]] std::uint64_t pushed_out() const { return x_pushed_out; }

private:
  using Key = std::tuple<ServerId, std::string, std::int64_t>;
  std::deque<NearMiss> x_misses;
  std::map<Key, std::uint64_t> x_numbers;  ///< running number of the miss; x_misses begins with x_pushed_out
  std::uint64_t x_pushed_out = 0;
};

}  // namespace pinfold::detect
