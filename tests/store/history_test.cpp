/// The traffic history in a file of its own: what goes in comes out, at every resolution, after restarts, roll-up and pruning.
#include "store/history_file.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>

#include "records/store.hpp"
#include "store/history_codec.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::store {
namespace {

using records::Month;
using records::Point;
using records::Resolution;
using records::Slot;
using records::TrafficSample;
using records::TrafficSource;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

const ServerId kServer{"srv-1"};
const WallTime kStart = *parse_wall_time("2026-09-10T00:00:00Z");

Slot slot(std::uint64_t out, std::uint64_t in, std::uint32_t seconds = 60) {
  return {seconds, {Bytes{out}, Packets{out / 100}, Flows{1}}, {Bytes{in}, Packets{in / 100}, Flows{2}}};
}
TrafficSample sample(WallTime minute, Slot traffic, TrafficSource source = TrafficSource::Flows, const ServerId& server = kServer) {
  return {server, source, minute, traffic};
}

class HistoryTest : public ::testing::Test {
protected:
  void reopen() { history = open_history(file()); }
  [[nodiscard]] std::filesystem::path file() const { return folder.path() / "history.sqlite"; }
  void maintain(WallTime now) const {
    while (history->maintain(now)) {
    }
  }
  [[nodiscard]] std::vector<Point> read(WallTime from, WallTime to, Resolution resolution = Resolution::Minute) const {
    return history->series(kServer, from, to, resolution);
  }
  [[nodiscard]] Slot total() const {
    Slot sum;
    for (const Point& point : read(kStart - days{800}, kStart + days{800})) {
      sum += point.slot;
    }
    return sum;
  }

  test::TempFolder folder;
  std::unique_ptr<records::History> history = open_history(file());
  std::uint64_t kept = 0;
};

TEST_F(HistoryTest, WhatWasAppendedIsReadAtOnceAndStaysTheSameWhenItIsPacked) {
  for (int minute = 0; minute < 130; ++minute) {
    history->append({sample(kStart + minutes{minute}, slot(6000, 60))});
  }
  const auto before = read(kStart, kStart + hours{3});
  ASSERT_EQ(before.size(), 130U);
  EXPECT_EQ(before[7].start, kStart + minutes{7});
  EXPECT_EQ(before[7].rate_out(), Bps{800});
  EXPECT_EQ(before[7].rate_in(), Bps{8});
  EXPECT_TRUE(before[7].is_estimate());
  maintain(kStart + hours{4});
  const auto after = read(kStart, kStart + hours{3});
  ASSERT_EQ(after.size(), 130U);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].slot, after[i].slot);
  }
}

TEST_F(HistoryTest, ARestartContinues) {
  history->append({sample(kStart, slot(100, 1))});
  reopen();
  history->append({sample(kStart + minutes{1}, slot(200, 2)), sample(kStart, slot(1, 1), TrafficSource::Flows, ServerId{"other"})});
  reopen();
  maintain(kStart + hours{2});
  reopen();
  history->append({sample(kStart + minutes{2}, slot(300, 3))});
  EXPECT_EQ(total().out.bytes, Bytes{600});
  EXPECT_EQ(history->series(ServerId{"other"}, kStart, kStart + hours{1}, Resolution::Minute).size(), 1U);
  EXPECT_TRUE(history->series(ServerId{"unknown"}, kStart, kStart + hours{1}, Resolution::Minute).empty());
}

/// A process that is killed after each append it was told of: all of them are there.
TEST_F(HistoryTest, AKillLosesNothingThatWasAppended) {
  for (int round = 0; round < 5; ++round) {
    history.reset();
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto own = open_history(file());
      for (int i = 0;; ++i) {
        own->append({sample(kStart + minutes{i}, slot(1, 0))});
        (void)own->maintain(kStart + minutes{i});
        if (::write(pipe[1], "x", 1) != 1) {
          ::_exit(1);
        }
      }
    }
    ::close(pipe[1]);
    std::uint64_t told = 0;
    std::array<char, 64> some{};
    while (told < 100) {
      const ssize_t got = ::read(pipe[0], some.data(), some.size());
      ASSERT_GT(got, 0);
      told += static_cast<std::uint64_t>(got);
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (ssize_t got = 1; got > 0;) {
      got = ::read(pipe[0], some.data(), some.size());
      told += static_cast<std::uint64_t>(std::max<ssize_t>(got, 0));
    }
    ::close(pipe[0]);
    const std::uint64_t before = kept;
    reopen();
    kept = total().out.bytes.value;
    EXPECT_GE(kept, before + told);
    EXPECT_LE(kept, before + told + 1);  // the one that was not told yet
  }
}

