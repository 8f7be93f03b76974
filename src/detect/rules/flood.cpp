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

constexpr std::uint64_t kManyAckPorts = 128;          ///< of 256 hashed
constexpr std::uint64_t kPacketsATargetOfAScan = 10;  ///< fewer to each host and port of a network are a scan's

/// What floods, and how the finding calls it.
enum class Deed : std::uint8_t { Syn, Udp, Echo, Answer, Other, Ack };
struct Naming {
  std::string_view kind;
  std::string_view measure;
  std::string_view words;
};
constexpr std::array<Naming, 6> kNamings = {Naming{"syn", "flood.min_syn_pps", "TCP connection requests (SYN)"},
                                            Naming{"udp", "flood.min_udp_pps", "UDP packets"},
                                            Naming{"icmp", "flood.min_icmp_pps", "pings"},
                                            Naming{"udp", "flood.min_udp_pps", "UDP packets"},
                                            Naming{"other", "flood.min_other_pps", "packets"},
                                            Naming{"other", "flood.min_ack_pps", "TCP acknowledgements of nothing (ACK)"}};
constexpr std::array<Deed, 6> kDeeds = {Deed::Syn, Deed::Udp, Deed::Echo, Deed::Answer, Deed::Other, Deed::Ack};

const Naming& naming_of(Deed deed) { return kNamings.at(static_cast<std::size_t>(deed)); }

struct Flood {
  const Destination* to = nullptr;
  const DestinationSlot* slot = nullptr;
  Deed deed = Deed::Other;
  VolumeCount out;
  std::size_t hosts = 1;  ///< of a network
  [[nodiscard]] bool is_spread() const { return hosts > 1; }
};

/// What counts for that deed in a slot.
VolumeCount count_of(const DestinationSlot& slot, Deed deed) {
  if (deed != Deed::Ack) {
    return slot.out.at(static_cast<std::size_t>(deed));
  }
  constexpr std::uint64_t kBareAck = 52;
  return {slot.bare_acks, slot.bare_acks_seen, std::uint64_t{slot.bare_acks} * kBareAck};
}

Micros span_of(const DestinationSlot& slot) { return std::clamp<Micros>(slot.span(), kShortest, kSlot); }

class Judge {
public:
  Judge(const VolumeTracker::View& view, const FloodThresholds& thresholds, FloodExemptions exempt)
      : x_view(view), x_thresholds(thresholds), x_exempt(exempt) {}

