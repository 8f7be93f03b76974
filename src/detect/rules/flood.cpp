#include "detect/rules/flood.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "detect/rules/words.hpp"

namespace pinfold::detect {
namespace {

constexpr std::uint64_t kSlotSeconds = 10;
constexpr std::size_t kManyPorts = 200;  ///< of 256 hashed
constexpr std::uint64_t kScanFactor = 10;
constexpr std::uint64_t kSmallTcp = 200;

constexpr std::array<std::string_view, kVolumeClasses> kKinds = {"syn", "udp", "icmp", "udp", "other"};
constexpr std::array<std::string_view, kVolumeClasses> kWords = {"TCP connection requests (SYN)", "UDP packets", "pings", "UDP packets", "packets"};

struct Flood {
  const Destination* to = nullptr;
  const DestinationSlot* slot = nullptr;
  VolumeClass kind = VolumeClass::Other;
  std::uint64_t packets = 0;
};

class Judge {
public:
  Judge(const VolumeTracker::View& view, const FloodThresholds& thresholds, FloodExemptions exempt)
      : x_view(view), x_thresholds(thresholds), x_exempt(exempt) {}

  [[nodiscard]] bool passes(const DestinationSlot& slot, VolumeClass kind) const {
    const VolumeCount& out = slot.out[static_cast<std::size_t>(kind)];
    const bool is_sampled = x_view.rate.one_in() > 1;
    if (out.packets < least(kind) * kSlotSeconds || (is_sampled && out.seen < x_thresholds.min_sampled_packets)) {
      return false;
    }
    switch (kind) {
      case VolumeClass::Syn: {
        const bool is_scan = slot.ports.count() >= kManyPorts && out.packets < kScanFactor * least(kind) * kSlotSeconds;
        return !is_scan && percent_of(out.packets, slot.tcp_packets) >= x_thresholds.min_syn_percent;
      }
      case VolumeClass::Udp:
      case VolumeClass::Answer: return !x_exempt.udp && is_one_sided(slot, out);
      case VolumeClass::Echo: return true;
      case VolumeClass::Other: {
        const bool is_small = slot.tcp_packets * 2 < out.packets || out.bytes <= out.packets * kSmallTcp;
        return x_view.answers_visible && is_small && is_one_sided(slot, out) && (!is_sampled || out.seen >= 10 * x_thresholds.min_sampled_packets);
      }
    }
    return false;
  }

private:
  [[nodiscard]] std::uint64_t least(VolumeClass kind) const {
    const std::uint64_t blind = x_view.answers_visible ? 1 : x_thresholds.blind_factor;
    switch (kind) {
      case VolumeClass::Syn: return x_thresholds.min_syn_pps;
      case VolumeClass::Udp:
      case VolumeClass::Answer: return x_thresholds.min_udp_pps * blind;
      case VolumeClass::Echo: return x_thresholds.min_icmp_pps;
      case VolumeClass::Other: return x_thresholds.min_other_pps;
    }
    return 0;
  }
  [[nodiscard]] bool is_one_sided(const DestinationSlot& slot, const VolumeCount& out) const {
    return slot.in.packets * 100 <= out.packets * x_thresholds.max_answer_percent;
  }

