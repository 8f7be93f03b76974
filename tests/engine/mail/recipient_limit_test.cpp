// Letters to one mailbox within an hour, over a real store.
#include "engine/mail/recipient_limit.hpp"

#include <gtest/gtest.h>

#include "store/store.hpp"
#include "support/sample_desk.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::engine {
namespace {

using test::kNoon;

TEST(RecipientLimit, HoldsTheNextLetterUntilTheOldestIsAnHourOld) {
  const test::TempFolder folder;
  const auto store = store::open_sqlite(folder.path() / "pinfold.sqlite");
  store->transact([&](records::Transaction& tx) {
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(hold_until(tx, "Owner@customer.example", 3, kNoon + Seconds{i}));
      count_letter(tx, "owner@Customer.example", kNoon + Seconds{i});
    }
  });
  store->transact([&](records::Transaction& tx) {
    EXPECT_EQ(hold_until(tx, "owner@customer.example", 3, kNoon + Seconds{10}), kNoon + Seconds{3600});
    EXPECT_FALSE(hold_until(tx, "owner@customer.example", 3, kNoon + Seconds{3600})) << "the first is an hour old";
    EXPECT_FALSE(hold_until(tx, "other@customer.example", 3, kNoon + Seconds{10}));
    EXPECT_FALSE(hold_until(tx, "owner@customer.example", 0, kNoon + Seconds{10})) << "no limit";
  });
}

}  // namespace
}  // namespace pinfold::engine
