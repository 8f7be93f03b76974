// Accounting: nanoseconds a record over 100,000 servers in random order (the worst case for caches), a history minute of 10,000 servers, and
// polling 10,000 ports of real SNMP agents: 20 times all 500 of one, every counter with its name; how many a minute of one core's time would be
// (needs root and the unpacked snmpd, PINFOLD_LAB_ROOT; skipped otherwise): accounting_bench --benchmark_filter=poll
#include <benchmark/benchmark.h>

#include <fstream>
#include <random>

#include "collect/interface_poller.hpp"
#include "detect/accountant.hpp"
#include "store/history_file.hpp"
#include "support/snmp_lab.hpp"
#include "support/temp_folder.hpp"

namespace {

using namespace pinfold;  // NOLINT(google-build-using-namespace): one small program

constexpr std::uint32_t kServers = 100'000;
constexpr WallTime kNow{std::chrono::hours{24 * 20'000}};

/// `prefetched`: as the pipeline does it, a batch ahead.
void account(benchmark::State& state, Micros lasted, bool prefetched) {
  std::mt19937 random(1);
  std::vector<inventory::ServerIndex> order(1U << 20U);
  for (auto& server : order) {
    server.value = static_cast<std::uint32_t>(random() % kServers);
  }
  detect::Accountant accountant(kServers);
  std::vector<detect::MinuteTraffic> given;
  std::size_t i = 0;
  for (auto _ : state) {
    if (prefetched) {
      accountant.prefetch(order[(i + 16) % order.size()], detect::Direction::Outbound);
    }
    const WallTime at = kNow + Micros{static_cast<std::int64_t>(i)};  // a million records a second
    benchmark::DoNotOptimize(
        accountant.add(order[i % order.size()], detect::Direction::Outbound, SamplingRate{1000}, Packets{3}, Bytes{1500}, at, lasted));
    ++i;
  }
  state.SetItemsProcessed(state.iterations());
}
void account_short_flow(benchmark::State& state) { account(state, Micros{}, false); }
void account_short_flow_prefetched(benchmark::State& state) { account(state, Micros{}, true); }
void account_flow_of_a_minute_prefetched(benchmark::State& state) { account(state, std::chrono::minutes{1}, true); }

/// One minute of 10,000 servers, and its share of packing and rolling up.
void history_minute(benchmark::State& state) {
  const test::TempFolder folder;
  const auto history = store::open_history(folder.path() / "history.sqlite");
  std::mt19937_64 random(1);
  std::vector<records::TrafficSample> samples;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const records::Slot slot{60,
                             {Bytes{random() % 1'000'000'000}, Packets{random() % 1'000'000}, Flows{random() % 1000}},
                             {Bytes{random() % 1'000'000'000}, Packets{random() % 1'000'000}, Flows{random() % 1000}}};
    samples.push_back({ServerId{"srv-" + std::to_string(i)}, records::TrafficSource::Flows, {}, slot});
  }
  WallTime now = kNow;
  for (auto _ : state) {
    for (auto& sample : samples) {
      sample.minute = now;
    }
    history->append(samples);
    now = now + std::chrono::minutes{1};
    while (history->maintain(now)) {
    }
  }
  state.SetItemsProcessed(state.iterations() * 10'000);
}

void poll_port(benchmark::State& state) {
  if (const auto missing = enforce::lab::Lab::missing()) {
    state.SkipWithError(missing->c_str());
    return;
  }
  constexpr unsigned kPorts = 500;
  const test::TempFolder folder;
  enforce::lab::Lab lab;
  const auto batch = folder.path() / "batch";
  {
    std::ofstream out(batch);
    for (unsigned i = 1; i <= kPorts; ++i) {
      out << "link add p" << i << " index " << 1000 + i << " type bridge\n";
    }
  }
  enforce::lab::finish(enforce::lab::start({"ip", "-n", lab.name() + "s", "-batch", batch.string()}, folder.path() / "log"));
  auto agent = collect::agent_at(lab.settings())();
  if (!agent) {
    state.SkipWithError(agent.error().what.c_str());
    return;
  }
  collect::SwitchReader reader(*std::move(agent), system_clock());
  std::vector<IfIndex> ports;
  for (unsigned i = 1; i <= kPorts; ++i) {
    ports.push_back(IfIndex{1000 + i});
  }
  const auto sees_all = [&] {
    const auto readings = reader.counters(ports);
    return readings && readings->back().name == PortName{"p500"};
  };
  for (int i = 0; i < 300 && !sees_all(); ++i) {  // the agent's table is a cache
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
  for (auto _ : state) {
    const auto readings = reader.counters(ports);
    if (!readings || readings->back().name != PortName{"p500"} || !readings->back().reading.octets_in) {
      state.SkipWithError(readings ? "not the last port" : readings.error().what.c_str());
      return;
    }
  }
  state.SetItemsProcessed(state.iterations() * kPorts);
  state.counters["ports_a_minute_of_cpu"] = benchmark::Counter(60.0 * kPorts * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

BENCHMARK(account_short_flow);
BENCHMARK(account_short_flow_prefetched);
BENCHMARK(account_flow_of_a_minute_prefetched);
BENCHMARK(history_minute)->Iterations(180)->Unit(benchmark::kMillisecond);
BENCHMARK(poll_port)->Iterations(20)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
