// The hot path of the collector in nanoseconds a flow record, without the kernel: decoding alone, and everything that `pinfold serve` does with a
// datagram (allow-list, decoding, attribution, accounting, detection). Input: the load generator's datagrams (exports.hpp), 100,000 servers.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/exports.hpp"
#include "collect/intake.hpp"
#include "flow/decoder.hpp"

namespace {

using namespace pinfold;  // NOLINT(google-build-using-namespace): one small program

constexpr std::size_t kDatagrams = 8192;
constexpr std::size_t kBatch = 64;
constexpr Micros kBatchTakes{std::int64_t{1'000'000} * kBatch / 15'000};  ///< at the pace of `make bench-flow`: windows pass, servers calm down
constexpr Micros kTakeInterval = std::chrono::milliseconds{250};
constexpr std::uint32_t kSeconds = 1'790'000'000;
constexpr WallTime kNow{std::chrono::seconds{kSeconds}};
const net::IpAddress kExporter = net::IpAddress::v4(0xC0000201U);

std::vector<bench::Datagram> datagrams_of(bench::Export kind) {
  bench::ExportMaker maker(kind, kSeconds);
  std::vector<bench::Datagram> datagrams;
  std::uint32_t sequence = 0;
  for (std::size_t i = 0; i < kDatagrams; ++i) {
    datagrams.push_back(maker.data());
    bench::stamp(kind, datagrams.back(), sequence, kSeconds);
    sequence += bench::sequence_step(kind);
  }
  return datagrams;
}

std::shared_ptr<const inventory::Inventory> servers() {
  std::vector<inventory::Server> list(bench::kServers);
  for (std::uint32_t i = 0; i < bench::kServers; ++i) {
    list[i].id = ServerId{"srv-" + std::to_string(i)};
    list[i].customer = CustomerId{"1"};
    list[i].addresses = {net::Prefix{net::IpAddress::v4(bench::kFirstServer + i), 32}};
  }
  return std::make_shared<const inventory::Inventory>(std::vector<inventory::Customer>{{CustomerId{"1"}, "one", {{ContactId{"a@b.example"}, "en"}}}},
                                                      std::move(list));
}

void decoded(benchmark::State& state, bench::Export kind) {
  flow::Decoder decoder;
  std::vector<flow::FlowRecord> records;
  const flow::ExporterKey exporter{kExporter};
  if (const auto templates = bench::ExportMaker(kind, kSeconds).templates()) {
    static_cast<void>(decoder.decode(exporter, *templates, records, kNow));
  }
  const auto datagrams = datagrams_of(kind);
  std::size_t next = 0;
  for (auto _ : state) {
    records.clear();
    benchmark::DoNotOptimize(decoder.decode(exporter, datagrams[next++ % kDatagrams], records, kNow).has_value());
  }
  state.SetItemsProcessed(state.iterations() * bench::flows_per_datagram(kind));
}

void judged(benchmark::State& state, bench::Export kind) {
  const auto protocol = kind == bench::Export::Sflow ? collect::Protocol::Sflow : collect::Protocol::Ipfix;
  collect::CollectorOptions options;
  options.exporters.push_back({kExporter, protocol, "border", 0});
  collect::SharedPipeline pipeline(std::make_unique<detect::Pipeline>(options.thresholds, servers(), collect::sources_of(options), 1));
  collect::Intake intake(options, pipeline);
  if (const auto templates = bench::ExportMaker(kind, kSeconds).templates()) {
    intake.take(protocol, std::vector<collect::Received>{{kExporter, *templates}}, kNow);
  }
  auto datagrams = datagrams_of(kind);
  std::vector<collect::Received> received;
  for (const bench::Datagram& datagram : datagrams) {
    received.push_back({kExporter, datagram});
  }
  std::size_t next = 0;
  std::uint32_t sequence = 0;
  WallTime now = kNow;
  WallTime taken = kNow;
  for (auto _ : state) {
    for (std::size_t i = next; i < next + kBatch; ++i) {
      bench::stamp(kind, datagrams[i], sequence, static_cast<std::uint32_t>(now.since_epoch / Seconds{1}));
      sequence += bench::sequence_step(kind);
    }
    intake.take(protocol, std::span{received}.subspan(next, kBatch), now);
    next = (next + kBatch) % kDatagrams;
    now = now + kBatchTakes;
    if (now - taken >= kTakeInterval) {
      taken = now;
      benchmark::DoNotOptimize(pipeline.with([now](auto& p) { return p->take_findings(now).size(); }));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch) * bench::flows_per_datagram(kind));
}

BENCHMARK_CAPTURE(decoded, netflow9, bench::Export::NetFlow9);
BENCHMARK_CAPTURE(decoded, ipfix, bench::Export::Ipfix);
BENCHMARK_CAPTURE(decoded, netflow5, bench::Export::NetFlow5);
BENCHMARK_CAPTURE(decoded, sflow, bench::Export::Sflow);
BENCHMARK_CAPTURE(judged, netflow9, bench::Export::NetFlow9);
BENCHMARK_CAPTURE(judged, ipfix, bench::Export::Ipfix);
BENCHMARK_CAPTURE(judged, netflow5, bench::Export::NetFlow5);
BENCHMARK_CAPTURE(judged, sflow, bench::Export::Sflow);

}  // namespace