  const VolumeTracker::View& x_view;
  const FloodThresholds& x_thresholds;
  FloodExemptions x_exempt;
};

Sighting sighting_of(const Flood& flood, const VolumeTracker::View& view, const FloodThresholds& thresholds) {
  const VolumeCount& out = flood.slot->out[static_cast<std::size_t>(flood.kind)];
  const std::string_view kind = kKinds.at(static_cast<std::size_t>(flood.kind));
  const bool is_spoofed = flood.slot->spoofed * 2 > out.packets;
  const WallTime slot_start{(flood.slot == &flood.to->running ? flood.to->slot : flood.to->slot - 1) * kSlot};
  // The running slot is not over: what it has counted so far came in less than ten seconds.
  const Micros span = std::clamp<Micros>(flood.to->newest - std::max(slot_start, flood.to->first), std::chrono::seconds{1}, kSlot);
  const std::uint64_t pps = out.packets * 1'000'000 / static_cast<std::uint64_t>(span.count());
  const std::string where = flood.kind == VolumeClass::Echo || flood.kind == VolumeClass::Other
                                ? to_string(flood.to->peer)
                                : fmt::format("{} port {}", to_string(flood.to->peer), flood.to->dst_port);
  Sighting sighting;
  sighting.abuse_class = abuse::AbuseClass::Flood;
  sighting.kind = kind;
  sighting.series = fmt::format("flood/{}", kind);
  sighting.first_seen = flood.to->first;
  sighting.last_seen = flood.to->newest;
  sighting.strength = out.packets;
  sighting.severity = pps >= 100'000 || Bytes{out.bytes} / span >= Bps{1'000'000'000} ? abuse::Severity::Critical : abuse::Severity::High;
  int percent = flood.kind == VolumeClass::Other ? 80 : 90;
  percent -= view.rate.one_in() > 1 ? 5 : 0;
  percent -= view.answers_visible || flood.kind == VolumeClass::Syn || flood.kind == VolumeClass::Echo ? 0 : 15;
  sighting.confidence = {static_cast<std::uint8_t>(percent)};
  sighting.summary =
      fmt::format("sent {}{} {} ({} a second, {}) to {} in {}; {} % came back{}", about(view.rate), with_commas(out.packets),
                  kWords.at(static_cast<std::size_t>(flood.kind)), with_commas(pps), rate_text(Bytes{out.bytes} / span), where, span_text(span),
                  percent_of(flood.slot->in.packets, out.packets), is_spoofed ? "; under forged source addresses" : "");
  sighting.floor = fmt::format("fewer than {} SYNs, {} UDP packets or {} pings a second to one destination are not reported{}",
                               with_commas(thresholds.min_syn_pps), with_commas(thresholds.min_udp_pps), with_commas(thresholds.min_icmp_pps),
                               sampled_clause(view.rate));
  if (!view.answers_visible) {
    sighting.floor += "; answers are not visible here, so UDP floods need to be heavier";
  }
  sighting.rate = view.rate;
  sighting.facts = {{"destination", to_string(flood.to->peer)},
                    {"protocol", protocol_name(flood.to->protocol)},
                    {"port", std::to_string(flood.to->dst_port)},
                    {"packets", std::to_string(out.packets)},
                    {"packets_per_second", std::to_string(pps)},
                    {"bits_per_second", std::to_string((Bytes{out.bytes} / span).value)},
                    {"packets_seen", std::to_string(out.seen)},
                    {"answers_percent", std::to_string(percent_of(flood.slot->in.packets, out.packets))},
                    {"spoofed", is_spoofed ? "yes" : "no"},
                    {"source", to_string(flood.to->source)},
                    {"flow", fmt::format("{} {} port {} -> {} port {} {} packets={} bytes={}", to_string(flood.to->newest),
                                         to_string(flood.to->source), flood.to->src_port, to_string(flood.to->peer), flood.to->dst_port,
                                         protocol_name(flood.to->protocol), out.packets, out.bytes)}};
  return sighting;
}

}  // namespace

std::optional<Sighting> judge_flood(const VolumeTracker::View& view, const FloodThresholds& thresholds, FloodExemptions exempt) {
  const Judge judge(view, thresholds, exempt);
  std::optional<Flood> best;
  for (const Destination& to : view.top) {
    if (!to.used || to.slot + 1 < view.slot) {
      continue;
    }
    for (const DestinationSlot* slot : {&to.running, &to.last}) {
      for (std::size_t c = 0; c < kVolumeClasses; ++c) {
        const auto kind = static_cast<VolumeClass>(c);
        // Answers of a service that was asked are the reflector rule's.
        if ((kind == VolumeClass::Answer && slot->in.packets > 0) || !judge.passes(*slot, kind)) {
          continue;
        }
        if (!best || slot->out.at(c).packets > best->packets) {
          best = Flood{&to, slot, kind, slot->out.at(c).packets};
        }
      }
    }
  }
  return best ? std::optional{sighting_of(*best, view, thresholds)} : std::nullopt;
}

}  // namespace pinfold::detect
