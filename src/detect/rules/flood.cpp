#include "detect/rules/flood.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "detect/rules/words.hpp"

namespace pinfold::detect {
namespace {

constexpr Micros kShortest = std::chrono::seconds{2};
constexpr std::size_t kManyPorts = 200;  ///< of 256 hashed
constexpr std::uint64_t kScanFactor = 10;
constexpr std::uint64_t kSmallTcp = 200;

constexpr std::array<std::string_view, kVolumeClasses> kKinds = {"syn", "udp", "icmp", "udp", "other"};
constexpr std::array<std::string_view, kVolumeClasses> kMeasures = {"flood.min_syn_pps", "flood.min_udp_pps", "flood.min_icmp_pps",
                                                                    "flood.min_udp_pps", "flood.min_other_pps"};
constexpr std::array<std::string_view, kVolumeClasses> kWords = {"TCP connection requests (SYN)", "UDP packets", "pings", "UDP packets", "packets"};

struct Flood {
  const Destination* to = nullptr;
  const DestinationSlot* slot = nullptr;
  VolumeClass kind = VolumeClass::Other;
  std::uint64_t packets = 0;
};

Micros span_of(const DestinationSlot& slot) { return std::clamp<Micros>(slot.span(), kShortest, kSlot); }

class Judge {
public:
  Judge(const VolumeTracker::View& view, const FloodThresholds& thresholds, FloodExemptions exempt)
      : x_view(view), x_thresholds(thresholds), x_exempt(exempt) {}

  [[nodiscard]] bool passes(const Destination& to, const DestinationSlot& slot, VolumeClass kind) const {
    const VolumeCount& out = slot.out[static_cast<std::size_t>(kind)];
    const bool is_sampled = x_view.rate.one_in() > 1;
    const bool is_enough = is_at_rate(slot, out.packets, least(kind)) && (!is_sampled || out.seen >= x_thresholds.min_sampled_packets);
    if (!is_enough) {
      return false;
    }
    switch (kind) {
      case VolumeClass::Syn: {
        const bool is_scan = slot.ports.count() >= kManyPorts && !is_at_rate(slot, out.packets, kScanFactor * least(kind));
        return !is_scan && percent_of(out.packets, slot.tcp_packets) >= x_thresholds.min_syn_percent;
      }
      case VolumeClass::Udp: return !x_exempt.udp && is_one_sided(to, slot, out);
      // Answers of a service that was asked are the reflector rule's.
      case VolumeClass::Answer: return !x_exempt.udp && to.packets_in == 0 && is_one_sided(to, slot, out);
      case VolumeClass::Echo: return true;
      case VolumeClass::Other: {
        const bool is_small = std::uint64_t{slot.tcp_packets} * 2 < out.packets || out.bytes <= out.packets * kSmallTcp;
        return x_view.answers_visible && is_small && is_one_sided(to, slot, out) &&
               (!is_sampled || out.seen >= 10 * x_thresholds.min_sampled_packets);
      }
    }
    return false;
  }
  [[nodiscard]] bool opens_many(const DestinationSlot& slot) const {
    const bool is_seen = x_view.rate.one_in() == 1 || slot.opened / x_view.rate.one_in() >= x_thresholds.min_sampled_packets;
    // Connections carry something; SYNs alone are a scan's or a SYN flood's.
    const bool are_used = slot.tcp_packets >= std::uint64_t{slot.opened} * 2;
    return is_seen && are_used && is_at_rate(slot, slot.opened, x_thresholds.min_connections_per_second) && slot.ports.count() < kManyPorts;
  }

private:
  [[nodiscard]] static bool is_at_rate(const DestinationSlot& slot, std::uint64_t packets, std::uint64_t a_second) {
    return saturating_multiply(packets, 1'000'000) >= saturating_multiply(a_second, static_cast<std::uint64_t>(span_of(slot).count()));
  }
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
  [[nodiscard]] bool is_one_sided(const Destination& to, const DestinationSlot& slot, const VolumeCount& out) const {
    const std::uint64_t most = x_thresholds.max_answer_percent;
    return to.answers_about(slot.number) * 100 <= out.packets * most && to.packets_in * 100 <= to.packets_out * most;
  }

  const VolumeTracker::View& x_view;
  const FloodThresholds& x_thresholds;
  FloodExemptions x_exempt;
};

std::string flow_text(const Destination& to, std::uint64_t packets, std::uint64_t bytes) {
  return fmt::format("{} {} port {} -> {} port {} {} packets={} bytes={}", to_string(to.newest), to_string(to.source), to.src_port,
                     to_string(to.peer), to.dst_port, protocol_name(to.protocol), packets, bytes);
}

/// The others that are flooded at the same time, the fiercest first.
std::string top_text(const VolumeTracker::View& view, VolumeClass kind) {
  constexpr std::size_t kMost = 5;
  std::vector<std::pair<std::uint64_t, net::IpAddress>> all;
  for (const Destination& to : view.top) {
    std::uint64_t packets = 0;
    for (const DestinationSlot& slot : to.slots) {
      packets += slot.number >= 0 ? slot.out.at(static_cast<std::size_t>(kind)).packets : 0;
    }
    if (to.used && packets > 0) {
      all.emplace_back(packets, to.peer);
    }
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return std::pair{b.first, a.second} < std::pair{a.first, b.second}; });
  all.resize(std::min(all.size(), kMost));
  std::string text;
  for (const auto& [packets, peer] : all) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", to_string(peer), packets);
  }
  return text;
}

