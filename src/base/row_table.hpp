/// One row for each of many things, whose parts belong to several owners: side by side in memory, so that whoever touches all parts of a row
/// pays for one place and not for one a part. Where a page is far away (virtual machines walk two page tables) that is most of what a look-up costs.
/// Each owner gets its part as a Column and knows nothing of the others.
/// Used by: detect, for the rows of all servers.
/// Bounds:  as HugeVector. Rows do not move; the memory lives as long as a Column of it.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "base/huge_vector.hpp"

namespace pinfold {

/// One owner's part of every row.
template <typename T>
class Column {
public:
  Column() = default;
  /// Of rows that have no other part.
  explicit Column(std::size_t count) {
    auto rows = std::make_shared<HugeVector<T>>(count);
    *this = Column(rows, rows->data(), sizeof(T), count);
  }
  Column(std::shared_ptr<void> memory, T* first, std::size_t stride, std::size_t count)
      : x_memory(std::move(memory)), x_first(reinterpret_cast<std::byte*>(first)), x_stride(stride), x_count(count) {}

  [[nodiscard]] T& operator[](std::size_t i) const { return *reinterpret_cast<T*>(x_first + i * x_stride); }
  [[nodiscard]] std::size_t size() const { return x_count; }

private:
  std::shared_ptr<void> x_memory;
  std::byte* x_first = nullptr;
  std::size_t x_stride = sizeof(T);
  std::size_t x_count = 0;
};

/// Parts in the order in which they lie.
template <typename... Parts>
class RowTable {
public:
  explicit RowTable(std::size_t count) : x_rows(std::make_shared<HugeVector<Row>>(count)) {}
  template <typename Part>
  [[nodiscard]] Column<Part> column() const {
    return {x_rows, x_rows->empty() ? nullptr : static_cast<Part*>(&x_rows->front()), sizeof(Row), x_rows->size()};
  }

private:
  struct Row : Parts... {};
  std::shared_ptr<HugeVector<Row>> x_rows;
};

}  // namespace pinfold
