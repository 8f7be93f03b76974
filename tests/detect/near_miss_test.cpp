// What came near a threshold is kept, once a server, threshold and minute, with the number that was held against it.
#include "detect/near_miss.hpp"

#include <gtest/gtest.h>

#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

NearMiss miss(const char* measure, std::uint64_t value, Micros after, bool did_pass = false) {
  return {ServerId{"a"}, abuse::AbuseClass::PortScan, "port_scan", measure, kStart + after, value, did_pass, SamplingRate{1}};
}

TEST(NearMisses, OfAMinuteAndThresholdTheHighestValueStays) {
  NearMisses misses;
  misses.note(miss("port_scan.min_targets_per_minute", 60, seconds(1)));
  misses.note(miss("port_scan.min_targets_per_minute", 80, seconds(2)));
  misses.note(miss("port_scan.min_targets_per_minute", 70, seconds(3)));
  misses.note(miss("port_scan.min_targets_per_hour", 120, seconds(3)));
  ASSERT_EQ(misses.all().size(), 2U);
  EXPECT_EQ(misses.all()[0].value, 80U);
}

TEST(NearMisses, AreHandedOutOnceWhenTheirMinuteIsOver) {
  NearMisses misses;
  misses.note(miss("flood.min_udp_pps", 3000, seconds(0)));
  misses.note(miss("flood.min_udp_pps", 4000, seconds(200)));
  const auto first = misses.take(kStart + seconds(240));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].value, 3000U);
  EXPECT_TRUE(misses.take(kStart + seconds(240)).empty());
  misses.note(miss("flood.min_udp_pps", 4500, seconds(201)));  // still counted together
  const auto second = misses.take(kStart + seconds(600));
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].value, 4500U);
}

/// Sixty targets in a minute are no scan, but more than half of one.
TEST(NearMisses, AScanOfLessThanTheThresholdLeavesOneWithItsNumber) {
  Watch watch;
  for (std::uint32_t i = 0; i < 60; ++i) {
    watch.add(tcp({ip("192.0.2.1"), 40'000}, {target(i * 257), 22}, flow::kSyn, kStart + seconds(0.5) * i));
    watch.look();
  }
  EXPECT_TRUE(watch.findings().empty());
  const auto kept = watch.pipeline.take_near_misses(kStart + seconds(600));
  ASSERT_FALSE(kept.empty());
  EXPECT_EQ(kept.back().server, ServerId{"a"});
  EXPECT_EQ(kept.back().measure, "port_scan.min_targets_per_minute");
  EXPECT_GE(kept.back().value, 50U);
  EXPECT_FALSE(kept.back().did_pass);
}

}  // namespace
}  // namespace pinfold::detect::testing