TEST_F(HistoryTest, TwoProgramsMayHaveItOpen) {
  const auto reader = open_history(file());
  history->append({sample(kStart, slot(100, 1))});
  EXPECT_EQ(reader->series(kServer, kStart, kStart + hours{1}, Resolution::Minute).size(), 1U);
}

TEST_F(HistoryTest, GapsAreGapsAndZeroesAreZeroes) {
  history->append({sample(kStart, slot(600, 0)), sample(kStart + minutes{1}, slot(0, 0)), sample(kStart + minutes{3}, slot(600, 0))});
  for (const bool packed : {false, true}) {
    const auto points = read(kStart, kStart + hours{1});
    ASSERT_EQ(points.size(), 3U) << packed;
    EXPECT_EQ(points[1].start, kStart + minutes{1});
    EXPECT_EQ(points[1].rate_out(), Bps{0});
    EXPECT_EQ(points[2].start, kStart + minutes{3});
    maintain(kStart + hours{2});
  }
  // Three observed minutes of five: the rate is over what was observed.
  const auto fives = read(kStart, kStart + hours{1}, Resolution::FiveMinutes);
  ASSERT_EQ(fives.size(), 1U);
  EXPECT_EQ(fives[0].slot.seconds, 180U);
  EXPECT_EQ(fives[0].rate_out().value, 1200U * 8U / 180U);
}

TEST_F(HistoryTest, LatePartsAddUpEvenToAnHourThatWasRolledUp) {
  history->append({sample(kStart, slot(600, 0))});
  maintain(kStart + hours{2});
  history->append({sample(kStart, slot(60, 0, 0)), sample(kStart + minutes{1}, slot(30, 0, 0))});
  EXPECT_EQ(read(kStart, kStart + hours{1})[0].slot.out.bytes, Bytes{660});
  EXPECT_EQ(read(kStart, kStart + hours{1})[0].slot.seconds, 60U);
  EXPECT_EQ(read(kStart, kStart + hours{1})[1].slot.seconds, 60U);  // nothing else is known of it: a whole minute
  maintain(kStart + days{3});
  history->append({sample(kStart + minutes{2}, slot(10, 0, 0))});
  EXPECT_EQ(total().out.bytes, Bytes{700});
  maintain(kStart + days{3} + hours{1});
  EXPECT_EQ(total().out.bytes, Bytes{700});
  EXPECT_EQ(read(kStart, kStart + hours{1})[0].resolution, Resolution::FiveMinutes);
}

/// Random samples, random maintenance and restarts over forty days: not a byte comes or goes before two years are over.
TEST_F(HistoryTest, RollUpConservesSums) {
  std::mt19937 random(41);
  Slot sum;
  WallTime now = kStart;
  for (int i = 0; i < 600; ++i) {
    now = now + minutes{random() % 200};
    std::vector<TrafficSample> batch;
    for (int j = 0; j < 5; ++j) {
      const bool is_late = random() % 3 == 0;
      const Slot traffic = slot(random() % 100'000'000, random() % 1'000'000, is_late ? 0 : 60);
      batch.push_back(sample(now - minutes{random() % 300}, traffic, TrafficSource::Flows));
      sum += traffic;
    }
    history->append(batch);
    if (random() % 10 == 0) {
      maintain(now);
    }
    if (random() % 100 == 0) {
      reopen();
    }
  }
  const auto check = [&](const char* when) {
    EXPECT_EQ(total().out, sum.out) << when;
    EXPECT_EQ(total().in, sum.in) << when;
  };
  check("fresh");
  maintain(now + hours{1});
  check("packed");
  maintain(now + days{10});
  check("fives");
  maintain(now + days{100});
  check("hours");
  const auto points = read(kStart - days{1}, now + days{1});
  EXPECT_TRUE(std::all_of(points.begin(), points.end(), [](const Point& point) { return point.resolution == Resolution::Hour; }));
  maintain(now + days{900});
  EXPECT_TRUE(total().is_gap());
}

