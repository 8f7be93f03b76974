#include "desk/incidents.hpp"

#include <algorithm>

namespace pinfold::desk {
namespace {

Incident* find_mutable(Case& c, IncidentId id) {
  const auto found = std::find_if(c.incidents.begin(), c.incidents.end(), [&](const Incident& i) { return i.id == id; });
  return found == c.incidents.end() ? nullptr : &*found;
}

/// Moves everything of `from` into `into`.
void merge(Case& c, IncidentId from, IncidentId into) {
  const Incident* source = find_incident(c, from);
  Incident* target = find_mutable(c, into);
  if (source == nullptr || target == nullptr || from == into) {
    return;
  }
  target->first_seen = std::min(target->first_seen, source->first_seen);
  target->last_seen = std::max(target->last_seen, source->last_seen);
  target->origins.insert(source->origins.begin(), source->origins.end());
  target->classes.insert(source->classes.begin(), source->classes.end());
  target->max_confidence = std::max(target->max_confidence, source->max_confidence);
  target->findings.insert(target->findings.end(), source->findings.begin(), source->findings.end());
  for (auto& [id, sighting] : c.findings) {
    if (sighting.incident == from) {
      sighting.incident = into;
    }
  }
  std::erase_if(c.incidents, [&](const Incident& i) { return i.id == from; });
}

void note_sighting(Case& c, std::uint32_t seq, const Span& span, const FindingRecorded& event, Incident& incident) {
  const abuse::Finding& f = event.finding;
  const auto [at, is_new] = c.findings.try_emplace(f.id);
  Sighting& s = at->second;
  if (!is_new) {
    std::erase(incident.findings, s.seq);
  }
  if (is_new || span.last >= s.last_seen) {
    s.seq = seq;
    s.last_seen = span.last;
  }
  s.first_seen = is_new ? span.first : std::min(s.first_seen, span.first);
  s.incident = incident.id;
  s.origin = f.origin;
  s.abuse_class = f.abuse_class;
  s.confidence = f.confidence;
  s.detected_at = f.detected_at;
  incident.findings.push_back(s.seq);
}

void keep_within_bounds(Case& c) {
  if (c.findings.size() > kMaxSightings) {
    c.findings.erase(
        std::min_element(c.findings.begin(), c.findings.end(), [](const auto& a, const auto& b) { return a.second.last_seen < b.second.last_seen; }));
  }
  std::sort(c.incidents.begin(), c.incidents.end(),
            [](const Incident& a, const Incident& b) { return std::pair(a.first_seen, a.id) < std::pair(b.first_seen, b.id); });
  if (c.incidents.size() > kMaxIncidents) {
    merge(c, c.incidents[0].id, c.incidents[1].id);
  }
}

}  // namespace

Span span_of(const abuse::Finding& finding, WallTime recorded) {
  const WallTime last = std::min(finding.last_seen, recorded);
  return {std::min(finding.first_seen, last), last};
}

Placement place(const Case& c, const abuse::Finding& finding, WallTime recorded, Micros quiet_gap) {
  const Span span = span_of(finding, recorded);
  const auto earlier = c.findings.find(finding.id);
  std::vector<IncidentId> touched;
  for (const Incident& i : c.incidents) {
    const bool is_home = earlier != c.findings.end() && earlier->second.incident == i.id;
    if (is_home || (i.first_seen - span.last <= quiet_gap && span.first - i.last_seen <= quiet_gap)) {
      touched.push_back(i.id);
    }
  }
  if (touched.empty()) {
    return {IncidentId{c.incidents_made + 1}, true, {}};
  }
  std::sort(touched.begin(), touched.end());
  return {touched.front(), false, {touched.begin() + 1, touched.end()}};
}

void record_finding(Case& c, std::uint32_t seq, WallTime recorded, const FindingRecorded& event) {
  const Span span = span_of(event.finding, recorded);
  if (find_incident(c, event.incident) == nullptr) {
    Incident fresh;
    fresh.id = event.incident;
    fresh.first_seen = span.first;
    fresh.last_seen = span.last;
    c.incidents.push_back(std::move(fresh));
    c.incidents_made = std::max(c.incidents_made, event.incident.value);
  }
  for (const IncidentId joined : event.joins) {
    merge(c, joined, event.incident);
  }
  Incident& incident = *find_mutable(c, event.incident);
  incident.first_seen = std::min(incident.first_seen, span.first);
  incident.last_seen = std::max(incident.last_seen, span.last);
  incident.origins.insert(event.finding.origin);
  incident.classes.insert(event.finding.abuse_class);
  incident.max_confidence = std::max(incident.max_confidence, event.finding.confidence.percent);
  note_sighting(c, seq, span, event, incident);
  keep_within_bounds(c);
}

const Incident* find_incident(const Case& c, IncidentId id) {
  const auto found = std::find_if(c.incidents.begin(), c.incidents.end(), [&](const Incident& i) { return i.id == id; });
  return found == c.incidents.end() ? nullptr : &*found;
}

std::optional<WallTime> last_activity(const Case& c) {
  std::optional<WallTime> latest;
  for (const Incident& i : c.incidents) {
    latest = latest ? std::max(*latest, i.last_seen) : i.last_seen;
  }
  return latest;
}

}  // namespace pinfold::desk
