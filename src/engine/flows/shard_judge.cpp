#include "engine/flows/shard_judge.hpp"

#include <utility>

#include "stream/codec.hpp"

namespace pinfold::engine {

ShardJudge::ShardJudge(const detect::Thresholds& thresholds, std::vector<detect::ObservationSource> sources,
                       std::shared_ptr<const inventory::Inventory> servers, std::uint64_t hash_seed)
    : x_pipeline(detect::Pipeline::judged_by_summaries(thresholds), std::move(servers), std::move(sources), hash_seed) {}

void ShardJudge::take(const std::string& message) {
  ++x_counters.messages;
  auto batch = stream::decode({reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
  if (!batch) {
    ++x_counters.damaged;
    return;
  }
  x_counters.summaries += batch->summaries.size();
  static_cast<void>(x_book.add(*std::move(batch)));  // which counts what it does not take
}

std::vector<abuse::Finding> ShardJudge::judge(WallTime now) {
  for (const detect::MergedSummaries& merged : x_book.take(now)) {
    x_pipeline.add_merged(merged, now);
  }
  return x_pipeline.take_findings(now);
}

ShardJudge::Counters ShardJudge::counters() const {
  Counters counters = x_counters;
  counters.book = x_book.counters();
  return counters;
}

std::shared_ptr<const inventory::Inventory> part_of(const inventory::Inventory& all, unsigned shard, unsigned shards) {
  std::vector<inventory::Server> servers;
  for (const inventory::Server& server : all.servers()) {
    if (stream::shard_of(server.id, shards) == shard) {
      servers.push_back(server);
    }
  }
  return std::make_shared<const inventory::Inventory>(std::vector<inventory::Customer>{}, std::move(servers));
}

}  // namespace pinfold::engine