Sighting sighting_of(const Flood& flood, const VolumeTracker::View& view, const FloodThresholds& thresholds) {
  const VolumeCount& out = flood.slot->out[static_cast<std::size_t>(flood.kind)];
  const std::string_view kind = kKinds.at(static_cast<std::size_t>(flood.kind));
  const bool is_spoofed = flood.slot->spoofed * 2 > out.packets;
  const Micros span = span_of(*flood.slot);
  const std::uint64_t came_back = flood.to->answers_about(flood.slot->number);
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
  sighting.measure = kMeasures.at(static_cast<std::size_t>(flood.kind));
  sighting.measured = pps;
  sighting.severity = pps >= 100'000 || Bytes{out.bytes} / span >= Bps{1'000'000'000} ? abuse::Severity::Critical : abuse::Severity::High;
  int percent = flood.kind == VolumeClass::Other ? 80 : 90;
  percent -= view.rate.one_in() > 1 ? 5 : 0;
  percent -= view.answers_visible || flood.kind == VolumeClass::Syn || flood.kind == VolumeClass::Echo ? 0 : 15;
  sighting.confidence = {static_cast<std::uint8_t>(percent)};
  sighting.summary = fmt::format("sent {}{} {} ({} a second, {}) to {} in {}; {} % came back{}", about(view.rate), with_commas(out.packets),
                                 kWords.at(static_cast<std::size_t>(flood.kind)), with_commas(pps), rate_text(Bytes{out.bytes} / span), where,
                                 span_text(span), percent_of(came_back, out.packets), is_spoofed ? "; under forged source addresses" : "");
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
                    {"answers_percent", std::to_string(percent_of(came_back, out.packets))},
                    {"spoofed", is_spoofed ? "yes" : "no"},
                    {"source", to_string(flood.to->source)},
                    {"top_destinations_by_packets", top_text(view, flood.kind)},
                    {"flow", flow_text(*flood.to, out.packets, out.bytes)}};
  return sighting;
}

Sighting connections_of(const Destination& to, const DestinationSlot& slot, const VolumeTracker::View& view, const FloodThresholds& thresholds) {
  constexpr std::uint8_t kConfidence = 45;
  const Micros span = span_of(slot);
  Sighting sighting;
  sighting.abuse_class = abuse::AbuseClass::Flood;
  sighting.kind = "other";
  sighting.series = "flood/connections";
  sighting.first_seen = slot.begin;
  sighting.last_seen = to.newest;
  sighting.strength = slot.opened;
  sighting.severity = abuse::Severity::Info;
  sighting.confidence = {kConfidence};
  sighting.summary =
      fmt::format("opened {}{} connections to {} port {} in {}; a flood of requests looks like that, and so does a proxy in front of it",
                  about(view.rate), with_commas(slot.opened), to_string(to.peer), to.dst_port, span_text(span));
  sighting.floor = fmt::format("fewer than {} connections a second to one host are not mentioned{}",
                               with_commas(thresholds.min_connections_per_second), sampled_clause(view.rate));
  sighting.rate = view.rate;
  sighting.facts = {{"destination", to_string(to.peer)},
                    {"port", std::to_string(to.dst_port)},
                    {"connections", std::to_string(slot.opened)},
                    {"seconds", std::to_string(whole_seconds(span))},
                    {"source", to_string(to.source)},
                    {"flow", flow_text(to, slot.tcp_packets, slot.out[static_cast<std::size_t>(VolumeClass::Other)].bytes)}};
  return sighting;
}

}  // namespace

std::optional<Sighting> judge_flood(const VolumeTracker::View& view, const FloodThresholds& thresholds, FloodExemptions exempt) {
  const Judge judge(view, thresholds, exempt);
  std::optional<Flood> best;
  for (const Destination& to : view.top) {
    if (!to.is_due) {
      continue;
    }
    for (const DestinationSlot& slot : to.slots) {
      for (std::size_t c = 0; c < kVolumeClasses && slot.number >= 0; ++c) {
        const auto kind = static_cast<VolumeClass>(c);
        if (judge.passes(to, slot, kind) && (!best || slot.out.at(c).packets > best->packets)) {
          best = Flood{&to, &slot, kind, slot.out.at(c).packets};
        }
      }
    }
  }
  return best ? std::optional{sighting_of(*best, view, thresholds)} : std::nullopt;
}

std::optional<Sighting> judge_connections(const VolumeTracker::View& view, const FloodThresholds& thresholds) {
  const Judge judge(view, thresholds, {});
  std::optional<Sighting> best;
  for (const Destination& to : view.top) {
    for (const DestinationSlot& slot : to.slots) {
      if (to.is_due && slot.number >= 0 && judge.opens_many(slot) && (!best || slot.opened > best->strength)) {
        best = connections_of(to, slot, view, thresholds);
      }
    }
  }
  return best;
}

}  // namespace pinfold::detect
