/// Judges the servers of one shard by what collectors have told of them: a detector worker has one for each shard that it holds, made when it takes
/// the shard over and thrown away with it, so that nothing of an earlier holder's state can linger.
///   message ─▶ decode ─▶ SummaryBook (once each, in order) ─▶ Pipeline ─▶ findings
/// Clock:   wall time, passed in. Threads: none. Errors: none; what cannot be read is counted.
/// Memory:  the pipeline's for the shard's servers alone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "abuse/finding.hpp"
#include "detect/pipeline.hpp"
#include "detect/summary/book.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::engine {

class ShardJudge {
public:
  struct Counters {
    std::uint64_t messages = 0;
    std::uint64_t damaged = 0;
    std::uint64_t summaries = 0;
    detect::SummaryBook::Counters book;
  };

  ShardJudge(const detect::Thresholds& thresholds, std::vector<detect::ObservationSource> sources,
             std::shared_ptr<const inventory::Inventory> servers, std::uint64_t hash_seed);

  void take(const std::string& message);
  /// What is over by now, judged.
  [[nodiscard]] std::vector<abuse::Finding> judge(WallTime now);
  void set_inventory(std::shared_ptr<const inventory::Inventory> servers) { x_pipeline.set_inventory(std::move(servers)); }
  [[nodiscard]] Counters counters() const;

private:
  detect::SummaryBook x_book;
  detect::Pipeline x_pipeline;
  Counters x_counters;
};

/// The part of an inventory that a shard judges: its servers, without customers.
[[nodiscard]] std::shared_ptr<const inventory::Inventory> part_of(const inventory::Inventory& all, unsigned shard, unsigned shards);

}  // namespace pinfold::engine
