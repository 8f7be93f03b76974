/// What a server's own past says: baselines are learned, kept and read back, and a burst is told by them. Peer-to-peer traffic is a finding only
/// where it is forbidden.
#include <gtest/gtest.h>

#include "detect/rules/burst.hpp"
#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

constexpr Micros kTenMinutes = std::chrono::minutes{10};
constexpr inventory::ServerIndex kFirst{0};
constexpr inventory::ServiceLevel kLevel{1};

WindowOfPast at_rate(Bps rate, int window, std::uint64_t targets = 5) { return {kStart + kTenMinutes * window, rate, targets, 2}; }

Baselines after_hours(int hours, Bps rate) {
  Baselines baselines(2);
  for (int window = 0; window < hours * 6; ++window) {
    baselines.learn(kFirst, kLevel, at_rate(rate, window));
  }
  return baselines;
}

TEST(Baselines, AServerIsJudgedByItsOwnPastOnlyWhenThatIsLongEnough) {
  const Baselines young = after_hours(47, Bps{10'000'000});
  EXPECT_FALSE(young.rate(kFirst, {3}, kStart, 48));
  const Baselines grown = after_hours(48, Bps{10'000'000});
  const auto usual = grown.rate(kFirst, kLevel, kStart, 48);
  ASSERT_TRUE(usual);
  EXPECT_TRUE(usual->is_own);
  EXPECT_NEAR(static_cast<double>(usual->rate.value), 1e7, 1e6);  // steps of nine per cent
  EXPECT_EQ(grown.targets(kFirst), 5U);
  EXPECT_EQ(grown.mail_servers(kFirst), 2U);
}

TEST(Baselines, ANewServerIsComparedWithItsServiceLevel) {
  const Baselines baselines = after_hours(48, Bps{10'000'000});
  const auto usual = baselines.rate({1}, kLevel, kStart, 48);
  ASSERT_TRUE(usual);
  EXPECT_FALSE(usual->is_own);
  EXPECT_FALSE(baselines.rate({1}, {2}, kStart, 48));  // nobody of that level has a past
  EXPECT_FALSE(baselines.targets({1}));
}

