#include "evaluate/traffic/random.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace pinfold::evaluate {
namespace {

std::uint64_t splitmix(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EB;
  return z ^ (z >> 31U);
}

/// FNV-1a.
std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  }
  return hash;
}

}  // namespace

Random::Random(std::uint64_t seed) {
  for (std::uint64_t& word : x_state) {
    word = splitmix(seed);
  }
}

Random::Random(std::uint64_t seed, std::string_view name) : Random(seed ^ hash_of(name)) {}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(x_state[1] * 5, 7) * 9;
  const std::uint64_t shifted = x_state[1] << 17U;
  x_state[2] ^= x_state[0];
  x_state[3] ^= x_state[1];
  x_state[1] ^= x_state[2];
  x_state[0] ^= x_state[3];
  x_state[2] ^= shifted;
  x_state[3] = std::rotl(x_state[3], 45);
  return result;
}

double Random::unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

std::uint64_t Random::below(std::uint64_t bound) {
  return std::min(static_cast<std::uint64_t>(unit() * static_cast<double>(bound)), bound == 0 ? 0 : bound - 1);
}

std::uint64_t Random::between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }

double Random::uniform(double low, double high) { return low + unit() * (high - low); }

bool Random::chance(double probability) { return unit() < probability; }

double Random::exponential(double mean) { return -mean * std::log(1.0 - unit()); }

double Random::pareto(double least, double alpha, double most) { return std::min(least / std::pow(1.0 - unit(), 1.0 / alpha), most); }

double Random::lognormal(double median, double sigma) {
  const double normal = std::sqrt(-2.0 * std::log(1.0 - unit())) * std::cos(2.0 * std::numbers::pi * unit());
  return median * std::exp(sigma * normal);
}

std::uint64_t Random::poisson(double mean) {
  if (mean > 60) {  // the normal is near enough
    const double normal = std::sqrt(-2.0 * std::log(1.0 - unit())) * std::cos(2.0 * std::numbers::pi * unit());
    return static_cast<std::uint64_t>(std::max(0.0, mean + std::sqrt(mean) * normal + 0.5));
  }
  std::uint64_t count = 0;
  for (double product = unit(); product > std::exp(-mean); product *= unit()) {
    ++count;
  }
  return count;
}

std::uint64_t Random::skip(std::uint32_t one_in) {
  if (one_in <= 1) {
    return 0;
  }
  return static_cast<std::uint64_t>(std::log(1.0 - unit()) / std::log1p(-1.0 / one_in));
}

}  // namespace pinfold::evaluate
