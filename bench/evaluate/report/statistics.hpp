/// Shares with their intervals, rates of rare events, quantiles. Sources: E. B. Wilson, JASA 1927 (score interval, 95 %); the one-sided 95 %
/// Poisson bound after Wilson and Hilferty's approximation, exact (3.0) for no event: the "rule of three".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pinfold::evaluate {

struct Share {
  std::uint64_t hits = 0;
  std::uint64_t all = 0;
  void add(bool is_hit) {
    ++all;
    hits += is_hit ? 1U : 0U;
  }
  [[nodiscard]] double value() const { return all == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(all); }
};

struct Interval {
  double low = 0;
  double high = 1;
};
[[nodiscard]] Interval wilson(const Share& share);
/// The most events that 95 of 100 such experiments would allow for.
[[nodiscard]] double poisson_upper(std::uint64_t events);
/// Nearest rank; 0 for nothing. `share` from 0 to 1.
[[nodiscard]] double quantile(std::vector<double> values, double share);

/// "0.987 (0.954–0.996), 148 of 150"; "–" for nothing.
[[nodiscard]] std::string to_text(const Share& share);

}  // namespace pinfold::evaluate
