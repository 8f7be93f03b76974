// Who judges which servers: shares are fair, a lease ends, and the epoch fences whoever lost it.
#include "store/store_factory.hpp"

namespace pinfold::store {
namespace {

using records::ShardLease;
using records::Transaction;

class Shards : public StoreTest {
protected:
  std::vector<ShardLease> hold(const std::string& owner, WallTime now, unsigned shards = 8, const std::string& gone = "") {
    std::vector<ShardLease> ours;
    transact([&](Transaction& tx) { ours = tx.shards().hold(owner, shards, now, [&](const std::string& name) { return name == gone; }); });
    return ours;
  }
  bool is_held(const ShardLease& lease, const std::string& owner) {
    return read([&](Transaction& tx) { return tx.shards().is_held(lease, owner); });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, Shards, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

TEST_P(Shards, AllBelongToTheOnlyDetector) {
  const auto ours = hold("a", at(0));
  ASSERT_EQ(ours.size(), 8U);
  for (unsigned i = 0; i < 8; ++i) {
    EXPECT_EQ(ours[i], (ShardLease{i, 1}));
    EXPECT_TRUE(is_held(ours[i], "a"));
  }
  EXPECT_EQ(hold("a", at(5)), ours) << "renewing changes no epoch";
  EXPECT_EQ(read([](Transaction& tx) { return tx.shards().count_held(at(5)); }), 8U);
}

TEST_P(Shards, AreSharedWithASecondDetector) {
  (void)hold("a", at(0));
  EXPECT_TRUE(hold("b", at(1)).empty()) << "the first has not let go yet";
  EXPECT_EQ(hold("a", at(2)).size(), 4U);
  const auto theirs = hold("b", at(3));
  ASSERT_EQ(theirs.size(), 4U);
  for (const ShardLease& lease : theirs) {
    EXPECT_EQ(lease.epoch, 2U);
    EXPECT_TRUE(is_held(lease, "b"));
    EXPECT_FALSE(is_held({lease.shard, 1}, "a")) << "fenced";
  }
}

TEST_P(Shards, OfADetectorThatFellSilentAreTakenOverAfterItsLease) {
  (void)hold("a", at(0));
  EXPECT_TRUE(hold("b", at(9)).empty());
  const auto taken = hold("b", at(0) + records::kShardHolds);
  EXPECT_EQ(taken.size(), 8U);
  EXPECT_FALSE(is_held({0, 1}, "a")) << "should it wake up now, its findings are refused";
}

TEST_P(Shards, OfADetectorThatIsKnownToBeGoneAreTakenOverAtOnce) {
  (void)hold("a", at(0));
  EXPECT_EQ(hold("b", at(1), 8, "a").size(), 8U);
}

TEST_P(Shards, ThatWereReleasedAreFreeAtOnce) {
  (void)hold("a", at(0));
  transact([](Transaction& tx) { tx.shards().release("a"); });
  EXPECT_EQ(hold("b", at(1)).size(), 8U);
}

TEST_P(Shards, AreHeldByOneAtATimeHoweverManyAsk) {
  std::map<unsigned, std::string> held;
  for (int round = 0; round < 6; ++round) {
    held.clear();
    for (const std::string owner : {"a", "b", "c"}) {
      for (const ShardLease& lease : hold(owner, at(round))) {
        EXPECT_TRUE(is_held(lease, owner));
        held[lease.shard] = owner;
      }
    }
  }
  EXPECT_EQ(held.size(), 8U) << "nothing is left to nobody";
}

}  // namespace
}  // namespace pinfold::store
