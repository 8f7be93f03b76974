#include "engine/flows/near_miss_keeper.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>

#include "config/threshold_keys.hpp"

namespace pinfold::engine {

std::vector<records::NearMissRow> rows_of(const std::vector<detect::NearMiss>& misses, const detect::Thresholds& thresholds) {
  detect::Thresholds in_force = thresholds;
  std::map<std::string, std::uint32_t, std::less<>> by_name;
  for (const config::ThresholdKey& key : config::threshold_keys()) {
    by_name.emplace(fmt::format("{}.{}", key.section, key.key), key.at(in_force));
  }
  std::vector<records::NearMissRow> rows;
  for (const detect::NearMiss& miss : misses) {
    if (const auto known = by_name.find(miss.measure); known != by_name.end()) {
      rows.push_back({miss.server, miss.measure, miss.at, miss.value, known->second, miss.did_pass, miss.rate.one_in()});
    }
  }
  return rows;
}

void NearMissKeeper::keep() {
  const WallTime now = x_clock.wall();
  const std::int64_t minute = now.since_epoch / std::chrono::minutes{1};
  if (x_collector == nullptr || minute == x_minute) {
    return;
  }
  x_minute = minute;
  std::vector<records::NearMissRow> fresh = rows_of(x_collector->take_near_misses(), x_thresholds);
  if (x_pending.size() < kMaxPending) {
    x_pending.insert(x_pending.end(), std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
  }
  if (x_pending.empty()) {
    return;
  }
  x_store.transact([&](records::Transaction& tx) {
    tx.near_misses().add(x_pending);
    tx.near_misses().forget_before(now - detect::NearMisses::kMemory);
  });
  x_pending.clear();
}

}  // namespace pinfold::engine
