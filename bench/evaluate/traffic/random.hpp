/// The generator's dice: the same seed gives the same numbers on every machine, which the standard's distributions do not promise.
/// Used by: everything in bench/evaluate that draws. Threads: none; each scene owns one, seeded from its name, so that scenes may run in
/// any order. Source: xoshiro256** and splitmix64, D. Blackman and S. Vigna, ACM TOMS 2021 (public domain).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace pinfold::evaluate {

class Random {
public:
  explicit Random(std::uint64_t seed);
  /// A stream of its own for each name.
  Random(std::uint64_t seed, std::string_view name);

  [[nodiscard]] std::uint64_t next();
  [[nodiscard]] double unit();                                                 ///< [0, 1)
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);                      ///< [0, bound); 0 for a bound of 0
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high);  ///< both included
  [[nodiscard]] double uniform(double low, double high);
  [[nodiscard]] bool chance(double probability);
  [[nodiscard]] double exponential(double mean);
  /// Heavy tail: sizes of files and flows. Mean is finite for alpha > 1.
  [[nodiscard]] double pareto(double least, double alpha, double most);
  [[nodiscard]] double lognormal(double median, double sigma);
  [[nodiscard]] std::uint64_t poisson(double mean);
  /// How many to leave out before the next one that a 1-in-n sampler takes.
  [[nodiscard]] std::uint64_t skip(std::uint32_t one_in);

  template <typename T, std::size_t N>
  [[nodiscard]] const T& pick(const std::array<T, N>& from) {
    return from[below(N)];
  }
  template <typename T>
  [[nodiscard]] const T& pick(std::span<const T> from) {
    return from[below(from.size())];
  }

private:
  std::array<std::uint64_t, 4> x_state{};
};

}  // namespace pinfold::evaluate
