/// Detection over records that were read from files: `pinfold detect FILE... --servers PREFIX,...`.
/// Time is the records' own: each is received when it ends (or, without a time, with the one before it), so that results do not depend
/// on when the command runs. Every address inside the prefixes is a server of its own, named by its address; beyond
/// kMaxOfflineServers the rest of a prefix is one server, named by the prefix.
/// Cost: O(records); memory as Pipeline's. Deterministic: the hash seed and the sampling seed are fixed.
#pragma once

#include <span>
#include <vector>

#include "abuse/finding.hpp"
#include "detect/thresholds.hpp"
#include "flow/record.hpp"
#include "net/ip_address.hpp"

namespace pinfold::detect {

inline constexpr std::size_t kMaxOfflineServers = 65'536;

struct OfflineOptions {
  std::vector<net::Prefix> servers;
  Thresholds thresholds;
  /// Captured packets: look at one in so many only, at random with a fixed seed. Exports: the rate that they were sampled at, for those
  /// that do not say it.
  SamplingRate sampling;
};

/// One finding an incident, as it stood last; in order of first_seen.
[[nodiscard]] std::vector<abuse::Finding> detect_offline(std::span<const flow::FlowRecord> records, const OfflineOptions& options);

}  // namespace pinfold::detect
