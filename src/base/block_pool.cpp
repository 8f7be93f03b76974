#include "base/block_pool.hpp"

#include <sys/mman.h>

#include <new>

#include "base/assert.hpp"

namespace pinfold {

BlockPool::BlockPool(std::size_t limit) : x_limit((limit + kLargest - 1) / kLargest * kLargest), x_free_order(x_limit / kSmallest) {
  x_whole.reserve(x_limit / kLargest);
  x_mapping = ::mmap(nullptr, x_limit + kLargest, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (x_mapping == MAP_FAILED) {
    throw std::bad_alloc();
  }
  const auto begin = reinterpret_cast<std::uintptr_t>(x_mapping);
  x_region = static_cast<char*>(x_mapping) + (kLargest - begin % kLargest) % kLargest;
  static_cast<void>(::madvise(x_region, x_limit, MADV_HUGEPAGE));  // refused: slower, nothing else
}

BlockPool::~BlockPool() { ::munmap(x_mapping, x_limit + kLargest); }

void BlockPool::link(Free* block, unsigned order) {
  block->previous = nullptr;
  block->next = x_free[order];
  if (block->next != nullptr) {
    block->next->previous = block;
  }
  x_free[order] = block;
  x_free_order[leaf_of(block)] = static_cast<std::uint8_t>(order + 1);
}

void BlockPool::unlink(Free* block, unsigned order) {
  (block->previous == nullptr ? x_free[order] : block->previous->next) = block->next;
  if (block->next != nullptr) {
    block->next->previous = block->previous;
  }
  x_free_order[leaf_of(block)] = 0;
}

void* BlockPool::take(std::size_t bytes) {
  PINFOLD_ASSERT(std::has_single_bit(bytes) && bytes >= kSmallest && bytes <= kLargest);
  const unsigned wanted = order_of(bytes);
  unsigned order = wanted;
  while (order < x_free.size() && x_free[order] == nullptr) {
    ++order;
  }
  char* block = nullptr;
  if (order < x_free.size()) {
    block = reinterpret_cast<char*>(x_free[order]);
    unlink(x_free[order], order);
  } else if (!x_whole.empty()) {
    block = x_whole.back();
    x_whole.pop_back();
  } else if (x_untouched < x_limit) {
    block = x_region + x_untouched;
    x_untouched += kLargest;
  } else {
    return nullptr;
  }
  while (order > wanted) {  // the upper half stays free
    --order;
    link(reinterpret_cast<Free*>(block + (kSmallest << order)), order);
  }
  x_used += bytes;
  return block;
}

void BlockPool::give_back(void* given, std::size_t bytes) {
  x_used -= bytes;
  auto* block = static_cast<char*>(given);
  unsigned order = order_of(bytes);
  for (; order < x_free.size(); ++order) {
    char* const buddy = x_region + ((leaf_of(block) * kSmallest) ^ (kSmallest << order));
    if (x_free_order[leaf_of(buddy)] != order + 1) {
      break;
    }
    unlink(reinterpret_cast<Free*>(buddy), order);
    block = buddy < block ? buddy : block;
  }
  if (order == x_free.size()) {
    static_cast<void>(::madvise(block, kLargest, MADV_DONTNEED));
    x_whole.push_back(block);
  } else {
    link(reinterpret_cast<Free*>(block), order);
  }
}

}  // namespace pinfold
