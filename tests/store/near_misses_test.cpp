// What came near a detection threshold, in every kind of store.
#include "store/store_factory.hpp"

namespace pinfold::store {
namespace {

using records::NearMissRow;
using records::Transaction;

class NearMissRows : public StoreTest {
protected:
  static NearMissRow row(const char* server, int minute, std::uint64_t value, bool did_pass = false) {
    return {ServerId{server}, "port_scan.min_targets_per_minute", at(60 * minute), value, 100, did_pass, 1};
  }
  void add(const std::vector<NearMissRow>& rows) {
    transact([&](Transaction& tx) { tx.near_misses().add(rows); });
  }
  std::vector<NearMissRow> since(WallTime from) {
    return read([from](Transaction& tx) { return tx.near_misses().since(from); });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, NearMissRows, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

TEST_P(NearMissRows, TheHighestOfAMinuteStaysAndOldOnesAreForgotten) {
  add({row("a", 1, 60), row("b", 2, 130, true)});
  add({row("a", 1, 80), row("a", 1, 70)});
  reopen();
  const auto rows = since(at(0));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].value, 80U);
  EXPECT_EQ(rows[1].server, ServerId{"b"});
  EXPECT_TRUE(rows[1].did_pass);
  EXPECT_EQ(rows[1].threshold, 100U);
  EXPECT_EQ(since(at(120)).size(), 1U);
  transact([](Transaction& tx) { tx.near_misses().forget_before(at(120)); });
  EXPECT_EQ(since(at(0)).size(), 1U);
}

}  // namespace
}  // namespace pinfold::store