TEST_F(HistoryTest, InterfaceCountersComeBeforeFlows) {
  history->append({sample(kStart, slot(900, 90)), sample(kStart, slot(1000, 100), TrafficSource::Interface),
                   sample(kStart + minutes{1}, slot(800, 80)), sample(kStart + minutes{2}, slot(5, 5, 10), TrafficSource::Interface),
                   sample(kStart + minutes{2}, slot(700, 70)), sample(kStart + minutes{3}, slot(5, 5, 10), TrafficSource::Interface)});
  const auto points = read(kStart, kStart + hours{1});
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[0].slot.out.bytes, Bytes{1000});
  EXPECT_FALSE(points[0].is_estimate());
  EXPECT_EQ(points[1].slot.out.bytes, Bytes{800});
  EXPECT_TRUE(points[1].is_estimate());
  EXPECT_EQ(points[2].slot.out.bytes, Bytes{700});  // ten seconds of counters are not a minute
  EXPECT_FALSE(points[3].is_estimate());            // but better than nothing
}

/// A minute that the wall clock passes twice: the rate stays what it was.
TEST_F(HistoryTest, AClockSetBackBendsNoRate) {
  history->append({sample(kStart, slot(6000, 0), TrafficSource::Interface)});
  history->append({sample(kStart, slot(6000, 0), TrafficSource::Interface)});
  EXPECT_EQ(read(kStart, kStart + hours{1})[0].rate_out(), Bps{800});
  history->append({sample(kStart + days{400}, slot(6000, 0))});  // and a jump forward
  maintain(kStart + days{401});
  maintain(kStart + hours{2});  // and back
  EXPECT_EQ(total().out.bytes, Bytes{18'000});
}

/// The definition, done naively: sort, throw the highest twentieth away, take what is on top.
TEST(Percentile, AgreesWithTheNaiveModel) {
  std::mt19937 random(43);
  for (std::size_t n = 1; n < 700; ++n) {
    std::vector<Bps> rates;
    for (std::size_t i = 0; i < n; ++i) {
      rates.push_back(Bps{random() % 1000});
    }
    std::vector<Bps> sorted = rates;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(records::percentile_95(rates), sorted[n - 1 - n / 20]) << n;
  }
  EXPECT_EQ(records::percentile_95({}), Bps{});
}

TEST(Percentile, TheLargerDirectionIsBilledAndGapsAreNoSamples) {
  const Month month{2026, 9};
  std::vector<Point> points;
  for (int i = 0; i < 100; ++i) {
    Point point{month.begin() + minutes{5 * i}, Resolution::FiveMinutes, TrafficSource::Interface,
                slot(37'500U * static_cast<unsigned>(i), 3'750'000, 300)};
    points.push_back(point);
  }
  points[99].slot.seconds = 100;                                                                                           // less than half observed
  points.push_back({month.begin() - minutes{5}, Resolution::FiveMinutes, TrafficSource::Flows, slot(1U << 30U, 0, 300)});  // August
  const auto percentile = records::percentile_of(points, month, month.begin() + hours{10});
  EXPECT_EQ(percentile.samples, 99U);
  EXPECT_EQ(percentile.expected, 120U);
  EXPECT_EQ(percentile.out, Bps{94'000});
  EXPECT_EQ(percentile.in, Bps{100'000});
  EXPECT_EQ(percentile.billed(), Bps{100'000});
  EXPECT_FALSE(percentile.is_estimate());
}

TEST_F(HistoryTest, AMonthsPercentileAgreesWithANaiveModelAndOutlivesItsSamples) {
  std::mt19937 random(47);
  const Month month{2026, 8};  // 31 days: longer than 5-min slots are kept otherwise
  std::map<std::int64_t, std::uint64_t> fives;
  for (WallTime hour = month.begin(); hour < month.end(); hour = hour + hours{1}) {
    std::vector<TrafficSample> batch;
    for (int minute = 0; minute < 60; ++minute) {
      const std::uint64_t bytes = random() % 10'000'000;
      batch.push_back(sample(hour + minutes{minute}, slot(bytes, 7), TrafficSource::Interface));
      fives[(hour + minutes{minute}).since_epoch / minutes{5}] += bytes;
    }
    history->append(batch);
    maintain(hour + hours{2});
  }
  std::vector<Bps> rates;
  for (const auto& [start, bytes] : fives) {
    rates.push_back(Bytes{bytes} / Micros{minutes{5}});
  }
  std::sort(rates.begin(), rates.end());
  const Bps expected = rates[rates.size() - 1 - rates.size() / 20];
  const auto open = history->percentile(kServer, month, month.end() + hours{3});
  ASSERT_TRUE(open);
  EXPECT_EQ(open->samples, 31U * 288U);
  EXPECT_EQ(open->billed(), expected);
  EXPECT_FALSE(open->is_estimate());
  maintain(month.end() + days{2});
  maintain(month.end() + days{60});
  reopen();
  const auto closed = history->percentile(kServer, month, month.end() + days{60});
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->billed(), expected);
  EXPECT_EQ(closed->total_out.bytes, open->total_out.bytes);
  EXPECT_EQ(history->percentile(kServer, {2026, 7}, month.end()), std::nullopt);
}

TEST_F(HistoryTest, FlowsMakeThePercentileAnEstimate) {
  const Month month = records::month_of(kStart);
  history->append({sample(kStart, slot(100, 1)), sample(kStart + minutes{1}, slot(100, 1)), sample(kStart + minutes{2}, slot(100, 1))});
  const auto percentile = history->percentile(kServer, month, kStart + hours{1});
  ASSERT_TRUE(percentile);
  EXPECT_TRUE(percentile->is_estimate());
  EXPECT_EQ(percentile->from_flows, 1U);
}

TEST_F(HistoryTest, MoreServersThanAPartAreKeptApart) {
  std::vector<TrafficSample> batch;
  for (std::uint64_t i = 0; i < 2500; ++i) {
    batch.push_back(sample(kStart, slot(i + 1, 0), TrafficSource::Flows, ServerId{"s" + std::to_string(i)}));
  }
  history->append(batch);
  for (int i = 0; i < 2; ++i) {
    for (const std::uint64_t n : {0U, 1023U, 1024U, 2499U}) {
      const auto points = history->series(ServerId{"s" + std::to_string(n)}, kStart, kStart + hours{1}, Resolution::Minute);
      ASSERT_EQ(points.size(), 1U);
      EXPECT_EQ(points[0].slot.out.bytes, Bytes{n + 1});
    }
    maintain(kStart + hours{2});
  }
}

TEST(HistoryCodec, EverySlotSurvivesAndDamageIsSaid) {
  std::mt19937_64 random(53);
  HourSlots slots(60);
  for (std::size_t i = 0; i < slots.size(); i += 1 + random() % 3) {
    const auto any = [&] { return random() >> (random() % 64); };
    slots[i] = {static_cast<std::uint32_t>(any()), {Bytes{any()}, Packets{any()}, Flows{any()}}, {Bytes{any()}, Packets{any()}, Flows{any()}}};
  }
  const std::string blob = encode(slots);
  EXPECT_EQ(decode_hour(blob, 60), slots);
  EXPECT_THROW((void)decode_hour(blob, 12), records::StoreError);
  EXPECT_THROW((void)decode_hour("", 60), records::StoreError);
  EXPECT_THROW((void)decode_hour(std::string_view(blob).substr(0, blob.size() - 1), 60), records::StoreError);
  EXPECT_THROW((void)decode_journal(std::string(12, '\xFF')), records::StoreError);
}

TEST(HistoryMonths, AreCalendarMonthsOfUtc) {
  EXPECT_EQ(to_string(records::month_of(*parse_wall_time("2028-02-29T23:59:59Z"))), "2028-02");
  EXPECT_EQ(to_string((Month{2026, 12}.next())), "2027-01");
  EXPECT_EQ((Month{2028, 2}.end() - Month{2028, 2}.begin()), Micros{days{29}});
  EXPECT_EQ(records::parse_month("2026-11"), (Month{2026, 11}));
  for (const char* wrong : {"2026-13", "2026-00", "26-11", "2026-1", "2026/11", "", "2026-11-01"}) {
    EXPECT_EQ(records::parse_month(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace pinfold::store
