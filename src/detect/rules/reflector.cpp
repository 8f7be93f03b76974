#include "detect/rules/reflector.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "detect/rules/words.hpp"
#include "detect/services.hpp"

namespace pinfold::detect {
namespace {

constexpr Micros kShortest = std::chrono::seconds{2};

struct Mirrored {
  const Destination* to = nullptr;
  VolumeCount out;
  std::uint64_t bytes_in = 0;
  Micros span{};
  Amplifier service;
};

VolumeCount asked_in(const Destination& to, std::int64_t slot) {
  for (const DestinationSlot& near : to.slots) {
    if (near.number == slot) {
      return near.in;
    }
  }
  return {};
}

std::optional<Mirrored> judge(const Destination& to, const DestinationSlot& slot, const VolumeTracker::View& view,
                              const ReflectorThresholds& thresholds) {
  const VolumeCount& out = slot.out[static_cast<std::size_t>(VolumeClass::Answer)];
  const auto service = amplifier_on(to.src_port);
  const Micros span = std::clamp<Micros>(slot.span(), kShortest, kSlot);
  const auto micros = static_cast<std::uint64_t>(span.count());
  const bool is_fast = std::uint64_t{out.packets} * 1'000'000 >= thresholds.min_pps * micros;
  const bool is_large = saturating_multiply(out.bytes, 8'000) >= thresholds.min_kbps * micros;
  if (!to.is_settled || !service || !is_fast || !is_large) {
    return std::nullopt;
  }
  const bool is_sampled = view.rate.one_in() > 1;
  // Answers to nobody's question are a flood from that port. Sampled, the few small questions may all have been missed.
  const bool was_asked = to.packets_in > 0 || is_sampled;
  const VolumeCount asked = asked_in(to, slot.number);
  // Whole answers, where their questions were seen: a large one comes in several packets.
  const std::uint64_t answers = asked.packets > 0 ? std::min(asked.packets, out.packets) : out.packets;
  const bool is_amplified = out.bytes >= asked.bytes * service->min_amplification && out.bytes >= answers * service->min_answer_bytes;
  const bool is_enough = !is_sampled || out.seen >= thresholds.min_sampled_packets;
  return was_asked && is_amplified && is_enough ? std::optional{Mirrored{&to, out, asked.bytes, span, *service}} : std::nullopt;
}

Sighting sighting_of(const Mirrored& found, const VolumeTracker::View& view, const ReflectorThresholds& thresholds) {
  const std::uint64_t times = found.out.bytes / std::max<std::uint64_t>(found.bytes_in, 1);
  const std::string ratio = found.bytes_in == 0 ? "" : fmt::format(", {} times what was asked in its name", with_commas(times));
  Sighting sighting;
  sighting.abuse_class = abuse::AbuseClass::Reflector;
  sighting.kind = found.service.name;
  sighting.series = fmt::format("reflector/{}", found.service.name);
  sighting.first_seen = found.to->first;
  sighting.last_seen = found.to->newest;
  sighting.strength = found.out.bytes;
  const std::uint64_t pps = std::uint64_t{found.out.packets} * 1'000'000 / static_cast<std::uint64_t>(found.span.count());
  const std::uint64_t kbps = (Bytes{found.out.bytes} / found.span).value / 1000;
  const bool is_slow = pps * thresholds.min_kbps < kbps * thresholds.min_pps;  // the nearer of the two decides
  sighting.measure = is_slow ? "reflector.min_pps" : "reflector.min_kbps";
  sighting.measured = is_slow ? pps : kbps;
  sighting.severity = Bytes{found.out.bytes} / found.span >= Bps{100'000'000} ? abuse::Severity::High : abuse::Severity::Low;
  sighting.confidence = {static_cast<std::uint8_t>(view.rate.one_in() > 1 ? 70 : 85)};
  sighting.summary = fmt::format(
      "its open {} service (udp/{}) sent {}{} to {} in {}{}; such answers are asked for by attackers in their victim's name", found.service.name,
      found.to->src_port, about(view.rate), rate_text(Bytes{found.out.bytes} / found.span), to_string(found.to->peer), span_text(found.span), ratio);
  sighting.floor = fmt::format("less than {} kbit/s or {} answers a second to one destination are not reported{}", with_commas(thresholds.min_kbps),
                               with_commas(thresholds.min_pps), sampled_clause(view.rate));
  sighting.rate = view.rate;
  sighting.facts = {
      {"service", std::string(found.service.name)},
      {"port", std::to_string(found.to->src_port)},
      {"destination", to_string(found.to->peer)},
      {"answers", std::to_string(found.out.packets)},
      {"bytes_out", std::to_string(found.out.bytes)},
      {"bytes_in", std::to_string(found.bytes_in)},
      {"bytes_an_answer", std::to_string(found.out.bytes / std::max<std::uint64_t>(found.out.packets, 1))},
      {"source", to_string(found.to->source)},
      {"flow", fmt::format("{} {} port {} -> {} port {} udp packets={} bytes={}", to_string(found.to->newest), to_string(found.to->source),
                           found.to->src_port, to_string(found.to->peer), found.to->dst_port, found.out.packets, found.out.bytes)}};
  return sighting;
}

}  // namespace

std::optional<Sighting> judge_reflector(const VolumeTracker::View& view, const ReflectorThresholds& thresholds) {
  if (!view.answers_visible) {
    return std::nullopt;
  }
  std::optional<Mirrored> best;
  for (const Destination* const to : view.due) {
    for (const DestinationSlot& slot : to->slots) {
      auto found = slot.number >= 0 ? judge(*to, slot, view, thresholds) : std::nullopt;
      if (found && (!best || found->out.bytes > best->out.bytes)) {
        best = found;
      }
    }
  }
  return best ? std::optional{sighting_of(*best, view, thresholds)} : std::nullopt;
}

}  // namespace pinfold::detect
