#include "engine/flows/sizing.hpp"

#include <gtest/gtest.h>

namespace pinfold::engine {
namespace {

TEST(Sizing, OfASmallNetworkIsOneMachine) {
  const Sizing s = size_for({.servers = 10'000});
  EXPECT_TRUE(s.fits_one_machine);
  EXPECT_NEAR(s.samples_per_second, 7629, 1);  // 10,000 × 5 Mbit/s ÷ 800 bytes ÷ 1024
  EXPECT_NEAR(s.summaries_per_second, 1000, 1) << "every server once in ten seconds";
}

TEST(Sizing, OfAMillionServersIsSeveral) {
  const Sizing s = size_for({.servers = 1'000'000});
  EXPECT_FALSE(s.fits_one_machine);
  EXPECT_NEAR(s.samples_per_second, 762'939, 1);
  EXPECT_NEAR(s.summaries_per_second, 100'000, 100);
  EXPECT_GE(s.collectors, 2U) << "one may fail";
  EXPECT_GE(s.detectors, 2U);
  EXPECT_GE(s.shards, s.detectors);
}

TEST(Sizing, CountsNoSummariesOfServersThatSamplingDoesNotShow) {
  const Sizing s = size_for({.servers = 10'000, .sampling = 100'000});
  EXPECT_LT(s.summaries_per_second, 100);
}

TEST(Sizing, GrowsWithTheNetwork) {
  Sizing last;
  for (std::uint64_t servers = 100; servers <= 2'000'000; servers *= 2) {
    const Sizing s = size_for({.servers = servers});
    EXPECT_GT(s.collector_cores, last.collector_cores);
    EXPECT_GT(s.detector_cores, last.detector_cores);
    EXPECT_GE(s.collectors, last.collectors);
    last = s;
  }
}

}  // namespace
}  // namespace pinfold::engine
