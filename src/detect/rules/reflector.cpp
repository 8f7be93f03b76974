#include "detect/rules/reflector.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "detect/rules/words.hpp"
#include "detect/services.hpp"

namespace pinfold::detect {
namespace {

constexpr std::uint64_t kSlotSeconds = 10;

struct Mirrored {
  const Destination* to = nullptr;
  VolumeCount out;
  VolumeCount in;
  Amplifier service;
};

std::optional<Mirrored> judge(const Destination& to, const DestinationSlot& slot, const VolumeTracker::View& view,
                              const ReflectorThresholds& thresholds) {
  const VolumeCount& out = slot.out[static_cast<std::size_t>(VolumeClass::Answer)];
  const auto service = amplifier_on(to.src_port);
  if (!service || out.packets < thresholds.min_pps * kSlotSeconds || out.bytes * 8 < thresholds.min_kbps * std::uint64_t{1000} * kSlotSeconds) {
    return std::nullopt;
  }
  const bool is_sampled = view.rate.one_in() > 1;
  // A few questions may belong to answers of the slot before; a victim's stream of them is not what is missing.
  const bool was_asked = slot.in.packets > 0 || is_sampled;
  const bool is_amplified = out.bytes >= slot.in.bytes * service->min_amplification && out.bytes >= out.packets * service->min_answer_bytes;
  const bool is_enough = !is_sampled || out.seen >= thresholds.min_sampled_packets;
  return was_asked && is_amplified && is_enough ? std::optional{Mirrored{&to, out, slot.in, *service}} : std::nullopt;
}

Sighting sighting_of(const Mirrored& found, const VolumeTracker::View& view, const ReflectorThresholds& thresholds) {
  const std::uint64_t times = found.out.bytes / std::max<std::uint64_t>(found.in.bytes, 1);
  const std::string ratio = found.in.bytes == 0 ? "" : fmt::format(", {} times what was asked in its name", with_commas(times));
  Sighting sighting;
  sighting.abuse_class = abuse::AbuseClass::Reflector;
  sighting.kind = found.service.name;
  sighting.series = fmt::format("reflector/{}", found.service.name);
  sighting.first_seen = found.to->first;
  sighting.last_seen = found.to->newest;
  sighting.strength = found.out.bytes;
  sighting.severity = found.out.bytes * 8 >= std::uint64_t{100'000'000} * kSlotSeconds ? abuse::Severity::High : abuse::Severity::Low;
  sighting.confidence = {static_cast<std::uint8_t>(view.rate.one_in() > 1 ? 70 : 85)};
  sighting.summary = fmt::format(
      "its open {} service (udp/{}) sent {}{} to {} within 10 s{}; such answers are asked for by attackers in their victim's name",
      found.service.name, found.to->src_port, about(view.rate), rate_text(Bytes{found.out.bytes} / kSlot), to_string(found.to->peer), ratio);
  sighting.floor = fmt::format("less than {} kbit/s or {} answers a second to one destination are not reported{}", with_commas(thresholds.min_kbps),
                               with_commas(thresholds.min_pps), sampled_clause(view.rate));
  sighting.rate = view.rate;
  sighting.facts = {{"service", std::string(found.service.name)},
                    {"port", std::to_string(found.to->src_port)},
                    {"destination", to_string(found.to->peer)},
                    {"answers", std::to_string(found.out.packets)},
                    {"bytes_out", std::to_string(found.out.bytes)},
                    {"bytes_in", std::to_string(found.in.bytes)},
                    {"bytes_an_answer", std::to_string(found.out.bytes / std::max<std::uint64_t>(found.out.packets, 1))},
                    {"source", to_string(found.to->source)}};
  return sighting;
}

}  // namespace

std::optional<Sighting> judge_reflector(const VolumeTracker::View& view, const ReflectorThresholds& thresholds) {
  if (!view.answers_visible) {
    return std::nullopt;
  }
  std::optional<Mirrored> best;
  for (const Destination& to : view.top) {
    if (!to.used || to.slot + 1 < view.slot) {
      continue;
    }
    for (const DestinationSlot* slot : {&to.running, &to.last}) {
      auto found = judge(to, *slot, view, thresholds);
      if (found && (!best || found->out.bytes > best->out.bytes)) {
        best = found;
      }
    }
  }
  return best ? std::optional{sighting_of(*best, view, thresholds)} : std::nullopt;
}

}  // namespace pinfold::detect
