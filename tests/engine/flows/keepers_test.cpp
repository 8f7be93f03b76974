/// What the detectors know outlives a restart: learned baselines, and the windows that came near a threshold. And what other thresholds would have
/// found in those.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "collect/datagrams.hpp"
#include "engine/flows/baseline_keeper.hpp"
#include "engine/flows/near_miss_keeper.hpp"
#include "engine/flows/threshold_history.hpp"
#include "store/store.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine {
namespace {

using records::BaselineOf;
using records::BaselineRow;
using records::NearMissRow;
using records::Transaction;

constexpr std::uint32_t kServer = 0xC0000201;  // 192.0.2.1
constexpr Micros kMinute = std::chrono::minutes{1};

/// Moved by the test, read by the collector's thread.
class SharedClock final : public Clock {
public:
  [[nodiscard]] MonoTime mono() const override { return MonoTime{Micros{x_micros.load()}}; }
  [[nodiscard]] WallTime wall() const override { return WallTime{Micros{x_micros.load()}}; }
  void advance(Micros by) { x_micros += by.count(); }

private:
  std::atomic<std::int64_t> x_micros{1'790'000'000'000'000};
};

std::shared_ptr<const inventory::Inventory> inventory_of(const std::vector<const char*>& ids) {
  std::vector<inventory::Server> servers;
  for (const char* id : ids) {
    inventory::Server server;
    server.id = ServerId{id};
    server.customer = CustomerId{"1"};
    server.addresses = {net::Prefix{net::IpAddress::v4(kServer + static_cast<std::uint32_t>(servers.size())), 32}};
    servers.push_back(std::move(server));
  }
  return std::make_shared<const inventory::Inventory>(std::vector<inventory::Customer>{{CustomerId{"1"}, "One", {}}}, std::move(servers));
}

/// A server's baseline after a week at that rate.
std::vector<std::uint8_t> a_week_at(Bps rate) {
  detect::Baselines baselines(1);
  for (int window = 0; window < 7 * 24 * 6; ++window) {
    baselines.learn({0}, {1}, {WallTime{std::chrono::minutes{10} * window}, rate, 3, 1});
  }
  const std::string saved = baselines.save({0}).value();
  return {saved.begin(), saved.end()};
}

class Keepers : public testing::Test {
protected:
  std::vector<BaselineRow> kept() {
    std::vector<BaselineRow> rows;
    x_store->read([&](Transaction& tx) { rows = tx.baselines().list(); });
    return rows;
  }
  std::unique_ptr<collect::Collector> collector(
      const std::vector<const char*>& ids, collect::FindingSink sink = [](const abuse::Finding&) {}) {
    collect::CollectorOptions options;
    options.ipfix = collect::UdpEndpoint{net::IpAddress::v4(INADDR_LOOPBACK), 0};
    options.exporters = {{net::IpAddress::v4(INADDR_LOOPBACK), collect::Protocol::Ipfix, "sw1", 0}};
    return std::make_unique<collect::Collector>(std::move(options), inventory_of(ids), x_clock, std::move(sink));
  }

  test::TempFolder x_folder;
  std::unique_ptr<records::Store> x_store = store::open_sqlite(x_folder.path() / "desk.sqlite");
  SharedClock x_clock;
};

TEST_F(Keepers, BaselinesComeBackAfterARestart) {
  const std::vector<BaselineRow> learned = {{BaselineOf::Server, "a", a_week_at(Bps{5'000'000}), x_clock.wall()},
                                            {BaselineOf::Server, "b", a_week_at(Bps{9'000'000}), x_clock.wall()},
                                            {BaselineOf::ServiceLevel, "1", a_week_at(Bps{7'000'000}), x_clock.wall()}};
  {
    const auto before = collector({"a", "b"});
    EXPECT_TRUE(before->restore_baselines(learned).empty());
    BaselineKeeper keeper(*x_store, before.get(), x_clock);
    for (std::uint32_t minute = 0; minute < BaselineKeeper::kParts; ++minute) {
      keeper.keep();
      keeper.keep();  // once a minute is enough
      x_clock.advance(kMinute);
    }
  }
  ASSERT_EQ(kept().size(), 3U);
  const auto after = collector({"b", "a"});  // another order
  BaselineKeeper keeper(*x_store, after.get(), x_clock);
  keeper.recall();
  keeper.finish();
  const auto rows = kept();
  ASSERT_EQ(rows.size(), 3U);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].subject, learned[i].subject);
    EXPECT_EQ(rows[i].learned, learned[i].learned);
  }
}

TEST_F(Keepers, ADamagedOrForeignBaselineIsSaidAndLeftOut) {
  const auto running = collector({"a"});
  const auto problems = running->restore_baselines(
      {{BaselineOf::Server, "a", {1, 2, 3}, {}}, {BaselineOf::ServiceLevel, "9", a_week_at(Bps{1}), {}}, {BaselineOf::Server, "gone", {}, {}}});
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_NE(problems[0].find("server a: not a saved baseline of this version: 3 bytes"), std::string::npos) << problems[0];
  EXPECT_NE(problems[1].find("service level 9"), std::string::npos) << problems[1];
  EXPECT_TRUE(running->save_baselines(0, 1).empty());
}

