#include "engine/flows/threshold_history.hpp"

#include <fmt/format.h>

#include "config/threshold_keys.hpp"

namespace pinfold::engine {

std::map<std::string, ThresholdHistory> judge_again(std::span<const records::NearMissRow> rows, const detect::Thresholds& thresholds) {
  detect::Thresholds tried = thresholds;
  std::map<std::string, std::uint64_t> by_name;
  for (const config::ThresholdKey& key : config::threshold_keys()) {
    by_name.emplace(fmt::format("{}.{}", key.section, key.key), key.at(tried));
  }
  std::map<std::string, ThresholdHistory> by_measure;
  for (const records::NearMissRow& row : rows) {
    ThresholdHistory& history = by_measure[row.measure];
    history.in_force = row.threshold;
    if (row.did_pass) {
      ++history.minutes_then;
      history.servers_then.insert(row.server);
    }
    const auto now = by_name.find(row.measure);
    const bool failed_otherwise = !row.did_pass && row.value >= row.threshold;
    if (now != by_name.end() && row.value >= now->second && !failed_otherwise) {
      ++history.minutes_now;
      history.servers_now.insert(row.server);
    }
  }
  for (auto& [measure, history] : by_measure) {
    const auto now = by_name.find(measure);
    history.under_these = now == by_name.end() ? 0 : now->second;
    history.cannot_tell = history.under_these * 2 < history.in_force;
  }
  return by_measure;
}

}  // namespace pinfold::engine
