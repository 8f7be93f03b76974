/// rate(before, after): everything that a pair of readings can be.
#include "collect/interface_counters.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace pinfold::collect {
namespace {

constexpr std::uint64_t kMost64 = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t kMost32 = std::numeric_limits<std::uint32_t>::max();
const WallTime kNoon = *parse_wall_time("2026-11-23T12:00:00Z");

InterfaceReading reading(double seconds, std::uint64_t in, std::uint64_t out, std::uint32_t first_uptime = 1'000'000) {
  InterfaceReading made;
  const Nanos since{static_cast<std::int64_t>(seconds * 1e9)};
  made.at = MonoTime{since};
  made.wall = kNoon + std::chrono::floor<Micros>(since);
  made.uptime = first_uptime + static_cast<std::uint32_t>(static_cast<std::int64_t>(seconds * 100));
  made.discontinuity = 0;
  made.octets_in = in;
  made.octets_out = out;
  made.packets_in = {in / 100, 0, 0};
  made.packets_out = {out / 100, 0, 0};
  made.discards_in = 0;
  made.discards_out = 0;
  made.megabits = 1000;
  return made;
}

TEST(InterfaceRate, IsTheDifference) {
  auto before = reading(0, 1000, 500);
  auto after = reading(60, 61'000, 1500);
  before.packets_in = {10, 20, 30};
  after.packets_in = {11, 22, 33};
  after.discards_out = 7;
  const auto interval = rate(before, after);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->bytes_in, Bytes{60'000});
  EXPECT_EQ(interval->bytes_out, Bytes{1000});
  EXPECT_EQ(interval->packets_in, Packets{6});
  EXPECT_EQ(interval->packets_out, Packets{10});
  EXPECT_EQ(interval->discards_out, Packets{7});
  EXPECT_EQ(interval->begin, kNoon);
  EXPECT_EQ(interval->end, kNoon + Seconds{60});
}

TEST(InterfaceRate, CountersWrap) {
  auto before = reading(0, kMost64 - 9, kMost64);
  auto after = reading(60, 90, 0);
  before.discards_in = kMost32;
  after.discards_in = 4;
  before.packets_in = {kMost64, 0, 0};
  after.packets_in = {1, 0, 0};
  const auto interval = rate(before, after);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->bytes_in, Bytes{100});
  EXPECT_EQ(interval->bytes_out, Bytes{1});
  EXPECT_EQ(interval->packets_in, Packets{2});
  EXPECT_EQ(interval->discards_in, Packets{5});
}

TEST(InterfaceRate, ACounterThatWasSetBackIsNoWrap) {
  EXPECT_EQ(rate(reading(0, 5'000'000'000, 0), reading(60, 10, 0)).error(), NoRate::Implausible);
  EXPECT_EQ(rate(reading(0, 0, kMost32), reading(60, 0, 10)).error(), NoRate::Implausible);  // an agent that wraps at 2^32 behind a 64-bit name
}

TEST(InterfaceRate, MoreThanTheWireCarriesIsRefused) {
  const std::uint64_t line_rate = 1000ULL * 1'000'000 / 8 * 60;
  EXPECT_TRUE(rate(reading(0, 0, 0), reading(60, line_rate, line_rate)));
  EXPECT_EQ(rate(reading(0, 0, 0), reading(60, 4 * line_rate, 0)).error(), NoRate::Implausible);
  auto untold = reading(60, 400 * line_rate, 0);
  untold.megabits = 0;
  EXPECT_TRUE(rate(reading(0, 0, 0), untold));
  untold.octets_in = kMost64 / 2;
  EXPECT_EQ(rate(reading(0, 0, 0), untold).error(), NoRate::Implausible);
}

TEST(InterfaceRate, ARestartIsAGap) {
  auto after = reading(60, 70'000, 70'000);
  after.uptime = 500;  // five seconds
  EXPECT_EQ(rate(reading(0, 1000, 1000), after).error(), NoRate::Restarted);
  after.uptime = 1'000'000 + 3000;  // up for longer than before, but only half as long as has passed: it restarted meanwhile
  EXPECT_EQ(rate(reading(0, 1000, 1000), after).error(), NoRate::Restarted);
  auto young = reading(0, 1000, 1000, 100);
  after = reading(60, 70'000, 70'000, 100);
  after.uptime = 5900;
  EXPECT_TRUE(rate(young, after));  // a second is no restart
}

TEST(InterfaceRate, UptimeThatWrapsIsNoRestart) {
  auto before = reading(0, 1000, 1000, kMost32 - 100);
  auto after = reading(60, 2000, 2000, kMost32 - 100);
  EXPECT_LT(*after.uptime, *before.uptime);
  EXPECT_TRUE(rate(before, after));
}

TEST(InterfaceRate, ADiscontinuityIsAGap) {
  auto after = reading(60, 70'000, 70'000);
  after.discontinuity = 1'003'000;
  EXPECT_EQ(rate(reading(0, 1000, 1000), after).error(), NoRate::Discontinuity);
  auto before = reading(0, 1000, 1000);
  before.discontinuity.reset();
  after.discontinuity.reset();
  EXPECT_TRUE(rate(before, after));  // an agent that has no such object
}

TEST(InterfaceRate, OutOfOrderTooLongAndMissingAreGaps) {
  EXPECT_EQ(rate(reading(60, 1, 1), reading(0, 2, 2)).error(), NoRate::OutOfOrder);
  EXPECT_EQ(rate(reading(60, 1, 1), reading(60, 2, 2)).error(), NoRate::OutOfOrder);
  EXPECT_EQ(rate(reading(0, 1, 1), reading(901, 2, 2)).error(), NoRate::TooLong);
  EXPECT_TRUE(rate(reading(0, 1, 1), reading(900, 2, 2)));
  for (int member = 0; member < 3; ++member) {
    for (const bool in_before : {false, true}) {
      auto before = reading(0, 1, 1);
      auto after = reading(60, 2, 2);
      InterfaceReading& holed = in_before ? before : after;
      (member == 0 ? holed.octets_in : holed.octets_out).reset();
      if (member == 2) {
        holed.octets_out = 2;
        holed.uptime.reset();
      }
      EXPECT_EQ(rate(before, after).error(), NoRate::Missing) << member;
    }
  }
}

TEST(InterfaceRate, PacketsMayBeMissing) {
  auto after = reading(60, 2000, 2000);
  after.packets_in = {};
  after.packets_out[0].reset();
  const auto interval = rate(reading(0, 1000, 1000), after);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->packets_in, Packets{});
  EXPECT_EQ(interval->bytes_in, Bytes{1000});
}

TEST(InterfaceRate, AStepOfTheWallClockMovesItAndBendsNothing) {
  auto after = reading(60, 61'000, 1000);
  after.wall = kNoon - std::chrono::hours{5};
  const auto interval = rate(reading(0, 1000, 1000), after);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->end, after.wall);
  EXPECT_EQ(interval->end - interval->begin, Micros{Seconds{60}});
  EXPECT_EQ(interval->bytes_in, Bytes{60'000});
}

/// A port that counts for a day, read at random moments, with random starts near the wrap: the intervals add up to what it counted.
TEST(InterfaceRate, IntervalsAndMinutesAddUpToWhatWasCounted) {
  std::mt19937_64 random(61);
  for (int round = 0; round < 20; ++round) {
    const std::uint64_t start = random() % 2 == 0 ? random() : kMost64 - random() % 100'000'000'000;
    std::uint64_t in = start;
    std::uint64_t out = start;
    double now = 0;
    auto before = reading(now, in, out);
    Bytes in_sum;
    Bytes out_sum;
    std::uint64_t seconds = 0;
    for (int i = 0; i < 300; ++i) {
      const double step = 30 + static_cast<double>(random() % 120'000) / 1000;
      now += step;
      in += random() % static_cast<std::uint64_t>(125e6 * step);
      out += random() % 1000;
      const auto after = reading(now, in, out);
      const auto interval = rate(before, after);
      ASSERT_TRUE(interval) << to_string(interval.error());
      for (const records::TrafficSample& sample : samples_of(ServerId{"a"}, *interval)) {
        ASSERT_EQ(sample.minute.since_epoch % std::chrono::minutes{1}, Micros{0});
        ASSERT_LE(sample.slot.seconds, 61U);
        out_sum += sample.slot.out.bytes;  // what goes into the port comes out of the server
        in_sum += sample.slot.in.bytes;
        seconds += sample.slot.seconds;
      }
      before = after;
    }
    EXPECT_EQ(out_sum.value, in - start);
    EXPECT_EQ(in_sum.value, out - start);
    EXPECT_NEAR(static_cast<double>(seconds), now, 151);  // half a second of rounding a reading
  }
}

}  // namespace
}  // namespace pinfold::collect
