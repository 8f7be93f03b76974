/// Every detection threshold that the policy file knows: its key, where it lives, its bounds, its unit and the reason for its default. One list for
/// the reader (policy_file.cpp) and for `pinfold policy check`, which explains them.
/// Cost: a static table. Threads: const.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "config/config.hpp"

namespace pinfold::config {

struct ThresholdKey {
  std::string_view section;  ///< "flood": [detect.flood]
  std::string_view key;
  std::uint32_t& (*at)(detect::Thresholds&);
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::string_view unit;
  std::string_view reason;
};

[[nodiscard]] std::span<const ThresholdKey> threshold_keys();

/// One threshold as it stands in a policy.
struct Explanation {
  std::string key;  ///< "detect.flood.min_syn_pps"
  std::uint32_t value = 0;
  std::uint32_t standard = 0;
  std::string unit;
  std::string reason;
};
[[nodiscard]] std::vector<Explanation> explain(const detect::Thresholds& thresholds);

}  // namespace pinfold::config
