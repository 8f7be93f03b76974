#include "detect/rules/file_sharing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "detect/rules/words.hpp"

namespace pinfold::detect {

std::optional<Sighting> judge_file_sharing(const ClientView& view, const FileSharingThresholds& thresholds) {
  constexpr std::uint8_t kConfidence = 60;
  if (!thresholds.is_forbidden || view.recent.size() * view.recent.scale() < thresholds.min_peers) {
    return std::nullopt;
  }
  std::set<net::IpAddress> peers;
  std::set<std::uint16_t> ports;
  std::uint64_t contacts = 0;
  std::uint64_t answered = 0;
  WallTime first{Micros::max()};
  WallTime last;
  view.recent.for_each([&](const Contact& contact) {
    if (!contact.is_outbound() || is_icmp(contact.key.protocol) || contact.key.port < 1024) {
      return;
    }
    ++contacts;
    answered += contact.is_answered() ? 1U : 0U;
    peers.insert(contact.key.peer);
    ports.insert(contact.key.port);
    first = std::min(first, contact.first);
    last = std::max(last, contact.last);
  });
  const bool is_swarm = peers.size() * view.recent.scale() >= thresholds.min_peers && ports.size() * 2 >= contacts && answered * 10 >= contacts;
  if (!is_swarm) {
    return std::nullopt;
  }
  const std::uint64_t number = peers.size() * view.recent.scale();
  Sighting sighting;
  sighting.abuse_class = abuse::AbuseClass::FileSharing;
  sighting.kind = "peer_to_peer";
  sighting.series = "file_sharing";
  sighting.first_seen = first;
  sighting.last_seen = last;
  sighting.strength = number;
  sighting.severity = abuse::Severity::Low;
  sighting.confidence = {kConfidence};
  sighting.summary = fmt::format("exchanged packets with {} hosts on {} different high ports in {}, as peer-to-peer file sharing does",
                                 with_commas(number), with_commas(ports.size() * view.recent.scale()), span_text(last - first));
  sighting.floor = fmt::format("fewer than {} peers are not reported{}", thresholds.min_peers, sampled_clause(view.rate));
  sighting.rate = view.rate;
  sighting.facts = {{"peers", std::to_string(number)},
                    {"ports", std::to_string(ports.size() * view.recent.scale())},
                    {"answered_percent", std::to_string(percent_of(answered, contacts))},
                    {"source", to_string(view.source)}};
  return sighting;
}

}  // namespace pinfold::detect
