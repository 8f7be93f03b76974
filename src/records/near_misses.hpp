/// Windows that came near a detection threshold (detect/near_miss.hpp), kept for thirty days: what `policy simulate` judges again.
/// Units:   `value` and `threshold` in the threshold's own unit; whole minutes of event time.
/// Bounds:  one row a (server, threshold, minute): the highest value. Threads: as Transaction. Errors: StoreError.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace pinfold::records {

struct NearMissRow {
  ServerId server;
  std::string measure;  ///< "flood.min_udp_pps", as in the policy file below [detect]
  WallTime minute;
  std::uint64_t value = 0;
  std::uint64_t threshold = 0;  ///< in force then
  bool did_pass = false;
  std::uint32_t one_in = 1;
  friend bool operator==(const NearMissRow&, const NearMissRow&) = default;
};

class NearMissHistory {
public:
  virtual ~NearMissHistory() = default;
  virtual void add(std::span<const NearMissRow> rows) = 0;
  /// In order of (minute, server, measure).
  [[nodiscard]] virtual std::vector<NearMissRow> since(WallTime from) const = 0;
  virtual void forget_before(WallTime oldest) = 0;
};

}  // namespace pinfold::records
