// What was learned as usual, in every kind of store.
#include "store/store_factory.hpp"

namespace pinfold::store {
namespace {

using records::BaselineOf;
using records::BaselineRow;
using records::Transaction;

class BaselineRows : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Stores, BaselineRows, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

TEST_P(BaselineRows, AreReplacedListedAndForgottenByAge) {
  const BaselineRow level{BaselineOf::ServiceLevel, "1", {7}, at(10)};
  const BaselineRow old{BaselineOf::Server, "b", {1, 2, 3}, at(10)};
  const BaselineRow fresh{BaselineOf::Server, "b", {0, 255}, at(90)};
  const BaselineRow other{BaselineOf::Server, "1", {9}, at(20)};  // a server called like a level
  transact([&](Transaction& tx) { tx.baselines().keep(std::vector{level, old, other}); });
  transact([&](Transaction& tx) { tx.baselines().keep(std::vector{fresh}); });
  reopen();
  EXPECT_EQ(read([](Transaction& tx) { return tx.baselines().list(); }), (std::vector{other, fresh, level}));
  transact([](Transaction& tx) { tx.baselines().forget_before(at(20)); });
  EXPECT_EQ(read([](Transaction& tx) { return tx.baselines().list(); }), (std::vector{other, fresh}));
}

TEST_P(BaselineRows, ADamagedOneIsEmpty) {
  transact([](Transaction& tx) { tx.baselines().keep(std::vector{BaselineRow{BaselineOf::Server, "a", {1}, at(1)}}); });
  x_fixture->sql("UPDATE baselines SET learned = 'zz'");
  EXPECT_TRUE(read([](Transaction& tx) { return tx.baselines().list(); }).at(0).learned.empty());
}

}  // namespace
}  // namespace pinfold::store
