#include "detect/rules/burst.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "detect/rules/words.hpp"

namespace pinfold::detect {
namespace {

constexpr Micros kWindow = std::chrono::minutes{10};
constexpr std::uint8_t kConfidence = 30;

}  // namespace

std::optional<Sighting> judge_burst(const WindowOfPast& window, SamplingRate rate, std::uint64_t packets_seen,
                                    const std::optional<Baselines::UsualRate>& usual, const BurstThresholds& thresholds) {
  if (!usual || window.rate.value < std::uint64_t{thresholds.min_mbps} * 1'000'000 ||
      window.rate.value < saturating_multiply(usual->rate.value, thresholds.times_usual)) {
    return std::nullopt;
  }
  const std::uint64_t times = window.rate.value / std::max<std::uint64_t>(usual->rate.value, 1);
  Sighting sighting;
  sighting.abuse_class = abuse::AbuseClass::BandwidthBurst;
  sighting.kind = "outbound";
  sighting.series = "bandwidth_burst";
  sighting.first_seen = window.start;
  sighting.last_seen = window.start + kWindow;
  sighting.strength = window.rate.value;
  sighting.severity = abuse::Severity::Info;
  sighting.confidence = {kConfidence};
  sighting.summary =
      fmt::format("sent {}{} for ten minutes, {} times {} at this hour of the week ({})", about(rate), rate_text(window.rate), with_commas(times),
                  usual->is_own ? "its usual rate" : "what servers of its service level usually send", rate_text(usual->rate));
  sighting.floor = fmt::format("bursts below {} Mbit/s or {} times the usual rate are not reported{}", with_commas(thresholds.min_mbps),
                               with_commas(thresholds.times_usual), sampled_clause(rate));
  sighting.rate = rate;
  sighting.facts = {{"bits_per_second", std::to_string(window.rate.value)},
                    {"usual_bits_per_second", std::to_string(usual->rate.value)},
                    {"compared_with", usual->is_own ? "own past" : "service level"}};
  if (rate.one_in() > 1 && packets_seen > 0) {
    // Relative error of an estimate from n samples, 95 %: 196 % / sqrt(n) (sFlow, "Packet Sampling Basics").
    sighting.facts.emplace_back("error_percent", fmt::format("{:.1f}", 196.0 / std::sqrt(static_cast<double>(packets_seen))));
  }
  return sighting;
}

}  // namespace pinfold::detect
