/// Strong numbers. `Bytes / time` is a `Bps`; what was *sampled* and what is *estimated* from it are different types, and only a
/// SamplingRate turns one into the other: the field's classic bug (scaling twice, or never) does not compile.
/// Bounds: unsigned 64 bit; multiplication by a rate saturates instead of wrapping.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

#include "base/time.hpp"

namespace pinfold {

template <typename Tag>
struct Count {
  std::uint64_t value = 0;
  constexpr Count() = default;
  constexpr explicit Count(std::uint64_t v) : value(v) {}
  friend constexpr auto operator<=>(Count, Count) = default;
  friend constexpr Count operator+(Count a, Count b) { return Count{a.value + b.value}; }
  constexpr Count& operator+=(Count other) {
    value += other.value;
    return *this;
  }
};

using Bytes = Count<struct BytesTag>;
using Packets = Count<struct PacketsTag>;
using Flows = Count<struct FlowsTag>;
using Bps = Count<struct BpsTag>;  ///< bits per second
using Pps = Count<struct PpsTag>;  ///< packets per second

/// IF-MIB ifIndex: meaningful only within one SNMP session or one export; never stored (research: indexes move when an agent restarts).
struct IfIndex {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(IfIndex, IfIndex) = default;
};

[[nodiscard]] constexpr std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::uint64_t>::max() : product;
}

/// Average bit rate over a span; zero for an empty or negative span.
[[nodiscard]] constexpr Bps operator/(Bytes bytes, Micros span) {
  if (span.count() <= 0) {
    return Bps{};
  }
  const double bits = static_cast<double>(bytes.value) * 8.0;
  return Bps{static_cast<std::uint64_t>(bits / (static_cast<double>(span.count()) / 1e6))};
}

template <typename T>
struct Sampled {
  T count{};
};
template <typename T>
struct Estimated {
  T count{};
};

/// One in `n` packets was looked at. 1 = everything; 0 is not a rate and is read as 1 (exporters send 0 for "not sampled").
class SamplingRate {
public:
  constexpr SamplingRate() = default;
  constexpr explicit SamplingRate(std::uint32_t one_in) : x_one_in(one_in == 0 ? 1 : one_in) {}
  [[nodiscard]] constexpr std::uint32_t one_in() const { return x_one_in; }
  template <typename T>
  [[nodiscard]] constexpr Estimated<T> scale(Sampled<T> seen) const {
    return {T{saturating_multiply(seen.count.value, x_one_in)}};
  }
  friend constexpr auto operator<=>(SamplingRate, SamplingRate) = default;

private:
  std::uint32_t x_one_in = 1;
};

}  // namespace pinfold
