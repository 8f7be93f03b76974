#include <gtest/gtest.h>

#include "detect/observation.hpp"
#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

const net::IpAddress kA = ip("192.0.2.1");
constexpr inventory::ServerIndex kServerA{0};
const std::vector<ObservationSource> kIpfixAndSflow = {{"sw1", 0}, {"sw1", 1}};

flow::FlowRecord upload(WallTime at) { return tcp({kA, 40'000}, {target(1), 443}, kData, at, 10, 10'000); }

std::uint64_t bytes_out(const Watch& watch, WindowLength length = WindowLength::TenMinutes) {
  return watch.pipeline.accountant().view(kServerA, Direction::Outbound, length).running.bytes.count.value;
}

TEST(Observation, TheSamePacketsByIpfixAndSflowCountOnce) {
  Watch watch(kIpfixAndSflow);
  for (int i = 0; i < 20; ++i) {
    watch.add(upload(watch.now + seconds(1)), 0);
    for (int packet = 0; packet < 10; ++packet) {
      watch.add(tcp({kA, 40'000}, {target(1), 443}, kData, watch.now, 1, 1000), 1);
    }
  }
  EXPECT_EQ(bytes_out(watch), 20U * 10'000U);
  EXPECT_EQ(watch.pipeline.counters().accounted, 20U);
  EXPECT_EQ(watch.pipeline.counters().spare, 200U);
}

TEST(Observation, ABetterSourceThatSpeaksLaterTakesOverAndCountsNothingTwice) {
  Watch watch(kIpfixAndSflow);
  watch.add(upload(watch.now), 1);
  const WallTime told_already = watch.now;
  watch.now = watch.now + seconds(15);
  watch.add(upload(told_already), 0);  // the IPFIX record of the same packets
  EXPECT_TRUE(watch.pipeline.is_accounted(SourceIndex{0}));
  EXPECT_EQ(bytes_out(watch), 10'000U);
  watch.add(upload(watch.now), 0);
  EXPECT_EQ(bytes_out(watch), 20'000U);
}

TEST(Observation, TheSpareTakesOverWhenTheFirstDies) {
  Watch watch(kIpfixAndSflow);
  watch.add(upload(watch.now), 0);
  watch.add(upload(watch.now), 1);
  EXPECT_EQ(bytes_out(watch), 10'000U);
  watch.now = watch.now + seconds(91);
  watch.add(upload(watch.now), 1);
  EXPECT_TRUE(watch.pipeline.is_accounted(SourceIndex{1}));
  EXPECT_EQ(bytes_out(watch), 20'000U);
}

TEST(Observation, AReturnedSourceMustLiveForAWhileFirst) {
  ObservationSources sources(kIpfixAndSflow, {});
  WallTime now = kStart;
  sources.heard({0}, now);
  sources.heard({1}, now);
  now = now + seconds(100);
  sources.heard({1}, now);
  ASSERT_TRUE(sources.accounted({1}));
  for (int i = 0; i < 59; ++i) {
    sources.heard({0}, now);
    sources.heard({1}, now);
    EXPECT_TRUE(sources.accounted({1})) << i;
    now = now + seconds(1);
  }
  now = now + seconds(2);
  sources.heard({0}, now);
  EXPECT_TRUE(sources.accounted({0}));
  EXPECT_EQ(sources.counts_from({0}), now);
}

TEST(Observation, AnIdleNetworkIsNoDeath) {
  ObservationSources sources(kIpfixAndSflow, {});
  sources.heard({0}, kStart);
  for (int i = 0; i < 10; ++i) {
    sources.heard({0}, kStart + seconds(60) * i);  // templates only
    sources.heard({1}, kStart + seconds(60) * i);
    EXPECT_TRUE(sources.accounted({0}));
  }
}

TEST(Observation, TwoPointsThatSeeAServerCountItOnce) {
  Watch watch({{"border1", 0}, {"border2", 0}});
  for (int i = 0; i < 10; ++i) {
    watch.add(upload(watch.now + seconds(1)), 0);
    watch.add(upload(watch.now), 1);
  }
  EXPECT_EQ(bytes_out(watch), 10U * 10'000U);
  watch.now = watch.now + std::chrono::minutes{6};  // border1 no longer shows it
  const std::uint64_t before = watch.pipeline.counters().accounted;
  watch.add(upload(watch.now), 1);
  EXPECT_EQ(watch.pipeline.counters().accounted, before + 1);
}

TEST(Observation, TheServersOwnPortIsPreferred) {
  inventory::Server a = server("a", "192.0.2.1");
  a.port = inventory::AccessPort{SwitchId{"sw1"}, PortName{"swp24"}, "a"};
  Watch watch({{"border", 0}, {"sw1/swp24", 0}}, inventory_of({a}));
  watch.add(upload(watch.now), 0);
  watch.add(upload(watch.now + seconds(1)), 1);
  const std::uint64_t before = bytes_out(watch);
  watch.add(upload(watch.now + seconds(1)), 0);
  EXPECT_EQ(bytes_out(watch), before);
  watch.add(upload(watch.now), 1);
  EXPECT_EQ(bytes_out(watch), before + 10'000U);
}

TEST(Observation, IngressAndEgressOfOneExporterCountOnce) {
  Watch watch;
  for (int i = 0; i < 10; ++i) {
    flow::FlowRecord record = upload(watch.now + seconds(1));
    record.direction = flow::Direction::Ingress;
    watch.add(record);
    record.direction = flow::Direction::Egress;
    watch.add(record);
  }
  EXPECT_EQ(bytes_out(watch), 10U * 10'000U);
}

TEST(Observation, AScanSeenTwiceHasItsTrueNumberOfPackets) {
  Watch watch(kIpfixAndSflow);
  for (std::uint32_t i = 0; i < 200; ++i) {
    const auto probe = tcp({kA, 40'000}, {target(i), 22}, flow::kSyn, watch.now + seconds(0.1), 2, 120);
    watch.add(probe, 0);
    watch.add(probe, 1);
  }
  ASSERT_EQ(watch.findings().size(), 1U);
  EXPECT_EQ(fact(watch.given[0], "destinations"), "200");
  EXPECT_NE(fact(watch.given[0], "flow").find("packets=2"), std::string::npos);
}

}  // namespace
}  // namespace pinfold::detect::testing