TEST_F(Keepers, BaselinesOfServersThatAreLongGoneAreForgotten) {
  x_store->transact([&](Transaction& tx) {
    tx.baselines().keep(std::vector<BaselineRow>{{BaselineOf::Server, "gone", {1}, x_clock.wall() - BaselineKeeper::kMemory - kMinute}});
  });
  const auto running = collector({"a"});
  ASSERT_TRUE(running->restore_baselines({{BaselineOf::Server, "a", a_week_at(Bps{5'000'000}), {}}}).empty());
  BaselineKeeper(*x_store, running.get(), x_clock).finish();
  ASSERT_EQ(kept().size(), 1U);
  EXPECT_EQ(kept()[0].subject, "a");
}

TEST_F(Keepers, WithoutACollectorThereIsNothingToKeep) {
  BaselineKeeper baselines(*x_store, nullptr, x_clock);
  baselines.recall();
  baselines.keep();
  baselines.finish();
  NearMissKeeper(*x_store, {}, nullptr, x_clock).keep();
  EXPECT_TRUE(kept().empty());
}

TEST_F(Keepers, AWindowThatPassedAThresholdIsKeptWithWhatWasInForce) {
  std::mutex mutex;
  std::condition_variable arrived;
  bool is_found = false;
  const auto running = collector({"a"}, [&](const abuse::Finding&) {
    const std::scoped_lock lock(mutex);
    is_found = true;
    arrived.notify_all();
  });
  const collect::testing::Sender sender;
  for (std::uint32_t datagram = 0; datagram < 5; ++datagram) {
    std::vector<collect::testing::Syn> syns;
    for (std::uint32_t i = 0; i < 30; ++i) {
      syns.push_back({kServer, 0xC6120000 + datagram * 30 + i, 22});
    }
    ASSERT_TRUE(sender.send(collect::testing::netflow5(syns, datagram * 30, x_clock.wall()), *running->port(collect::Protocol::Ipfix)));
  }
  {
    std::unique_lock lock(mutex);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!is_found && std::chrono::steady_clock::now() < deadline) {
      x_clock.advance(std::chrono::milliseconds{200});  // contacts settle by this clock
      arrived.wait_for(lock, std::chrono::milliseconds{50});
    }
    ASSERT_TRUE(is_found);
  }
  x_clock.advance(5 * kMinute);
  detect::Thresholds thresholds;
  NearMissKeeper(*x_store, thresholds, running.get(), x_clock).keep();
  std::vector<NearMissRow> rows;
  x_store->read([&](Transaction& tx) { rows = tx.near_misses().since({}); });
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows[0].server, ServerId{"a"});
  EXPECT_EQ(rows[0].measure, "port_scan.min_targets_per_minute");
  EXPECT_EQ(rows[0].threshold, thresholds.port_scan.min_targets_per_minute);
  EXPECT_GE(rows[0].value, 100U);
  EXPECT_TRUE(rows[0].did_pass);
}

TEST(NearMissRows, WhatNoThresholdDecidedIsLeftOut) {
  const detect::NearMiss known{ServerId{"a"}, abuse::AbuseClass::Flood, "flood/udp", "flood.min_udp_pps", WallTime{kMinute}, 4000,
                               false,         SamplingRate{1}};
  detect::NearMiss unknown = known;
  unknown.measure = "";
  const auto rows = rows_of({known, unknown}, {});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].threshold, 5000U);
  EXPECT_EQ(rows[0].value, 4000U);
}

NearMissRow row(const char* server, int minute, std::uint64_t value, bool did_pass) {
  return {ServerId{server}, "flood.min_udp_pps", WallTime{kMinute * minute}, value, 5000, did_pass, 1};
}

TEST(ThresholdHistory, ALowerThresholdFindsWhatCameNear) {
  const std::vector<NearMissRow> rows = {row("a", 1, 6000, true), row("a", 2, 4000, false), row("b", 2, 2600, false)};
  detect::Thresholds lower;
  lower.flood.min_udp_pps = 3000;
  const auto history = judge_again(rows, lower).at("flood.min_udp_pps");
  EXPECT_EQ(history.in_force, 5000U);
  EXPECT_EQ(history.under_these, 3000U);
  EXPECT_EQ(history.minutes_then, 1U);
  EXPECT_EQ(history.minutes_now, 2U);
  EXPECT_EQ(history.servers_now.size(), 1U);
  EXPECT_FALSE(history.cannot_tell);
}

TEST(ThresholdHistory, AHigherOneLosesWhatStaysBelowIt) {
  detect::Thresholds higher;
  higher.flood.min_udp_pps = 7000;
  const auto history = judge_again(std::vector{row("a", 1, 6000, true), row("a", 2, 9000, true)}, higher).at("flood.min_udp_pps");
  EXPECT_EQ(history.minutes_then, 2U);
  EXPECT_EQ(history.minutes_now, 1U);
}

/// It had the number and was answered, or had a role: a lower number changes nothing about that.
TEST(ThresholdHistory, WhatFailedForAnotherReasonStaysUnfound) {
  detect::Thresholds lower;
  lower.flood.min_udp_pps = 3000;
  EXPECT_EQ(judge_again(std::vector{row("a", 1, 8000, false)}, lower).at("flood.min_udp_pps").minutes_now, 0U);
}

TEST(ThresholdHistory, BelowHalfOfWhatWasInForceItCannotTell) {
  detect::Thresholds lower;
  lower.flood.min_udp_pps = 2000;
  EXPECT_TRUE(judge_again(std::vector{row("a", 1, 4000, false)}, lower).at("flood.min_udp_pps").cannot_tell);
}

}  // namespace
}  // namespace pinfold::engine
