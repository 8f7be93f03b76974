#include "base/fetch_line.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace pinfold {
namespace {

TEST(FetchAhead, AsksForEachItemTwiceAndInTimeBeforeItIsUsed) {
  constexpr std::size_t kEarly = 5;
  constexpr std::size_t kSoon = 2;
  for (std::size_t count = 0; count < 3 * kEarly; ++count) {
    std::vector<std::size_t> items(count);
    std::iota(items.begin(), items.end(), 0U);
    std::size_t early = 0;  // how many were asked for
    std::size_t soon = 0;
    std::size_t used = 0;
    fetch_ahead<kEarly, kSoon>(
        std::span<const std::size_t>{items}, [&](std::size_t item) { EXPECT_EQ(item, early++); },
        [&](std::size_t item) {
          EXPECT_EQ(item, soon++);
          EXPECT_LT(item, early) << "what it looks at was not asked for";
        },
        [&](std::size_t item) {
          EXPECT_EQ(item, used++);
          EXPECT_EQ(soon, std::min(item + kSoon + 1, count));
          EXPECT_EQ(early, std::min(item + kEarly + 1, count));
        });
    EXPECT_EQ(early, count);
    EXPECT_EQ(soon, count);
    EXPECT_EQ(used, count);
  }
}

}  // namespace
}  // namespace pinfold
