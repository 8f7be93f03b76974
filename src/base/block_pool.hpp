/// Blocks of memory for tables that grow by doubling, out of one region with a hard limit: when it is full, `take` says so and the table has to do
/// with what it has. Blocks lie at multiples of their own size, so an entry of 64 bytes is one cache line, and the region asks for huge pages, so
/// that touching it at random does not walk through the page tables as well.
/// A buddy system: a block that is given back joins its free neighbour, so that small tables leave no holes that large ones cannot use.
/// Used by: detect, for the contacts and sessions of all servers.
/// Units:   bytes; sizes are powers of two from kSmallest to kLargest.
/// Cost:    O(log(kLargest / kSmallest)) a call, no system call but one for each kLargest that becomes wholly free, whose memory the
///          system gets back. Memory: what is in use, rounded up to
///          kLargest, and 1/128 of the limit for the books.
/// Threads: none; the owner serialises. Blocks must be given back before the pool goes.
/// Errors:  std::bad_alloc when the address space has no room for the region.
/// Source:  K. Knowlton, A Fast Storage Allocator, CACM 1965; madvise(2) (Linux).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pinfold {

class BlockPool {
public:
  static constexpr std::size_t kSmallest = 128;
  static constexpr std::size_t kLargest = std::size_t{2} << 20U;  ///< a huge page

  /// `limit` is rounded up to kLargest.
  explicit BlockPool(std::size_t limit);
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  /// Uninitialised; nullptr when there is no room. `bytes` is a power of two.
  [[nodiscard]] void* take(std::size_t bytes);
  void give_back(void* block, std::size_t bytes);

  /// A taken block by a number that takes half as much room as its address. Never 0, so that this can mean none. Limits of up to 512 GiB have one.
  [[nodiscard]] std::uint32_t number_of(const void* block) const { return static_cast<std::uint32_t>(leaf_of(block) + 1); }
  [[nodiscard]] void* at(std::uint32_t number) const { return x_region + (std::size_t{number} - 1) * kSmallest; }

  [[nodiscard]] std::size_t used() const { return x_used; }  ///< bytes of blocks that are taken
  [[nodiscard]] std::size_t limit() const { return x_limit; }

private:
  static constexpr unsigned kOrders = std::countr_zero(kLargest / kSmallest) + 1;
  static constexpr unsigned order_of(std::size_t bytes) { return static_cast<unsigned>(std::countr_zero(bytes / kSmallest)); }
  /// Stands in a free block itself.
  struct Free {
    Free* next;
    Free* previous;
  };
  [[nodiscard]] std::size_t leaf_of(const void* block) const {
    return static_cast<std::size_t>(static_cast<const char*>(block) - x_region) / kSmallest;
  }
  void link(Free* block, unsigned order);
  void unlink(Free* block, unsigned order);

  std::size_t x_limit;
  std::size_t x_used = 0;
  std::size_t x_untouched = 0;  ///< from here on nothing of the region was ever taken
  void* x_mapping = nullptr;
  char* x_region = nullptr;  ///< x_mapping, rounded up to kLargest
  std::array<Free*, kOrders - 1> x_free{};
  std::vector<char*> x_whole;              ///< free blocks of kLargest, whose memory the system has back
  std::vector<std::uint8_t> x_free_order;  ///< of the free block that begins at this leaf, plus one; 0: none does
};

}  // namespace pinfold
