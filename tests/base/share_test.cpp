#include "base/share.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace pinfold {
namespace {

TEST(Share, TheDifferencesOfSuccessiveBordersAddUpToTheTotal) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 2000; ++round) {
    const std::uint64_t total = random() >> (random() % 64);
    const Micros whole{1 + static_cast<std::int64_t>(random() % 3'600'000'000)};
    std::uint64_t sum = 0;
    std::uint64_t before = 0;
    for (Micros at{0}; at < whole; at += Micros{1 + static_cast<std::int64_t>(random() % 600'000'000)}) {
      const std::uint64_t now = share(total, at, whole);
      ASSERT_GE(now, before);
      sum += now - before;
      before = now;
    }
    sum += share(total, whole, whole) - before;
    ASSERT_EQ(sum, total);
  }
}

TEST(Share, TheEndsAndTheLargestNumbersAreExact) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(share(kMost, Micros{1}, Micros{1}), kMost);
  EXPECT_EQ(share(kMost, Micros{1}, Micros{2}), kMost / 2);
  EXPECT_EQ(share(7, Micros{-1}, Micros{2}), 0U);
  EXPECT_EQ(share(7, Micros{3}, Micros{2}), 7U);
  EXPECT_EQ(share(7, Micros{0}, Micros{0}), 7U);
}

}  // namespace
}  // namespace pinfold
