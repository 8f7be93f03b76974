/// Windows, spreading and the hand-over to the history, against a model that keeps every microsecond's share.
#include "detect/accountant.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
constexpr inventory::ServerIndex kServer{0};
const WallTime kHour{hours{24 * 20'000}};  // on a border of every window
constexpr std::array kLengths{Micros{std::chrono::seconds{10}}, Micros{minutes{1}}, Micros{minutes{10}}, Micros{hours{1}}};
constexpr std::array kWindows{WindowLength::TenSeconds, WindowLength::Minute, WindowLength::TenMinutes, WindowLength::Hour};

std::uint64_t bytes_of(const Traffic& traffic) { return traffic.bytes.count.value; }
bool nobody(inventory::ServerIndex) { return false; }

/// All bytes that a history made of these would hold, by minute.
std::map<WallTime, std::uint64_t> by_minute(const std::vector<MinuteTraffic>& parts, Direction direction = Direction::Outbound) {
  std::map<WallTime, std::uint64_t> sums;
  for (const MinuteTraffic& part : parts) {
    sums[part.minute] += bytes_of(part.traffic[static_cast<std::size_t>(direction)]);
  }
  return sums;
}

static_assert(Accountant::kBytesPerServer * 100'000 <= 60'000'000);

TEST(Accountant, ALongFlowIsSpreadOverItsTime) {
  Accountant accountant(1);
  accountant.add(kServer, Direction::Outbound, SamplingRate{}, Packets{120}, Bytes{12'000}, kHour + minutes{2}, minutes{2});
  accountant.add(kServer, Direction::Outbound, SamplingRate{}, Packets{}, Bytes{}, kHour + minutes{2});
  const auto ten = accountant.view(kServer, Direction::Outbound, WindowLength::TenSeconds);
  EXPECT_EQ(ten.last_whole.bytes.count, Bytes{1000});
  EXPECT_EQ(ten.last_whole.packets.count, Packets{10});
  const auto minute = accountant.view(kServer, Direction::Outbound, WindowLength::Minute);
  EXPECT_EQ(minute.last_whole.bytes.count, Bytes{6000});
  EXPECT_EQ(accountant.view(kServer, Direction::Outbound, WindowLength::TenMinutes).running.bytes.count, Bytes{12'000});
  EXPECT_EQ(accountant.view(kServer, Direction::Outbound, WindowLength::TenMinutes).running.flows, Flows{2});
}

TEST(Accountant, WithOneRateTheErrorIsTheTextbooks) {
  Accountant accountant(1);
  for (int i = 0; i < 100; ++i) {
    accountant.add(kServer, Direction::Outbound, SamplingRate{1000}, Packets{1}, Bytes{1500}, kHour + seconds(1));
  }
  const Traffic minute = accountant.view(kServer, Direction::Outbound, WindowLength::Minute).running;
  EXPECT_EQ(minute.packets.count, Packets{100'000});
  EXPECT_NEAR(minute.relative_error(), 1.96 / std::sqrt(100.0), 0.001);
  EXPECT_NEAR(minute.samples(), 100, 0.2);
}

TEST(Accountant, UnsampledTrafficHasNoErrorAndDilutesIt) {
  Accountant accountant(1);
  accountant.add(kServer, Direction::Outbound, SamplingRate{1}, Packets{900'000}, Bytes{1}, kHour);
  EXPECT_EQ(accountant.view(kServer, Direction::Outbound, WindowLength::Hour).running.relative_error(), 0);
  accountant.add(kServer, Direction::Outbound, SamplingRate{1000}, Packets{100}, Bytes{1}, kHour);
  const Traffic hour = accountant.view(kServer, Direction::Outbound, WindowLength::Hour).running;
  EXPECT_NEAR(hour.relative_error(), 0.1 * 1.96 / std::sqrt(100.0), 0.001);
  EXPECT_EQ(accountant.view(kServer, Direction::Inbound, WindowLength::Hour).running.relative_error(), 0);
}

/// The estimate's true error, by sampling at random many times, stays inside the stated one 95 times in a hundred.
TEST(Accountant, TheStatedErrorHolds) {
  std::mt19937 random(17);
  std::binomial_distribution<std::uint64_t> sampled(200'000, 1.0 / 500);
  int inside = 0;
  for (int round = 0; round < 1000; ++round) {
    Accountant accountant(1);
    accountant.add(kServer, Direction::Inbound, SamplingRate{500}, Packets{sampled(random)}, Bytes{1}, kHour);
    const Traffic seen = accountant.view(kServer, Direction::Inbound, WindowLength::Minute).running;
    const double estimate = static_cast<double>(seen.packets.count.value);
    inside += std::abs(estimate - 200'000) <= seen.relative_error() * estimate ? 1 : 0;
  }
  EXPECT_GE(inside, 930);
  EXPECT_LE(inside, 975);
}

struct Flow {
  WallTime end;
  Micros lasted{};
  std::uint64_t bytes = 0;
};

/// Flows of up to half an hour, in any order that an exporter could send them within twenty minutes.
std::vector<Flow> random_flows(std::mt19937& random, std::size_t count) {
  std::vector<Flow> flows;
  for (std::size_t i = 0; i < count; ++i) {
    const Micros lasted = random() % 3 == 0 ? Micros{} : Micros{static_cast<std::int64_t>(random() % 1'800'000'000U)};
    flows.push_back({kHour + hours{2} + Micros{static_cast<std::int64_t>(random() % 1'200'000'000U)}, lasted, random() % 100'000U});
  }
  return flows;
}

TEST(Accountant, WindowsAndHistoryConserveEveryByte) {
  std::mt19937 random(29);
  for (int round = 0; round < 200; ++round) {
    Accountant accountant(1);
    std::vector<MinuteTraffic> given;
    std::uint64_t sum = 0;
    WallTime now = kHour + hours{2};
    for (const Flow& flow : random_flows(random, 60)) {
      accountant.add(kServer, Direction::Outbound, SamplingRate{}, Packets{flow.bytes / 7}, Bytes{flow.bytes}, flow.end, flow.lasted);
      sum += flow.bytes;
      now = std::max(now, flow.end);
      if (random() % 4 == 0) {
        accountant.take_minutes(0, 1, now, nobody, given);
      }
      if (random() % 8 == 0) {
        accountant.take_late(given);
      }
    }
    const auto hour = accountant.view(kServer, Direction::Outbound, WindowLength::Hour);
    ASSERT_EQ(bytes_of(hour.running) + bytes_of(hour.last_whole), sum);
    accountant.take_late(given, true);
    std::uint64_t kept = 0;
    std::uint64_t flows = 0;
    for (const MinuteTraffic& part : given) {
      kept += bytes_of(part.traffic[0]);
      flows += part.traffic[0].flows.value;
    }
    ASSERT_EQ(kept, sum);
    ASSERT_EQ(flows, 60U);
    ASSERT_EQ(accountant.lost_to_history(), 0U);
  }
}

/// What each window says, against the flows' exact shares. Coarse buckets spread evenly what left the fine ones, so flows in order only.
TEST(Accountant, EveryWindowAgreesWithAModelForFlowsInOrder) {
  std::mt19937 random(31);
  for (int round = 0; round < 100; ++round) {
    Accountant accountant(1);
    std::vector<Flow> flows;
    WallTime end = kHour;
    for (int i = 0; i < 80; ++i) {
      end = end + Micros{static_cast<std::int64_t>(random() % 40'000'000U)};
      const Micros lasted{static_cast<std::int64_t>(random() % 120'000'000U)};
      flows.push_back({end, lasted, random() % 1'000'000U});
      accountant.add(kServer, Direction::Inbound, SamplingRate{}, Packets{1}, Bytes{flows.back().bytes}, end, lasted);
    }
    for (std::size_t i = 0; i < kWindows.size(); ++i) {
      const WindowView view = accountant.view(kServer, Direction::Inbound, kWindows.at(i));
      ASSERT_EQ(view.slot_start, WallTime{end.since_epoch / kLengths.at(i) * kLengths.at(i)});
      const auto expected = [&](WallTime from) {
        double sum = 0;
        for (const Flow& flow : flows) {
          const WallTime begin = std::max(flow.end - flow.lasted, from);
          const WallTime until = std::min(flow.end, from + kLengths.at(i));
          const bool is_point = flow.lasted == Micros{} && flow.end >= from && flow.end < from + kLengths.at(i);
          const double part = flow.lasted == Micros{} ? 0 : static_cast<double>((until - begin).count()) / static_cast<double>(flow.lasted.count());
          sum += (is_point ? 1 : std::max(part, 0.0)) * static_cast<double>(flow.bytes);
        }
        return sum;
      };
      // A piece ends on a border of a bucket, but the last one belongs whole to the slot of its end; rounding costs a byte a piece.
      EXPECT_NEAR(static_cast<double>(bytes_of(view.running)), expected(view.slot_start), 200.0) << "window " << i;
      EXPECT_NEAR(static_cast<double>(bytes_of(view.last_whole)), expected(view.slot_start - kLengths.at(i)), 200.0) << "window " << i;
    }
  }
}

TEST(Accountant, MinutesAreHandedOutOnceAndWhole) {
  Accountant accountant(1);
  std::vector<MinuteTraffic> given;
  for (int second = 0; second < 600; ++second) {
    const WallTime now = kHour + seconds(second);
    accountant.add(kServer, Direction::Outbound, SamplingRate{}, Packets{1}, Bytes{100}, now);
    if (second % 60 == 5) {
      accountant.take_minutes(0, 1, now, nobody, given);
    }
  }
  ASSERT_EQ(given.size(), 7U);  // minutes 0 to 6 of ten; the youngest are still open
  for (std::size_t i = 0; i < given.size(); ++i) {
    EXPECT_EQ(given[i].minute, kHour + minutes{static_cast<int>(i)});
    EXPECT_EQ(bytes_of(given[i].traffic[0]), 6000U);
    EXPECT_FALSE(given[i].is_late);
  }
}

TEST(Accountant, AHalfHourFlowFillsTheMinutesThatWereHandedOutAlready) {
  Accountant accountant(1);
  std::vector<MinuteTraffic> given;
  const WallTime now = kHour + minutes{45};
  accountant.take_minutes(0, 1, now, nobody, given);
  accountant.add(kServer, Direction::Outbound, SamplingRate{}, Packets{30}, Bytes{30'000}, now, minutes{30});
  accountant.take_late(given);
  accountant.take_minutes(0, 1, now + minutes{5}, nobody, given);
  const auto sums = by_minute(given);
  ASSERT_EQ(sums.size(), 30U);
  for (const auto& [minute, bytes] : sums) {
    EXPECT_NEAR(static_cast<double>(bytes), 1000, 2);
  }
}

TEST(Accountant, OnlyObservedSilenceIsAFigure) {
  Accountant accountant(2);
  std::vector<MinuteTraffic> given;
  const auto only_second = [](inventory::ServerIndex server) { return server.value == 1; };
  for (int minute = 10; minute < 15; ++minute) {
    accountant.take_minutes(0, 2, kHour + minutes{minute}, only_second, given);
  }
  ASSERT_EQ(given.size(), 5U);
  for (const MinuteTraffic& part : given) {
    EXPECT_EQ(part.server.value, 1U);
    EXPECT_EQ(bytes_of(part.traffic[0]), 0U);
  }
}

TEST(Accountant, BeforeTheFirstSightOfAServerThereIsNoSilence) {
  Accountant accountant(1);
  std::vector<MinuteTraffic> given;
  accountant.add(kServer, Direction::Outbound, SamplingRate{}, Packets{1}, Bytes{5}, kHour + minutes{10});
  for (int minute = 10; minute < 16; ++minute) {
    accountant.take_minutes(
        0, 1, kHour + minutes{minute}, [](inventory::ServerIndex) { return true; }, given);
  }
  ASSERT_EQ(given.size(), 3U);  // its own minute, and two of silence
  EXPECT_EQ(given[0].minute, kHour + minutes{10});
  EXPECT_EQ(bytes_of(given[0].traffic[0]), 5U);
}

TEST(Accountant, AClockSetBackLosesNoByteAndBlindsNoWindow) {
  Accountant accountant(1);
  std::vector<MinuteTraffic> given;
  const WallTime later = kHour + hours{5};
  accountant.add(kServer, Direction::Outbound, SamplingRate{}, Packets{1}, Bytes{500}, later);
  accountant.take_minutes(0, 1, later, nobody, given);
  const WallTime now = later - hours{1};
  accountant.take_minutes(0, 1, now, nobody, given);
  accountant.add(kServer, Direction::Outbound, SamplingRate{}, Packets{1}, Bytes{70}, now);
  EXPECT_EQ(accountant.view(kServer, Direction::Outbound, WindowLength::TenSeconds).running.bytes.count, Bytes{70});
  accountant.take_minutes(0, 1, now + minutes{3}, nobody, given);
  accountant.take_late(given);
  EXPECT_EQ(by_minute(given), (std::map<WallTime, std::uint64_t>{{later, 500}, {now, 70}}));
}

TEST(Accountant, AJumpForwardEmptiesTheWindowsIntoTheHistory) {
  Accountant accountant(1);
  std::vector<MinuteTraffic> given;
  accountant.add(kServer, Direction::Outbound, SamplingRate{}, Packets{1}, Bytes{500}, kHour);
  accountant.add(kServer, Direction::Outbound, SamplingRate{}, Packets{1}, Bytes{9}, kHour + hours{30});
  EXPECT_EQ(accountant.view(kServer, Direction::Outbound, WindowLength::Hour).running.bytes.count, Bytes{9});
  EXPECT_EQ(accountant.view(kServer, Direction::Outbound, WindowLength::Hour).last_whole.bytes.count, Bytes{0});
  accountant.take_late(given, true);
  EXPECT_EQ(by_minute(given), (std::map<WallTime, std::uint64_t>{{kHour, 500}, {kHour + hours{30}, 9}}));
}

TEST(Accountant, TheListOfLatePartsIsBoundedAndSaysWhatItLost) {
  Accountant accountant(1);
  const WallTime now = kHour + hours{1};
  accountant.add(kServer, Direction::Outbound, SamplingRate{}, Packets{1}, Bytes{1}, now);
  for (std::size_t i = 0; i < Accountant::kMaxLate + 10; ++i) {
    accountant.add(kServer, Direction::Outbound, SamplingRate{}, Packets{1}, Bytes{1}, now - minutes{20});
  }
  EXPECT_EQ(accountant.lost_to_history(), 10U);
  const auto hour = accountant.view(kServer, Direction::Outbound, WindowLength::Hour);
  EXPECT_EQ(bytes_of(hour.running) + bytes_of(hour.last_whole), Accountant::kMaxLate + 11);
}

TEST(Accountant, MeasuredTrafficFillsWindowsAndStaysOutOfTheFlowHistory) {
  Accountant accountant(1);
  std::vector<MinuteTraffic> given;
  accountant.add_measured(kServer, Direction::Outbound, Packets{600}, Bytes{60'000}, kHour + minutes{1}, minutes{1});
  EXPECT_EQ(accountant.view(kServer, Direction::Outbound, WindowLength::Hour).running.bytes.count, Bytes{60'000});
  EXPECT_EQ(accountant.view(kServer, Direction::Outbound, WindowLength::Hour).running.relative_error(), 0);
  accountant.take_minutes(0, 1, kHour + minutes{9}, nobody, given);
  accountant.take_late(given, true);
  EXPECT_TRUE(given.empty());
}

TEST(Accountant, LatePartsFollowTheirServerIntoANewOrder) {
  Accountant accountant(3);
  std::vector<MinuteTraffic> given;
  const WallTime now = kHour + hours{1};
  for (std::uint32_t i = 0; i < 3; ++i) {
    accountant.add({i}, Direction::Outbound, SamplingRate{}, Packets{1}, Bytes{i + 1}, now);
    accountant.add({i}, Direction::Outbound, SamplingRate{}, Packets{1}, Bytes{10 * (i + 1)}, now - minutes{30});
  }
  accountant.reorder({2, Accountant::kUnknown, 0}, Column<Accountant::Row>(3));
  accountant.take_late(given, true);
  std::map<std::uint32_t, std::uint64_t> sums;
  for (const MinuteTraffic& part : given) {
    sums[part.server.value] += bytes_of(part.traffic[0]);
  }
  EXPECT_EQ(sums, (std::map<std::uint32_t, std::uint64_t>{{0, 33}, {2, 11}}));
}

}  // namespace
}  // namespace pinfold::detect::testing
