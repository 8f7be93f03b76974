#include "detect/rules/slow_connections.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "detect/rules/words.hpp"

namespace pinfold::detect {
namespace {

constexpr Micros kLeastHeld = std::chrono::seconds{20};
constexpr std::uint64_t kLeastPackets = 4;        ///< a connection
constexpr std::uint64_t kMostPacketsASecond = 2;  ///< a connection
constexpr std::uint64_t kMostBytesOut = 200;      ///< a packet

bool passes(const HeldConnections& held, const FloodThresholds& thresholds) {
  const Micros span = held.end - held.begin;
  if (held.opened < thresholds.min_slow_connections || span < kLeastHeld) {
    return false;
  }
  const std::uint64_t opened = held.opened;
  const bool stay_open = std::uint64_t{held.closed} * 2 <= opened;
  const bool trickle = held.out_packets >= opened * kLeastPackets &&
                       held.out_packets <= opened * kMostPacketsASecond * static_cast<std::uint64_t>(whole_seconds(span)) &&
                       held.out_bytes <= held.out_packets * kMostBytesOut;
  // Tools ask for a page in between, to see whether the server still answers.
  const bool are_only_acknowledged = held.in_packets >= opened && std::uint64_t{held.answers} * 2 <= opened;
  return stay_open && trickle && are_only_acknowledged;
}

Sighting sighting_of(const Destination& to, const VolumeTracker::View& view, const FloodThresholds& thresholds) {
  constexpr std::uint8_t kConfidence = 75;
  const HeldConnections& held = to.held;
  Sighting sighting;
  sighting.abuse_class = abuse::AbuseClass::Flood;
  sighting.kind = "other";
  sighting.series = "flood/slow";
  sighting.first_seen = held.begin;
  sighting.last_seen = held.end;
  sighting.strength = held.opened;
  sighting.measure = "flood.min_slow_connections";
  sighting.measured = held.opened;
  sighting.severity = abuse::Severity::Medium;
  sighting.confidence = {kConfidence};
  sighting.summary =
      fmt::format("holds {} connections to {} port {} open for {} and more, with {} small packets in each and no request that could be answered",
                  with_commas(held.opened), to_string(to.peer), to.dst_port, span_text(held.end - held.begin),
                  held.out_packets / std::max<std::uint64_t>(held.opened, 1));
  sighting.floor =
      fmt::format("fewer than {} connections held open within two minutes are not reported", with_commas(thresholds.min_slow_connections));
  sighting.rate = view.rate;
  sighting.facts = {{"destination", to_string(to.peer)},
                    {"port", std::to_string(to.dst_port)},
                    {"connections", std::to_string(held.opened)},
                    {"closed", std::to_string(held.closed)},
                    {"packets", std::to_string(held.out_packets)},
                    {"bytes", std::to_string(held.out_bytes)},
                    {"packets_back", std::to_string(held.in_packets)},
                    {"answers", std::to_string(held.answers)},
                    {"seconds", std::to_string(whole_seconds(held.end - held.begin))},
                    {"source", to_string(to.source)},
                    {"flow", fmt::format("{} {} -> {} port {} tcp packets={} bytes={}", to_string(to.newest), to_string(to.source),
                                         to_string(to.peer), to.dst_port, held.out_packets, held.out_bytes)}};
  return sighting;
}

}  // namespace

std::optional<Sighting> judge_slow_connections(const VolumeTracker::View& view, const FloodThresholds& thresholds) {
  if (view.rate.one_in() > 1 || !view.answers_visible) {
    return std::nullopt;
  }
  const Destination* best = nullptr;
  for (const Destination* const to : view.due) {
    if (to->is_settled && passes(to->held, thresholds) && (best == nullptr || to->held.opened > best->held.opened)) {
      best = to;
    }
  }
  return best != nullptr ? std::optional{sighting_of(*best, view, thresholds)} : std::nullopt;
}

}  // namespace pinfold::detect