TEST(Baselines, OneWildWindowMovesThemLittle) {
  Baselines baselines = after_hours(7 * 24, Bps{10'000'000});
  baselines.learn(kFirst, kLevel, at_rate(Bps{1'000'000'000}, 7 * 24 * 6));
  EXPECT_LT(baselines.rate(kFirst, kLevel, kStart, 48)->rate.value, 13'000'000U);
}

TEST(Baselines, AreTheSameAfterBeingSavedAndRestored) {
  const Baselines baselines = after_hours(100, Bps{10'000'000});
  Baselines fresh(2);
  const std::string saved = baselines.save(kFirst).value();
  ASSERT_LT(saved.size(), Baselines::kMaxSaved);
  ASSERT_TRUE(fresh.restore({1}, saved));
  EXPECT_EQ(fresh.save({1}), saved);
  EXPECT_EQ(fresh.rate({1}, {3}, kStart, 48)->rate, baselines.rate(kFirst, kLevel, kStart, 48)->rate);
  ASSERT_TRUE(fresh.restore_level(kLevel, baselines.save_level(kLevel).value()));
  EXPECT_EQ(fresh.save_level(kLevel), baselines.save_level(kLevel));
  EXPECT_FALSE(baselines.save({1}));
  EXPECT_FALSE(baselines.save_level({2}));
}

TEST(Baselines, DamagedOnesAreRefusedWhole) {
  Baselines baselines(1);
  const std::string saved = after_hours(1, Bps{1'000'000}).save(kFirst).value();
  for (const std::string& bad : {std::string{}, saved.substr(1), saved + "x", "\x02" + saved.substr(1), saved.substr(0, saved.size() - 1) + "\x09"}) {
    EXPECT_FALSE(baselines.restore(kFirst, bad));
    EXPECT_FALSE(baselines.restore_level(kLevel, bad));
  }
  EXPECT_FALSE(baselines.restore_level({6}, saved));
  EXPECT_FALSE(baselines.save(kFirst));
}

TEST(Burst, IsAboveTheFloorAndManyTimesTheUsual) {
  struct Row {
    const char* name;
    std::uint64_t mbps;
    std::optional<Baselines::UsualRate> usual;
    bool is_burst;
  };
  const Baselines::UsualRate ten{Bps{10'000'000}, true};
  for (const Row& row : {Row{"ten times its usual rate", 100, ten, true}, Row{"below the floor", 99, ten, false},
                         Row{"seven times", 140, Baselines::UsualRate{Bps{20'000'000}, true}, false}, Row{"nothing known", 9000, std::nullopt, false},
                         Row{"its service level's", 100, Baselines::UsualRate{Bps{10'000'000}, false}, true}}) {
    const auto burst = judge_burst(at_rate(Bps{row.mbps * 1'000'000}, 0), SamplingRate{1000}, 40'000, row.usual, {});
    ASSERT_EQ(burst.has_value(), row.is_burst) << row.name;
    if (burst) {
      EXPECT_EQ(burst->severity, abuse::Severity::Info) << row.name;  // no abuse by itself
      EXPECT_LT(burst->confidence.percent, 60) << row.name;
      EXPECT_EQ(burst->summary.find("service level") != std::string::npos, !row.usual->is_own) << burst->summary;
    }
  }
}

/// Two days at 2 Mbit/s, then ten minutes at 200: told once the window is whole; a day of 300 Mbit/s and it has become usual.
TEST(Burst, ComesOutOfThePipelineWhenTheWindowIsOver) {
  Watch watch;
  const auto minute_at = [&watch](std::uint64_t mbps) {
    const WallTime at = watch.now + seconds(60);
    flow::FlowRecord record = tcp({ip("192.0.2.1"), 443}, {target(1), 50'000}, kData, at, mbps * 7500, mbps * 7'500'000);
    record.first = ExporterTime{(at - seconds(60)).since_epoch};
    watch.add(record);
    flow::FlowRecord back = tcp({target(1), 50'000}, {ip("192.0.2.1"), 443}, flow::kAck, at, mbps * 3000, mbps * 3000 * 52);
    back.first = record.first;
    watch.add(back);
    watch.look();
  };
  for (int minute = 0; minute < 50 * 60; ++minute) {
    minute_at(2);
  }
  ASSERT_TRUE(watch.given.empty()) << watch.given[0].summary;
  for (int minute = 0; minute < 35; ++minute) {
    minute_at(200);
  }
  ASSERT_FALSE(watch.given.empty());
  EXPECT_EQ(watch.given[0].abuse_class, abuse::AbuseClass::BandwidthBurst);
  EXPECT_EQ(watch.given[0].severity, abuse::Severity::Info);
  EXPECT_NE(watch.given[0].summary.find("its usual rate"), std::string::npos) << watch.given[0].summary;
}

std::vector<abuse::Finding> swarm(std::uint32_t peers, bool is_forbidden, bool on_one_port, std::uint32_t answered_of_ten) {
  Thresholds thresholds;
  thresholds.file_sharing.is_forbidden = is_forbidden;
  Watch watch({{"border", 0}}, small_network(), thresholds);
  for (std::uint32_t i = 0; i < peers; ++i) {
    const WallTime at = watch.now + seconds(0.8);
    const End from{ip("192.0.2.1"), 51'413};
    const End to{target(i * 251), on_one_port ? std::uint16_t{6881} : static_cast<std::uint16_t>(2000 + i * 37)};
    watch.add(udp(from, to, at, 1, 130));
    if (i % 10 < answered_of_ten) {
      watch.add(udp(to, from, at, 1, 300));
    }
    watch.look();
  }
  return watch.findings();
}

TEST(FileSharing, IsFoundWhereTheTermsForbidIt) {
  const auto findings = swarm(100, true, false, 5);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].abuse_class, abuse::AbuseClass::FileSharing);
  EXPECT_EQ(findings[0].severity, abuse::Severity::Low);
  EXPECT_NE(findings[0].floor.find("fewer than 80 peers"), std::string::npos) << findings[0].floor;
}

TEST(FileSharing, IsNoneWhereItIsAllowedOrIsSomethingElse) {
  EXPECT_TRUE(swarm(100, false, false, 5).empty());                  // allowed
  EXPECT_TRUE(swarm(60, true, false, 5).empty());                    // few peers
  for (const abuse::Finding& finding : swarm(100, true, true, 5)) {  // one service, many hosts
    EXPECT_NE(finding.abuse_class, abuse::AbuseClass::FileSharing) << finding.summary;
  }
}

}  // namespace
}  // namespace pinfold::detect::testing
