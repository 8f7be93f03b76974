#include "evaluate/report/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pinfold::evaluate {

Interval wilson(const Share& share) {
  if (share.all == 0) {
    return {};
  }
  constexpr double kZ = 1.959964;
  const double n = static_cast<double>(share.all);
  const double p = share.value();
  const double middle = (p + kZ * kZ / (2 * n)) / (1 + kZ * kZ / n);
  const double reach = kZ / (1 + kZ * kZ / n) * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  return {std::max(0.0, middle - reach), std::min(1.0, middle + reach)};
}

double poisson_upper(std::uint64_t events) {
  if (events == 0) {
    return -std::log(0.05);
  }
  constexpr double kZ = 1.644854;
  const double k = static_cast<double>(events) + 1;
  return k * std::pow(1 - 1 / (9 * k) + kZ / (3 * std::sqrt(k)), 3);
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) {
    return 0;
  }
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

std::string to_text(const Share& share) {
  if (share.all == 0) {
    return "–";
  }
  const Interval interval = wilson(share);
  return fmt::format("{:.3f} ({:.3f}–{:.3f}), {} of {}", share.value(), interval.low, interval.high, share.hits, share.all);
}

}  // namespace pinfold::evaluate
