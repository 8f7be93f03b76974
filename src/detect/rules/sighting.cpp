#include "detect/rules/sighting.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "detect/accountant.hpp"

namespace pinfold::detect {
namespace {

constexpr Micros kSweepInterval = std::chrono::minutes{1};
constexpr int kLossPenalty = 10;
constexpr int kFrameablePenalty = 25;

}  // namespace

void IncidentBook::note(inventory::ServerIndex server, Sighting sighting) {
  const Key key{server, sighting.series};
  auto found = x_incidents.find(key);
  if (found == x_incidents.end()) {
    if (x_incidents.size() >= kMaxIncidents) {
      ++x_refused;
      return;
    }
    x_incidents.emplace(key, Incident{std::move(sighting), {}, std::nullopt});
    return;
  }
  Incident& incident = found->second;
  if (sighting.first_seen - incident.strongest.last_seen > x_thresholds.quiet) {
    incident = Incident{std::move(sighting), {}, std::nullopt};
    return;
  }
  sighting.first_seen = incident.strongest.first_seen;
  sighting.last_seen = std::max(sighting.last_seen, incident.strongest.last_seen);
  if (sighting.strength < incident.strongest.strength) {  // the fiercest moment is what people should read
    incident.strongest.last_seen = sighting.last_seen;
  } else {
    incident.strongest = std::move(sighting);
  }
}

void IncidentBook::give_out(WallTime now, const Emit& emit) {
  for (auto& [key, incident] : x_incidents) {
    const bool is_new = !incident.given_out_last_seen;
    const bool has_news = is_new || incident.strongest.last_seen > *incident.given_out_last_seen;
    if (has_news && (is_new || now - incident.given_out >= x_thresholds.update_interval)) {
      incident.given_out = now;
      incident.given_out_last_seen = incident.strongest.last_seen;
      emit(key.first, incident.strongest);
    }
  }
  if (now - x_swept < kSweepInterval && now >= x_swept) {
    return;
  }
  x_swept = now;
  std::erase_if(x_incidents, [&](const auto& entry) {
    const Incident& incident = entry.second;
    const bool is_said = incident.given_out_last_seen == incident.strongest.last_seen;
    return is_said && now - std::max(incident.given_out, incident.strongest.last_seen) > 2 * x_thresholds.quiet + kSweepInterval;
  });
}

std::optional<WallTime> IncidentBook::last_seen(inventory::ServerIndex server, const std::string& series) const {
  const auto found = x_incidents.find({server, series});
  return found == x_incidents.end() ? std::nullopt : std::optional{found->second.strongest.last_seen};
}

void IncidentBook::reorder(const std::vector<std::uint32_t>& old_index) {
  std::map<std::uint32_t, std::uint32_t> fresh_index;
  for (std::uint32_t i = 0; i < old_index.size(); ++i) {
    if (old_index[i] != Accountant::kUnknown) {
      fresh_index.emplace(old_index[i], i);
    }
  }
  std::map<Key, Incident> fresh;
  for (auto& [key, incident] : x_incidents) {
    if (const auto at = fresh_index.find(key.first.value); at != fresh_index.end()) {
      fresh.emplace(Key{inventory::ServerIndex{at->second}, key.second}, std::move(incident));
    }
  }
  x_incidents = std::move(fresh);
}

abuse::Finding finding_of(const Sighting& sighting, FindingContext context) {
  abuse::Finding finding;
  finding.id = FindingId{fmt::format("net/{}/{}/{}", context.server.value, sighting.series, sighting.first_seen.since_epoch.count())};
  finding.server = std::move(context.server);
  finding.abuse_class = sighting.abuse_class;
  finding.kind = sighting.kind;
  finding.origin = abuse::Origin::Network;
  finding.first_seen = sighting.first_seen;
  finding.last_seen = sighting.last_seen;
  finding.detected_at = context.now;
  finding.severity = sighting.severity;
  const int percent =
      sighting.confidence.percent - (context.lost_datagrams > 0 ? kLossPenalty : 0) - (context.could_be_framed ? kFrameablePenalty : 0);
  finding.confidence = {static_cast<std::uint8_t>(std::max(percent, 1))};
  finding.summary = sighting.summary;
  finding.sampling_rate = sighting.rate;
  finding.floor = sighting.floor;
  finding.lost_datagrams = context.lost_datagrams;
  finding.observation_point = std::move(context.observation_point);
  finding.evidence.facts = sighting.facts;
  if (context.could_be_framed) {
    finding.evidence.facts.emplace_back("charged_by", "source address only, though the exporter knows senders by MAC address: it may be forged");
  }
  return abuse::bounded(std::move(finding));
}

}  // namespace pinfold::detect
