/// A vector for large tables that are read at random: its memory asks for huge pages, so that a row costs one cache miss and not a walk through
/// the page tables as well. With 4 KiB pages the rows of 100,000 servers reach far beyond what the TLB holds.
/// Used by: detect, for the rows of all servers.
/// Bounds:  small tables (below kHugeFrom) are ordinary memory. Costs at most one huge page (2 MiB) more than it needs.
/// Errors:  std::bad_alloc, as every vector. Where the kernel grants no huge pages nothing changes but the speed.
/// Source:  madvise(2) MADV_HUGEPAGE (Linux).
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <vector>

namespace pinfold {

template <typename T>
class HugeAllocator {
public:
  using value_type = T;
  static constexpr std::size_t kHugePage = std::size_t{2} << 20U;
  static constexpr std::size_t kHugeFrom = 2 * kHugePage;

  HugeAllocator() = default;
  template <typename U>
  explicit HugeAllocator(const HugeAllocator<U>&) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);  // vector has checked count against max_size
    if (bytes < kHugeFrom) {
      return static_cast<T*>(::operator new (bytes, std::align_val_t{alignof(T)}));
    }
    void* const memory = ::operator new (bytes, std::align_val_t{kHugePage});
    static_cast<void>(::madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE));
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    const std::size_t alignment = count * sizeof(T) < kHugeFrom ? alignof(T) : kHugePage;
    ::operator delete (memory, std::align_val_t{alignment});
  }
  friend bool operator==(const HugeAllocator&, const HugeAllocator&) { return true; }
};

template <typename T>
using HugeVector = std::vector<T, HugeAllocator<T>>;

}  // namespace pinfold
