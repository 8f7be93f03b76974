#include "engine/flows/detector_role.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "base/log.hpp"
#include "enforce/process_owner.hpp"
#include "engine/flows/shard_judge.hpp"
#include "engine/flows/stream_health.hpp"
#include "engine/flows/stream_options.hpp"
#include "engine/keep_finding.hpp"
#include "engine/open_store.hpp"
#include "engine/worker.hpp"
#include "stream/nats.hpp"

namespace pinfold::engine {
namespace {

constexpr Millis kRound{200};
constexpr Micros kRenewEvery = std::chrono::seconds{2};
/// Without a stream for so long, it leaves its shards to a detector that has one.
constexpr Nanos kDeaf = std::chrono::seconds{10};
constexpr Micros kInventoryEvery = std::chrono::seconds{5};
constexpr unsigned kMessagesAtOnce = 64;
/// Each shard is asked in turn: long enough to be answered, short enough that all are asked within a second or two.
constexpr Millis kAskFor{15};

struct Shard {
  records::ShardLease lease;
  std::unique_ptr<ShardJudge> judge;
  std::unique_ptr<stream::Consumer> consumer;
};

struct Waiting {
  records::ShardLease lease;
  abuse::Finding finding;
};

}  // namespace

struct DetectorRole::Parts {
  Parts(const config::Config& c, const StepGuard& k)
      : config(c),
        clock(k),
        store(open_store(c, &k)),
        stream(stream::connect_to_nats(nats_options(c))),
        owner(enforce::process_owner()),
        is_gone(who_is_gone(c)) {
    heard = clock.mono();
    load_inventory();
    worker = std::make_unique<Worker>("detector", kRound, [this] { return round(); });
    log_info("DETECTING", "{} shards in all, from {}", config.stream.shards, config.stream.servers.front());
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts() {
    worker->stop();
    try {
      keep_found();
      store->transact([this](records::Transaction& tx) { tx.shards().release(owner); });
    } catch (const std::exception& failure) {
      log_error("FINDINGS_NOT_KEPT", "the store takes no more: {}", failure.what());
    }
  }

  bool round() {
    const WallTime now = clock.wall();
    if (now < renewed || now - renewed >= kRenewEvery) {
      renew(now);
    }
    if (now < inventory_seen || now - inventory_seen >= kInventoryEvery) {
      load_inventory();
    }
    bool more = false;
    for (auto& [id, shard] : shards) {
      const std::vector<std::string> messages = shard.consumer->fetch(kMessagesAtOnce, kAskFor);
      for (const std::string& message : messages) {
        shard.judge->take(message);
      }
      more = more || messages.size() == kMessagesAtOnce;
      for (abuse::Finding& finding : shard.judge->judge(clock.wall())) {
        add(shard.lease, std::move(finding));
      }
    }
    keep_found();
    return more;
  }

  void renew(WallTime now) {
    std::vector<records::ShardLease> ours;
    stream->look_after();
    const bool deaf = is_deaf();
    store->transact([&](records::Transaction& tx) {
      if (deaf && another_hears(tx, now)) {
        tx.shards().release(owner);
      } else {
        ours = tx.shards().hold(owner, config.stream.shards, now, is_gone);
      }
    });
    renewed = now;
    std::erase_if(shards, [&](const auto& held) {
      const bool is_lost = std::find(ours.begin(), ours.end(), held.second.lease) == ours.end();
      if (is_lost) {
        log_info("SHARD_LEFT", "{} (epoch {})", held.first, held.second.lease.epoch);
      }
      return is_lost;
    });
    for (const records::ShardLease& lease : ours) {
      if (shards.contains(lease.shard)) {
        continue;
      }
      log_info("SHARD_TAKEN", "{} (epoch {})", lease.shard, lease.epoch);
      Shard& shard = shards[lease.shard];
      shard.lease = lease;
      shard.judge = std::make_unique<ShardJudge>(config.thresholds, sources_of(config), part_of(*inventory, lease.shard, config.stream.shards),
                                                 std::random_device{}());
      shard.consumer = stream->consume(lease.shard, lease.epoch, now - kRewind);
    }
    report(now);
  }

  bool is_deaf() {
    const MonoTime now = clock.mono();
    if (stream->is_connected()) {
      heard = now;
    }
    return now - heard >= kDeaf;
  }
  /// By what the detectors last said of themselves.
  [[nodiscard]] bool another_hears(records::Transaction& tx, WallTime now) const {
    const nlohmann::json reports = stream_reports(tx, now);
    for (const auto& [who, report] : reports.items()) {
      const bool is_other =
          report.value("role", "") == "detector" && std::string(kStreamReports) + who != stream_report("detector", config.stream.name);
      if (is_other && report.value("heard", false) && report.value("connected", false)) {
        return true;
      }
    }
    return false;
  }

  void load_inventory() {
    std::int64_t seen = 0;
    store->read([&](records::Transaction& tx) {
      seen = tx.inventory().version();
      if (seen != version) {
        inventory = std::make_shared<const inventory::Inventory>(tx.inventory().load());
      }
    });
    inventory_seen = clock.wall();
    if (std::exchange(version, seen) != seen) {
      for (auto& [id, shard] : shards) {
        shard.judge->set_inventory(part_of(*inventory, id, config.stream.shards));
      }
      log_info("INVENTORY_CHANGED", "{} servers", inventory->servers().size());
    }
  }

  void add(const records::ShardLease& lease, abuse::Finding finding) {
    if (found.size() == kMaxWaiting) {
      found.pop_front();
      ++dropped;
    }
    found.push_back({lease, std::move(finding)});
  }

  /// The fence: the shard's epoch is looked at in the transaction that writes. Throws when the store takes nothing; the rest waits.
  void keep_found() {
    while (!found.empty()) {
      const Waiting& next = found.front();
      bool is_ours = false;
      store->transact([&](records::Transaction& tx) {
        is_ours = tx.shards().is_held(next.lease, owner);
        if (is_ours) {
          keep_finding(tx, next.finding, clock.wall());
        }
      });
      fenced += is_ours ? 0U : 1U;
      kept += is_ours ? 1U : 0U;
      found.pop_front();
    }
  }

  /// For `pinfold health` and the metrics page of a desk.
  void report(WallTime now) {
    ShardJudge::Counters sum;
    for (const auto& [id, shard] : shards) {
      const ShardJudge::Counters one = shard.judge->counters();
      sum.messages += one.messages;
      sum.damaged += one.damaged;
      sum.summaries += one.summaries;
      sum.book.repeated += one.book.repeated;
      sum.book.late += one.book.late;
      sum.book.too_old += one.book.too_old;
      sum.book.full += one.book.full;
    }
    const nlohmann::json json{{"at", to_string(now)},
                              {"role", "detector"},
                              {"connected", stream->is_connected()},
                              {"shards", shards.size()},
                              {"messages", sum.messages},
                              {"damaged", sum.damaged},
                              {"summaries", sum.summaries},
                              {"repeated", sum.book.repeated},
                              {"late", sum.book.late},
                              {"too_old", sum.book.too_old},
                              {"refused", sum.book.full},
                              {"findings_kept", kept},
                              {"findings_fenced", fenced},
                              {"findings_dropped", dropped}};
    store->transact([&](records::Transaction& tx) { tx.settings().set(stream_report("detector", config.stream.name), json.dump()); });
  }

  config::Config config;
  const StepGuard& clock;
  std::unique_ptr<records::Store> store;
  std::unique_ptr<stream::Connection> stream;
  std::string owner;
  std::function<bool(const std::string&)> is_gone;
  std::shared_ptr<const inventory::Inventory> inventory;
  std::int64_t version = -1;
  WallTime inventory_seen;
  WallTime renewed;
  MonoTime heard;
  std::map<unsigned, Shard> shards;
  std::deque<Waiting> found;
  std::uint64_t dropped = 0;
  std::uint64_t fenced = 0;
  std::uint64_t kept = 0;
  std::unique_ptr<Worker> worker;
};

DetectorRole::DetectorRole(const config::Config& config, const StepGuard& clock) : x_parts(std::make_unique<Parts>(config, clock)) {}
DetectorRole::~DetectorRole() = default;

}  // namespace pinfold::engine
