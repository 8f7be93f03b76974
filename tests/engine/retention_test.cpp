// What the desk forgets, when, and what it never forgets.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/desk_metrics.hpp"
#include "engine/retention.hpp"
#include "store/evidence_files.hpp"
#include "store/store.hpp"
#include "store/store_factory.hpp"

namespace pinfold::engine {
namespace {

using records::Transaction;
using store::add_case;
using store::at;
constexpr Micros kDay = std::chrono::days{1};

class RetentionRule : public testing::Test {
protected:
  void age(const std::string& sha256, Micros by) {
    const auto file = folder.path() / "evidence" / sha256.substr(0, 2) / sha256;
    std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) - by);
  }
  Forgotten forget_at(WallTime when, Forget how = Forget::Really) { return forget(*store, evidence, keep, when, how); }
  std::size_t acts() {
    std::size_t count = 0;
    store->read([&](Transaction& tx) { count = tx.access().acts("retention", INT64_MAX, 10).size(); });
    return count;
  }

  store::TemporaryFolder folder;
  std::unique_ptr<records::Store> store = store::open_sqlite(folder.path() / "pinfold.db");
  store::FileEvidenceStore evidence{folder.path() / "evidence"};
  config::Retention keep;
  WallTime now = system_clock().wall();
};

TEST_F(RetentionRule, EvidenceGoesOnlyWhenNothingNamesItAndItHasLainLong) {
  const std::string named = evidence.put("named by a mail");
  const std::string unnamed = evidence.put("named by nothing");
  const std::string fresh = evidence.put("named by nothing yet");
  age(named, 400 * kDay);
  age(unnamed, 31 * kDay);
  store->transact([&](Transaction& tx) {
    tx.inbox().add({.id = 0, .kind = "mail", .dedup_key = "k", .payload = "{\"raw\":\"" + named + "\"}", .received = now - 400 * kDay});
  });
  EXPECT_EQ(forget_at(now, Forget::Trial).evidence.pieces, 1U);
  EXPECT_TRUE(evidence.get(unnamed)) << "a trial takes nothing";
  EXPECT_EQ(forget_at(now).evidence.pieces, 1U);
  EXPECT_FALSE(evidence.get(unnamed));
  EXPECT_TRUE(evidence.get(named));
  EXPECT_TRUE(evidence.get(fresh));
}

TEST_F(RetentionRule, EvidenceThatIsPutAgainIsYoungAgain) {
  const std::string again = evidence.put("seen twice");
  age(again, 400 * kDay);
  EXPECT_EQ(evidence.put("seen twice"), again);
  EXPECT_EQ(forget_at(now).evidence.pieces, 0U);
  EXPECT_TRUE(evidence.get(again));
}

TEST_F(RetentionRule, MoreThanABatchIsErasedInOneNight) {
  store->transact([&](Transaction& tx) {
    for (int i = 0; i < 250; ++i) {
      add_case(tx, {.server = "s" + std::to_string(i)}, 1, at(0), desk::State::Closed);
    }
  });
  keep.closed_cases = 30 * kDay;
  EXPECT_EQ(forget_at(at(0) + 29 * kDay).cases, 0U);
  EXPECT_EQ(forget_at(at(0) + 31 * kDay).cases, 250U);
}

TEST_F(RetentionRule, KeepEverythingKeepsEverything) {
  store->transact([&](Transaction& tx) { add_case(tx, {}, 1, at(0), desk::State::Closed); });
  keep.keep_everything = true;
  EXPECT_EQ(forget_at(at(0) + 9000 * kDay).all(), 0U);
}

TEST_F(RetentionRule, OnceANightAndOnRecord) {
  const WallTime midnight{Micros{(at(0).since_epoch / kDay) * kDay}};
  store->transact([&](Transaction& tx) { add_case(tx, {}, 1, midnight - 4000 * kDay, desk::State::Closed); });
  ManualClock clock(midnight + std::chrono::hours{2});
  RetentionWorker worker(*store, evidence, keep, clock);
  worker.look();
  EXPECT_EQ(acts(), 1U) << "a desk that was down last night does it when it comes up";
  store->transact([&](Transaction& tx) { add_case(tx, {.server = "other"}, 1, midnight - 4000 * kDay, desk::State::Closed); });
  worker.look();
  EXPECT_EQ(acts(), 1U) << "not twice a night";
  clock.advance(std::chrono::hours{1});
  worker.look();
  EXPECT_EQ(acts(), 2U) << "the next night begins at three";
  RetentionWorker other_desk(*store, evidence, keep, clock);
  other_desk.look();
  EXPECT_EQ(acts(), 2U);
}

TEST(DeskMetrics, CountAtMostEveryTenSeconds) {
  const store::TemporaryFolder folder;
  const auto store = store::open_sqlite(folder.path() / "pinfold.db");
  ManualClock clock(at(60));
  DeskMetrics metrics(*store, clock);
  const auto value_of = [&](std::string_view name) {
    std::vector<http::Health::Metric> all;
    metrics.add_to(all);
    double sum = -1;
    for (const auto& metric : all) {
      sum = metric.name == name ? std::max(sum, 0.0) + metric.value : sum;
    }
    return sum;
  };
  EXPECT_EQ(value_of("pinfold_cases_open"), -1) << "no case, no line";
  EXPECT_EQ(value_of("pinfold_breaker_open"), 0);
  store->transact([](Transaction& tx) {
    const CaseId id = add_case(tx, {}, 1, at(0));
    tx.outbox().add({.key = "1/notice", .case_id = id, .kind = "send_notice", .payload = "{}", .not_before = at(0), .note = {}});
  });
  EXPECT_EQ(value_of("pinfold_cases_open"), -1) << "still what was counted before";
  clock.advance(DeskMetrics::kEvery);
  EXPECT_EQ(value_of("pinfold_cases_open"), 1);
  EXPECT_EQ(value_of("pinfold_outbox_jobs_oldest_seconds"), 70);
}

}  // namespace
}  // namespace pinfold::engine
