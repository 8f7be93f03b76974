#include "base/block_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <utility>
#include <vector>

namespace pinfold {
namespace {

constexpr std::size_t kLargest = BlockPool::kLargest;

TEST(BlockPool, BlocksLieAtMultiplesOfTheirSizeAndNeverOverlap) {
  BlockPool pool(4 * kLargest);
  std::mt19937 random(3);
  struct Block {
    unsigned char* at;
    std::size_t bytes;
    unsigned char mark;
  };
  std::vector<Block> blocks;
  std::size_t used = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t bytes = BlockPool::kSmallest << (random() % 12);
    auto* at = random() % 2 == 0 ? static_cast<unsigned char*>(pool.take(bytes)) : nullptr;
    if (at != nullptr) {
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(at) % bytes, 0U);
      const auto mark = static_cast<unsigned char>(random());
      std::memset(at, mark, bytes);
      blocks.push_back({at, bytes, mark});
      used += bytes;
    } else if (!blocks.empty()) {
      std::swap(blocks[random() % blocks.size()], blocks.back());
      const Block block = blocks.back();
      blocks.pop_back();
      for (std::size_t b = 0; b < block.bytes; ++b) {
        ASSERT_EQ(block.at[b], block.mark);  // nobody else wrote there
      }
      pool.give_back(block.at, block.bytes);
      used -= block.bytes;
    }
    ASSERT_EQ(pool.used(), used);
    ASSERT_LE(used, pool.limit());
  }
}

TEST(BlockPool, SaysWhenItIsFullAndJoinsWhatComesBack) {
  BlockPool pool(2 * kLargest);
  std::vector<void*> blocks;
  while (void* block = pool.take(BlockPool::kSmallest)) {
    blocks.push_back(block);
  }
  EXPECT_EQ(blocks.size(), 2 * kLargest / BlockPool::kSmallest);
  EXPECT_EQ(pool.take(kLargest), nullptr);
  for (void* block : blocks) {
    pool.give_back(block, BlockPool::kSmallest);
  }
  EXPECT_EQ(pool.used(), 0U);
  void* const first = pool.take(kLargest);
  void* const second = pool.take(kLargest);
  EXPECT_NE(first, nullptr);
  EXPECT_NE(second, nullptr);
  EXPECT_EQ(pool.take(BlockPool::kSmallest), nullptr);
  pool.give_back(first, kLargest);
  pool.give_back(second, kLargest);
}

}  // namespace
}  // namespace pinfold
