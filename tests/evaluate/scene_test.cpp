#include <gtest/gtest.h>

#include <set>

#include "evaluate/run/floor.hpp"
#include "evaluate/run/outcome.hpp"

namespace pinfold::evaluate {
namespace {

Scene find(const std::vector<Scene>& scenes, const std::string& part_of_name) {
  for (const Scene& scene : scenes) {
    if (scene.name.find(part_of_name) != std::string::npos) {
      return scene;
    }
  }
  ADD_FAILURE() << "no scene is called like " << part_of_name;
  return {};
}

TEST(Scene, IsTheSameEveryTimeItIsPlayed) {
  const Scene scene = find(attack_scenes(Half::Test, 1), "spam bot, 5 ");
  const PlayedScene once = play(scene);
  const PlayedScene again = play(scene);
  ASSERT_EQ(once.records.size(), again.records.size());
  EXPECT_EQ(once.attack_packets, again.attack_packets);
  for (std::size_t i = 0; i < once.records.size(); ++i) {
    ASSERT_EQ(once.records[i].received, again.records[i].received);
    ASSERT_EQ(once.records[i].record.dst, again.records[i].record.dst);
  }
}

TEST(Scene, HalvesDifferInMoreThanSeeds) {
  std::set<double> freeze;
  std::set<double> test;
  for (const Scene& scene : attack_scenes(Half::Freeze, 1)) {
    freeze.insert(scene.rate);
  }
  for (const Scene& scene : attack_scenes(Half::Test, 1)) {
    test.insert(scene.rate);
  }
  EXPECT_NE(freeze, test);
}

TEST(Scene, EveryRecordIsToOrFromTheServerAndInOrderOfReceipt) {
  const std::vector<Scene> days = innocent_days(Half::Test, 1);
  for (const char* role : {"test: crawler, 1:1,", "test: BitTorrent, 1:100,", "test: SYN flood victim, 1:1000,"}) {
    const PlayedScene played = play(find(days, role));
    EXPECT_FALSE(played.records.empty()) << role;
    WallTime before;
    for (const ReceivedRecord& one : played.records) {
      ASSERT_TRUE(one.record.src == scene_server() || one.record.dst == scene_server());
      ASSERT_GE(one.received, before);
      ASSERT_GE(one.received, one.record.last->claimed());
      before = one.received;
    }
  }
}

TEST(Scene, EveryAttackSendsAboutWhatItsRateSays) {
  for (const Scene& scene : attack_scenes(Half::Test, 1)) {
    if (scene.exports.one_in == 4096 && scene.attack_seconds == scene.attack->durations[0] && scene.rate == scene.attack->rates[1]) {
      const PlayedScene played = play(scene);
      EXPECT_GT(static_cast<double>(played.attack_packets), 0.6 * scene.rate * scene.attack_seconds) << scene.name;
    }
  }
}

TEST(Scene, ThereAreSixThousandServerDaysOfInnocents) {
  double days = 0;
  for (const Scene& scene : innocent_days(Half::Test, 52)) {
    days += static_cast<double>(scene.length.count()) / 86'400e6;
  }
  EXPECT_GE(days, 6000);
}

TEST(Evaluation, FindsAFastScanAndLeavesAnOrdinaryDayAlone) {
  const Scene scan = find(attack_scenes(Half::Test, 1), "SYN scan of one port, 200 targets/s, 60 s, 1:1,");
  const Verdict verdict = judge(scan, run_scene(scan));
  EXPECT_TRUE(verdict.is_found);
  EXPECT_TRUE(verdict.is_kind_right);
  EXPECT_LT(verdict.seconds_to_detect, 120);
  EXPECT_TRUE(verdict.false_ones.empty());
  const Scene day = find(innocent_days(Half::Test, 1), "test: ordinary, 1:1,");
  EXPECT_TRUE(judge(day, run_scene(day)).false_ones.empty());
}

TEST(Verdict, CountsAWrongClassAndAnEarlyAccusationAsFalse) {
  const Scene scan = find(attack_scenes(Half::Test, 1), "SYN scan of one port, 200 targets/s, 60 s, 1:1,");
  Outcome outcome;
  outcome.found.push_back({abuse::AbuseClass::Spam, "", true, 10, "wrong class"});
  EXPECT_EQ(judge(scan, outcome).false_ones.size(), 1U);
  EXPECT_FALSE(judge(scan, outcome).is_found);
  outcome.found = {{abuse::AbuseClass::PortScan, "horizontal", true, -5, "before the attack"}};
  EXPECT_EQ(judge(scan, outcome).false_ones.size(), 1U);
  EXPECT_FALSE(judge(scan, outcome).is_found);
  outcome.found = {{abuse::AbuseClass::PortScan, "horizontal", false, 10, "information"}};
  EXPECT_FALSE(judge(scan, outcome).is_found);
  EXPECT_TRUE(judge(scan, outcome).is_informed);
  outcome.found = {{abuse::AbuseClass::PortScan, "vertical", true, 10, "another kind"}};
  EXPECT_TRUE(judge(scan, outcome).is_found);
  EXPECT_FALSE(judge(scan, outcome).is_kind_right);
}

TEST(Floor, OfSamplingIsElevenPointSixPacketsTimesTheRate) {
  const Scene scene = find(attack_scenes(Half::Test, 1), "SYN scan of one port, 200 targets/s, 60 s, 1:1000,");
  EXPECT_NEAR(sampling_floor_seconds(scene, 6000), 116, 0.1);  // 100 a second for 60 s
  EXPECT_FALSE(is_above_sampling_floor(scene, 6000));
  EXPECT_TRUE(is_above_sampling_floor(scene, 12'000));
}

TEST(Floor, StatedFallsWithTheThresholdAndRisesWithTheSampling) {
  const std::vector<Scene> scenes = attack_scenes(Half::Test, 1);
  const Scene slow = find(scenes, "UDP flood, 1000 packets/s, 20 s, 1:1,");
  detect::Thresholds thresholds;
  thresholds.flood.min_udp_pps = 5000;
  EXPECT_FALSE(is_above_stated_floor(slow, 20'000, thresholds));
  thresholds.flood.min_udp_pps = 900;
  EXPECT_TRUE(is_above_stated_floor(slow, 20'000, thresholds));
  EXPECT_FALSE(is_above_stated_floor(find(scenes, "UDP flood, 1000 packets/s, 20 s, 1:1000,"), 20'000, thresholds));
}

}  // namespace
}  // namespace pinfold::evaluate