  [[nodiscard]] bool passes(const Destination& to, const DestinationSlot& slot, Deed deed) const {
    const VolumeCount out = count_of(slot, deed);
    const bool is_sampled = x_view.rate.one_in() > 1;
    const bool is_enough = is_at_rate(slot, out.packets, least(deed)) && (!is_sampled || out.seen >= x_thresholds.min_sampled_packets);
    if (!is_enough) {
      return false;
    }
    switch (deed) {
      case Deed::Syn: {
        const bool is_scan = slot.ports.count() >= kManyPorts && !is_at_rate(slot, out.packets, kScanFactor * least(deed));
        return !is_scan && percent_of(out.packets, slot.tcp_packets) >= x_thresholds.min_syn_percent;
      }
      case Deed::Udp: return !x_exempt.udp && is_one_sided(to, slot, out);
      // Answers of a service that was asked are the reflector rule's.
      case Deed::Answer: return !x_exempt.udp && to.packets_in == 0 && is_one_sided(to, slot, out);
      case Deed::Echo: return true;
      case Deed::Other: {
        const bool is_small = std::uint64_t{slot.tcp_packets} * 2 < out.packets || out.bytes <= out.packets * kSmallTcp;
        return x_view.answers_visible && is_small && is_one_sided(to, slot, out) &&
               (!is_sampled || out.seen >= 10 * x_thresholds.min_sampled_packets);
      }
      case Deed::Ack: {
        const std::uint64_t least_ports = is_sampled ? std::min<std::uint64_t>(kManyAckPorts, out.seen / 2) : kManyAckPorts;
        const bool are_connections = std::uint64_t{slot.opened} * 100 > out.packets;  // whose answers take another way
        return x_view.answers_visible && !are_connections && slot.ack_ports.count() >= least_ports && is_one_sided(to, slot, out);
      }
    }
    return false;
  }
  /// Of a whole network: spread over many of its hosts, each of them again and again; whoever asks everybody once is a scanner.
  [[nodiscard]] bool passes(const Network& network, const DestinationSlot& slot, Deed deed) const {
    const std::size_t hosts = network.hosts_in(slot.number);
    const VolumeCount out = count_of(slot, deed);
    const bool is_sampled = x_view.rate.one_in() > 1;
    const std::uint64_t least_hosts =
        is_sampled ? std::min<std::uint64_t>(x_thresholds.min_network_hosts, out.seen / 2) : x_thresholds.min_network_hosts;
    const std::uint64_t targets = (is_sampled ? 256U : hosts) * (deed == Deed::Syn ? std::max<std::uint64_t>(slot.ports.count(), 1) : 1U);
    return deed != Deed::Answer && hosts >= std::max<std::uint64_t>(least_hosts, 2) && out.packets >= targets * kPacketsATargetOfAScan &&
           passes(network.sum, slot, deed);
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
  [[nodiscard]] std::uint64_t least(Deed deed) const {
    const std::uint64_t blind = x_view.answers_visible ? 1 : x_thresholds.blind_factor;
    switch (deed) {
      case Deed::Syn: return x_thresholds.min_syn_pps;
      case Deed::Udp:
      case Deed::Answer: return x_thresholds.min_udp_pps * blind;
      case Deed::Echo: return x_thresholds.min_icmp_pps;
      case Deed::Other: return x_thresholds.min_other_pps;
      case Deed::Ack: return x_thresholds.min_ack_pps;
    }
    return 0;
  }
  [[nodiscard]] bool is_one_sided(const Destination& to, const DestinationSlot& slot, const VolumeCount& out) const {
    const std::uint64_t most = x_thresholds.max_answer_percent;
    return to.is_settled && to.answers_about(slot.number) * 100 <= out.packets * most && to.packets_in * 100 <= to.packets_out * most;
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
std::string top_text(const VolumeTracker::View& view, Deed deed) {
  constexpr std::size_t kMost = 5;
  std::vector<std::pair<std::uint64_t, net::IpAddress>> all;
  for (const Destination& to : view.top) {
    std::uint64_t packets = 0;
    for (const DestinationSlot& slot : to.slots) {
      packets += slot.number >= 0 ? count_of(slot, deed).packets : 0;
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

std::string destination_text(const Flood& flood) {
  if (flood.is_spread()) {
    return fmt::format("{} hosts of {}", flood.hosts, to_string(network_of(flood.to->peer)));
  }
  const bool has_port = flood.deed != Deed::Echo && flood.deed != Deed::Other;
  return has_port ? fmt::format("{} port {}", to_string(flood.to->peer), flood.to->dst_port) : to_string(flood.to->peer);
}

int confidence_of(const Flood& flood, const VolumeTracker::View& view) {
  int percent = flood.deed == Deed::Other ? 80 : 90;
  percent -= view.rate.one_in() > 1 ? 5 : 0;
  percent -= view.answers_visible || flood.deed == Deed::Syn || flood.deed == Deed::Echo ? 0 : 15;
  return percent - (flood.is_spread() ? 5 : 0);
}

std::string floor_text(const VolumeTracker::View& view, const FloodThresholds& thresholds) {
  const std::string floor = fmt::format(
      "fewer than {} SYNs, {} UDP packets, {} pings or {} bare acknowledgements a second to one destination, or to one "
      "network in sum, are not reported{}",
      with_commas(thresholds.min_syn_pps), with_commas(thresholds.min_udp_pps), with_commas(thresholds.min_icmp_pps),
      with_commas(thresholds.min_ack_pps), sampled_clause(view.rate));
  return view.answers_visible ? floor : floor + "; answers are not visible here, so UDP floods need to be heavier";
}

Sighting sighting_of(const Flood& flood, const VolumeTracker::View& view, const FloodThresholds& thresholds) {
  const VolumeCount& out = flood.out;
  const Naming& naming = naming_of(flood.deed);
  const bool is_spoofed = flood.slot->spoofed * 2 > out.packets;
  const Micros span = span_of(*flood.slot);
  const std::uint64_t came_back = flood.to->answers_about(flood.slot->number);
  const std::uint64_t pps = std::uint64_t{out.packets} * 1'000'000 / static_cast<std::uint64_t>(span.count());
  Sighting sighting;
  sighting.abuse_class = abuse::AbuseClass::Flood;
  sighting.kind = naming.kind;
  sighting.series = fmt::format("flood/{}", naming.kind);
  sighting.first_seen = flood.to->first;
  sighting.last_seen = flood.to->newest;
  sighting.strength = out.packets;
  sighting.measure = naming.measure;
  sighting.measured = pps;
  sighting.severity = pps >= 100'000 || Bytes{out.bytes} / span >= Bps{1'000'000'000} ? abuse::Severity::Critical : abuse::Severity::High;
  sighting.confidence = {static_cast<std::uint8_t>(confidence_of(flood, view))};
  sighting.summary = fmt::format("sent {}{} {} ({} a second, {}) to {} in {}; {} % came back{}", about(view.rate), with_commas(out.packets),
                                 naming.words, with_commas(pps), rate_text(Bytes{out.bytes} / span), destination_text(flood), span_text(span),
                                 percent_of(came_back, out.packets), is_spoofed ? "; under forged source addresses" : "");
  sighting.floor = floor_text(view, thresholds);
  sighting.rate = view.rate;
  sighting.facts = {{"destination", flood.is_spread() ? to_string(network_of(flood.to->peer)) : to_string(flood.to->peer)},
                    {"destination_hosts", std::to_string(flood.hosts)},
                    {"protocol", protocol_name(flood.to->protocol)},
                    {"port", std::to_string(flood.to->dst_port)},
                    {"packets", std::to_string(out.packets)},
                    {"packets_per_second", std::to_string(pps)},
                    {"bits_per_second", std::to_string((Bytes{out.bytes} / span).value)},
                    {"packets_seen", std::to_string(out.seen)},
                    {"answers_percent", std::to_string(percent_of(came_back, out.packets))},
                    {"spoofed", is_spoofed ? "yes" : "no"},
                    {"source", to_string(flood.to->source)},
                    {"top_destinations_by_packets", top_text(view, flood.deed)},
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
  const auto look = [&](const Destination& to, const auto& passes, const auto& hosts) {
    for (const DestinationSlot& slot : to.slots) {
      for (const Deed deed : kDeeds) {
        if (slot.number >= 0 && passes(slot, deed) && (!best || count_of(slot, deed).packets > best->out.packets)) {
          best = Flood{&to, &slot, deed, count_of(slot, deed), hosts(slot)};
        }
      }
    }
  };
  for (const Destination* const to : view.due) {
    look(
        *to, [&](const DestinationSlot& slot, Deed deed) { return judge.passes(*to, slot, deed); },
        [](const DestinationSlot&) { return std::size_t{1}; });
  }
  if (!best) {
    for (const Network* const network : view.due_networks) {
      look(
          network->sum, [&](const DestinationSlot& slot, Deed deed) { return judge.passes(*network, slot, deed); },
          [&](const DestinationSlot& slot) { return network->hosts_in(slot.number); });
    }
  }
  return best ? std::optional{sighting_of(*best, view, thresholds)} : std::nullopt;
}

std::optional<Sighting> judge_connections(const VolumeTracker::View& view, const FloodThresholds& thresholds) {
  const Judge judge(view, thresholds, {});
  std::optional<Sighting> best;
  for (const Destination* const to : view.due) {
    for (const DestinationSlot& slot : to->slots) {
      if (slot.number >= 0 && judge.opens_many(slot) && (!best || slot.opened > best->strength)) {
        best = connections_of(*to, slot, view, thresholds);
      }
    }
  }
  return best;
}

}  // namespace pinfold::detect
