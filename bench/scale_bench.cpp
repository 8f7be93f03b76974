// The way of a large network through many machines, on one: N servers' traffic → collector → NATS → two detectors that share the shards → store.
//
//   scale_bench --servers N --seconds S --nats URL,URL,URL --store postgresql://… [--sampling 1024] [--mbit 5]     one JSON object on standard output
//
// Time is virtual: every part does what it would in S seconds, as fast as it can, in step. CPU is counted for each part by its thread's clock, so
// that CPU seconds / S is the number of cores that the part would keep busy. One server begins to scan in the middle: when is it found? Traffic:
// packets of 800 bytes sampled one in `sampling`, most of them answers of servers; as sFlow tells them.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <ctime>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <thread>

#include "base/text.hpp"
#include "engine/flows/shard_judge.hpp"
#include "engine/keep_finding.hpp"
#include "store/postgres_store.hpp"
#include "stream/nats.hpp"

namespace {

using namespace pinfold;  // NOLINT(google-build-using-namespace): one small program

constexpr WallTime kStart{Seconds{1'795'000'000}};
constexpr unsigned kShards = 16;
constexpr unsigned kDetectors = 2;
constexpr double kPacketBytes = 800;
constexpr std::size_t kChunk = 512;

/// CPU seconds of the calling thread.
double cpu() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}
double resident_mb() {
  std::ifstream in("/proc/self/statm");
  double pages = 0;
  in >> pages >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

std::shared_ptr<const inventory::Inventory> make_inventory(std::uint32_t servers) {
  std::vector<inventory::Server> all(servers);
  for (std::uint32_t i = 0; i < servers; ++i) {
    all[i].id = ServerId{"srv-" + std::to_string(i)};
    all[i].customer = CustomerId{"1"};
    all[i].addresses = {net::Prefix(net::IpAddress::v4(0x0A000000 + i), 32)};
  }
  return std::make_shared<const inventory::Inventory>(std::vector<inventory::Customer>{}, std::move(all));
}

/// What one border router tells of N servers in a second.
class Traffic {
public:
  Traffic(std::uint32_t servers, std::uint32_t sampling, double mbit)
      : x_servers(servers), x_rate(sampling), x_each_second(static_cast<std::size_t>(servers * mbit * 1e6 / 8 / kPacketBytes / sampling)) {}
  [[nodiscard]] std::size_t each_second() const { return std::max<std::size_t>(x_each_second, 1); }

  void fill(std::vector<flow::FlowRecord>& records, std::size_t count, WallTime at) {
    records.resize(count);
    for (flow::FlowRecord& record : records) {
      const std::uint32_t dice = roll();
      const std::uint32_t server = 0x0A000000 + roll() % x_servers;
      const std::uint32_t peer = 0xC6000000 + roll() % 4'000'000;
      const bool is_client = dice % 20 == 0;
      const bool outbound = (dice >> 8U) % 2 == 0;
      const auto high = static_cast<std::uint16_t>(32768 + (dice >> 12U) % 28000);
      record = {};
      record.version = flow::ExportVersion::Sflow5;
      record.sampling_rate = x_rate;
      record.last = ExporterTime{at.since_epoch};
      record.src = net::IpAddress::v4(outbound ? server : peer);
      record.dst = net::IpAddress::v4(outbound ? peer : server);
      record.src_port = outbound == is_client ? high : std::uint16_t{443};
      record.dst_port = outbound == is_client ? std::uint16_t{443} : high;
      record.protocol = flow::kTcp;
      record.tcp_flags = std::uint8_t{flow::kAck | flow::kPsh};
      record.packets = Packets{1};
      record.bytes = Bytes{static_cast<std::uint64_t>(kPacketBytes)};
    }
  }
  /// Of a scanner: SYNs to port 23, `count` of them sampled.
  void scan(std::vector<flow::FlowRecord>& records, std::size_t count, WallTime at) {
    fill(records, count, at);
    for (flow::FlowRecord& record : records) {
      record.src = net::IpAddress::v4(0x0A000000);
      record.dst = net::IpAddress::v4(0xCB000000 + roll() % 16'000'000);
      record.src_port = static_cast<std::uint16_t>(32768 + roll() % 28000);
      record.dst_port = 23;
      record.tcp_flags = flow::kSyn;
      record.bytes = Bytes{44};
    }
  }

private:
  [[nodiscard]] std::uint32_t roll() { return static_cast<std::uint32_t>(x_random()); }

  std::mt19937 x_random{1};
  std::uint32_t x_servers;
  SamplingRate x_rate;
  std::size_t x_each_second;
};

/// What both ends share of the virtual time: nobody goes on before the others are done with a second.
struct Step {
  std::atomic<std::int64_t> second{0};
  std::atomic<std::uint64_t> offered{0};
  std::atomic<bool> is_over{false};
};

struct Detector {
  std::atomic<std::uint64_t> taken{0};
  std::atomic<std::int64_t> judged{-1};  ///< the second up to which all is judged
  std::uint64_t summaries = 0;
  double seconds = 0;
  double found_after = -1;
  std::uint64_t kept = 0;
  std::uint64_t damaged = 0;
  std::optional<abuse::Finding> example;
};

struct Options {
  std::uint32_t servers = 1000;
  unsigned seconds = 60;
  std::uint32_t sampling = 1024;
  double mbit = 5;
  std::string nats;
  std::string store;
};

void run_detector(const Options& options, const inventory::Inventory& inventory, Step& step, Detector& me, unsigned number) {
  const auto store = store::open_postgres(options.store);
  const std::string owner = "bench-" + std::to_string(number);
  stream::NatsOptions nats;
  for (const std::string_view url : split(options.nats, ',')) {
    nats.servers.emplace_back(url);
  }
  const auto connection = stream::connect_to_nats(nats);
  struct Shard {
    records::ShardLease lease;
    std::unique_ptr<engine::ShardJudge> judge;
    std::unique_ptr<stream::Consumer> consumer;
  };
  std::vector<Shard> shards;
  const WallTime scan_begins = kStart + Seconds{options.seconds / 3};
  // Both attend before either takes its share.
  std::vector<records::ShardLease> ours;
  do {
    store->transact([&](records::Transaction& tx) { ours = tx.shards().hold(owner, kShards, kStart, [](const std::string&) { return false; }); });
  } while (ours.size() != kShards / kDetectors);
  for (const records::ShardLease& lease : ours) {
    shards.push_back({lease,
                      std::make_unique<engine::ShardJudge>(detect::Thresholds{}, std::vector<detect::ObservationSource>{{"border", 0}},
                                                           engine::part_of(inventory, lease.shard, kShards), 1),
                      connection->consume(lease.shard, lease.epoch, WallTime{Seconds{1}})});
  }
  me.judged = 0;
  const double began = cpu();
  while (!step.is_over) {
    const std::int64_t second = step.second;
    std::uint64_t fresh = 0;
    for (Shard& shard : shards) {
      for (const std::string& message : shard.consumer->fetch(64, Millis{2})) {
        shard.judge->take(message);
        ++fresh;
      }
    }
    me.taken += fresh;
    if (me.judged == second) {
      continue;
    }
    // Everything up to this second is there only when both have taken all that was offered; the main thread counts, and then moves on.
    const WallTime now = kStart + Seconds{second};
    for (Shard& shard : shards) {
      for (const abuse::Finding& finding : shard.judge->judge(now)) {
        me.example = finding;
        store->transact([&](records::Transaction& tx) {
          if (tx.shards().is_held(shard.lease, owner)) {
            me.kept += engine::keep_finding(tx, finding, now) ? 1U : 0U;
          }
        });
        if (me.found_after < 0 && finding.server.value == "srv-0") {
          me.found_after = static_cast<double>((now - scan_begins).count()) / 1e6;
        }
      }
    }
    me.judged = second;
  }
  me.seconds = cpu() - began;
  for (const Shard& shard : shards) {
    me.summaries += shard.judge->counters().summaries;
    me.damaged += shard.judge->counters().damaged;
  }
}

/// Findings a second that one writer after the other brings into the store, each a transaction with its fence; 0 when there was none to repeat.
double findings_per_second(const std::string& url, std::optional<abuse::Finding> finding) {
  if (!finding) {
    return 0;
  }
  constexpr int kTransactions = 300;
  const auto store = store::open_postgres(url);
  timespec begin{};
  timespec end{};
  ::clock_gettime(CLOCK_MONOTONIC, &begin);
  for (int i = 0; i < kTransactions; ++i) {
    finding->detected_at = finding->detected_at + Micros{1};
    store->transact([&](records::Transaction& tx) {
      static_cast<void>(tx.shards().is_held({0, 1}, "bench"));
      engine::keep_finding(tx, *finding, finding->detected_at);
    });
  }
  ::clock_gettime(CLOCK_MONOTONIC, &end);
  return kTransactions / (static_cast<double>(end.tv_sec - begin.tv_sec) + static_cast<double>(end.tv_nsec - begin.tv_nsec) / 1e9);
}

nlohmann::json run(const Options& options) {
  const auto inventory = make_inventory(options.servers);
  Traffic traffic(options.servers, options.sampling, options.mbit);
  const double before_mb = resident_mb();
  Step step;
  std::array<Detector, kDetectors> detectors;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kDetectors; ++i) {
    threads.emplace_back([&, i] { run_detector(options, *inventory, step, detectors[i], i); });
  }
  for (const Detector& detector : detectors) {
    while (detector.judged < 0) {
      std::this_thread::yield();
    }
  }
  const double detectors_mb = resident_mb() - before_mb;
  detect::Pipeline pipeline(detect::Thresholds{}, inventory, {{"border", 0}}, 1);
  pipeline.publish_as({"bench", static_cast<std::uint64_t>(::getpid())});
  stream::Splitter splitter(kShards);
  stream::NatsOptions nats;
  for (const std::string_view url : split(options.nats, ',')) {
    nats.servers.emplace_back(url);
  }
  nats.buffer_bytes = std::size_t{512} << 20U;
  const auto publisher = stream::publish_to_nats(nats);

  double collecting = 0;
  double packing = 0;
  std::uint64_t bytes = 0;
  std::uint64_t records_seen = 0;
  std::vector<flow::FlowRecord> records;
  const auto take = [&](WallTime at) {
    records_seen += records.size();
    const double before = cpu();
    pipeline.add_batch(records, detect::SourceIndex{0}, at);
    collecting += cpu() - before;
  };
  for (unsigned second = 1; second <= options.seconds; ++second) {
    const WallTime at = kStart + Seconds{second};
    for (std::size_t left = traffic.each_second(); left > 0;) {
      const std::size_t count = std::min(left, kChunk);
      traffic.fill(records, count, at);
      take(at);
      left -= count;
    }
    if (second >= options.seconds / 3) {
      traffic.scan(records, 40, at);
      take(at);
    }
    const double before = cpu();
    if (const auto batch = pipeline.take_batch(at)) {
      for (stream::Message& message : splitter.split(*batch)) {
        bytes += message.bytes.size();
        ++step.offered;
        publisher->offer(std::move(message));
      }
    }
    packing += cpu() - before;
    const auto all_taken = [&] { return detectors[0].taken + detectors[1].taken >= step.offered; };
    while (!all_taken()) {
      ::usleep(500);
    }
    step.second = second;
    while (detectors[0].judged < second || detectors[1].judged < second) {
      ::usleep(200);
    }
  }
  step.is_over = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  const double virtual_seconds = options.seconds;
  const double detecting = detectors[0].seconds + detectors[1].seconds;
  const std::uint64_t summaries = detectors[0].summaries + detectors[1].summaries;
  const double million = static_cast<double>(records_seen) / 1e6;
  return {{"servers", options.servers},
          {"sampling", options.sampling},
          {"seconds", options.seconds},
          {"records_per_second", static_cast<double>(records_seen) / virtual_seconds},
          {"collector_cpu_per_million_records", collecting / million},
          {"collector_cores", collecting / virtual_seconds},
          {"packing_cores", packing / virtual_seconds},
          {"summaries_per_second", static_cast<double>(summaries) / virtual_seconds},
          {"bytes_per_summary", static_cast<double>(bytes) / static_cast<double>(std::max<std::uint64_t>(summaries, 1))},
          {"stream_mb_per_second", static_cast<double>(bytes) / 1e6 / virtual_seconds},
          {"detector_cores", detecting / virtual_seconds},
          {"summaries_per_detector_core", static_cast<double>(summaries) / std::max(detecting, 1e-9)},
          {"detectors_mb", detectors_mb},
          {"process_mb", resident_mb()},
          {"found_after_s", std::max(detectors[0].found_after, detectors[1].found_after)},
          {"store_findings_per_second", findings_per_second(options.store, detectors[0].example ? detectors[0].example : detectors[1].example)},
          {"findings_kept", detectors[0].kept + detectors[1].kept},
          {"damaged", detectors[0].damaged + detectors[1].damaged},
          {"dropped", publisher->counters().dropped},
          {"sent_again", publisher->counters().repeated}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("a large network's way through collector, NATS, detectors and store, in virtual time");
  Options options;
  app.add_option("--servers", options.servers);
  app.add_option("--seconds", options.seconds);
  app.add_option("--sampling", options.sampling);
  app.add_option("--mbit", options.mbit, "a server's traffic, both ways together");
  app.add_option("--nats", options.nats)->required();
  app.add_option("--store", options.store)->required();
  CLI11_PARSE(app, argc, argv);
  try {
    std::cout << run(options).dump() << "\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 3;
  }
  return 0;
}
