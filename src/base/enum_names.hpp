/// One table per enumeration, read in both directions, so that a name is written once.
///   constexpr EnumNames<Severity, 2> kNames{{{{Severity::Low, "low"}, {Severity::High, "high"}}}};
/// Bounds: linear search; tables are small. An enumerator missing from its table is a bug and aborts.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/assert.hpp"

namespace pinfold {

template <typename E, std::size_t N>
struct EnumNames {
  std::array<std::pair<E, std::string_view>, N> rows;

  [[nodiscard]] constexpr std::string_view name(E value) const {
    for (const auto& [v, n] : rows) {
      if (v == value) {
        return n;
      }
    }
    PINFOLD_ASSERT(false && "enumerator without a name");
    return {};
  }
  [[nodiscard]] constexpr std::optional<E> parse(std::string_view text) const {
    for (const auto& [v, n] : rows) {
      if (n == text) {
        return v;
      }
    }
    return std::nullopt;
  }
};

}  // namespace pinfold
