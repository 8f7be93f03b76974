#include "desk/story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "desk/incidents.hpp"
#include "net/ip_address.hpp"

namespace pinfold::desk {
namespace {

std::string fact_of(const abuse::Finding& finding, std::string_view name) {
  const auto& facts = finding.evidence.facts;
  const auto found = std::find_if(facts.begin(), facts.end(), [&](const auto& fact) { return fact.first == name; });
  return found == facts.end() ? std::string{} : found->second;
}

bool is_of_address(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' || c == ':'; }

/// "198.51.100.7:22" → the address; IPv6 with a port stands in brackets, which are no part of a word here.
std::optional<net::IpAddress> address_in(std::string_view word) {
  if (const auto whole = net::IpAddress::parse(word)) {
    return whole;
  }
  const auto colon = word.rfind(':');
  return colon != std::string_view::npos && word.find(':') == colon ? net::IpAddress::parse(word.substr(0, colon)) : std::nullopt;
}

/// Every address that stands in the evidence, but for the server's own.
std::set<std::string> named_addresses(const abuse::Finding& finding) {
  std::set<std::string> named;
  for (const auto& [name, value] : finding.evidence.facts) {
    const bool is_own = name == "source";
    for (std::size_t at = 0; !is_own && at < value.size() && named.size() < kMaxNamed;) {
      std::size_t end = at;
      while (end < value.size() && is_of_address(value[end])) {
        ++end;
      }
      if (end - at >= 3) {
        if (const auto address = address_in(std::string_view(value).substr(at, end - at))) {
          named.insert(to_string(*address));
        }
      }
      at = end + 1;
    }
  }
  named.erase(fact_of(finding, "source"));
  return named;
}

struct Told {
  std::uint32_t seq = 0;
  const abuse::Finding* finding = nullptr;
  Span span;
  std::set<std::string> addresses;
};

/// The latest statements of the incident's findings.
std::vector<Told> told_in(const Case& c, const std::vector<Event>& events, IncidentId id) {
  std::vector<Told> all;
  const Incident* incident = find_incident(c, id);
  if (incident == nullptr) {
    return all;
  }
  for (const std::uint32_t seq : incident->findings) {
    const auto event = std::find_if(events.begin(), events.end(), [&](const Event& e) { return e.seq == seq; });
    const auto* recorded = event == events.end() ? nullptr : std::get_if<FindingRecorded>(&event->body);
    if (recorded != nullptr) {
      all.push_back({seq, &recorded->finding, span_of(recorded->finding, event->at), named_addresses(recorded->finding)});
    }
  }
  std::sort(all.begin(), all.end(), [](const Told& a, const Told& b) { return std::pair(a.span.first, a.seq) < std::pair(b.span.first, b.seq); });
  if (all.size() > kMaxStoryFindings) {
    all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(kMaxStoryFindings));
  }
  return all;
}

std::string seconds_text(Micros span) { return pinfold::to_string(Micros(std::chrono::duration_cast<Seconds>(span))); }

std::optional<MadeBy> link_of(const Told& host, const Told& traffic) {
  const auto shared = std::find_if(host.addresses.begin(), host.addresses.end(), [&](const auto& a) { return traffic.addresses.contains(a); });
  if (shared != host.addresses.end()) {
    return MadeBy{0, 0, Link::Connection, "both name " + *shared};
  }
  if (host.span.first - traffic.span.last > kClockMargin || traffic.span.first - host.span.last > kBeforeTraffic) {
    return std::nullopt;
  }
  const Micros before = traffic.span.first - host.span.first;
  const std::string why = before >= Micros{0} ? fmt::format("started {} before it began", seconds_text(before))
                                              : fmt::format("was run while it went on, {} after it began", seconds_text(-before));
  return MadeBy{0, 0, Link::Time, why};
}

Actor actor_of(const Told& told) {
  const abuse::Finding& f = *told.finding;
  std::string script = fact_of(f, "script");
  if (script.empty() && !f.evidence.files.empty()) {
    script = f.evidence.files.front().path;
  }
  return {told.seq, std::move(script), fact_of(f, "process"), fact_of(f, "user"), fact_of(f, "ancestry"), f.summary, told.span.first};
}

std::string name_of(const Actor& actor) {
  std::string in_brackets = actor.process.empty() ? std::string{} : "process " + actor.process;
  if (!actor.user.empty()) {
    in_brackets += (in_brackets.empty() ? "" : ", ") + actor.user;
  }
  const std::string& name = actor.script.empty() ? actor.summary : actor.script;
  return in_brackets.empty() ? name : fmt::format("{} ({})", name, in_brackets);
}

}  // namespace

Story tell_story(const Case& c, const std::vector<Event>& events, IncidentId incident) {
  Story story;
  story.incident = incident;
  std::vector<Told> hosts;
  std::vector<Told> traffic;
  for (Told& told : told_in(c, events, incident)) {
    if (told.finding->origin == abuse::Origin::Host) {
      hosts.push_back(std::move(told));
    } else if (told.finding->origin == abuse::Origin::Network) {
      traffic.push_back(std::move(told));
    }
  }
  for (const Told& host : hosts) {
    story.actors.push_back(actor_of(host));
  }
  for (std::size_t deed = 0; deed < traffic.size(); ++deed) {
    const Told& t = traffic[deed];
    story.deeds.push_back({t.seq, t.finding->abuse_class, t.finding->summary, t.span.first, t.span.last});
    std::vector<MadeBy> links;
    for (std::size_t actor = 0; actor < hosts.size(); ++actor) {
      if (auto link = link_of(hosts[actor], t)) {
        link->actor = actor;
        link->deed = deed;
        links.push_back(*std::move(link));
      }
    }
    const bool has_sure = std::any_of(links.begin(), links.end(), [](const MadeBy& l) { return l.link == Link::Connection; });
    std::copy_if(links.begin(), links.end(), std::back_inserter(story.links),
                 [&](const MadeBy& l) { return !has_sure || l.link == Link::Connection; });
  }
  return story;
}

std::vector<std::string> story_lines(const Story& story) {
  std::vector<std::string> lines;
  std::set<std::size_t> explained;
  std::set<std::size_t> busy;
  for (const MadeBy& link : story.links) {
    const Deed& deed = story.deeds[link.deed];
    lines.push_back(fmt::format("#{} {}: {}, by {}{}: {}", deed.seq, abuse::title(deed.abuse_class), deed.summary, name_of(story.actors[link.actor]),
                                link.link == Link::Connection ? "" : ", most likely", link.why));
    explained.insert(link.deed);
    busy.insert(link.actor);
  }
  for (std::size_t i = 0; i < story.deeds.size(); ++i) {
    if (!explained.contains(i)) {
      lines.push_back(fmt::format("#{} {}: {}, by a process that nobody has seen", story.deeds[i].seq, abuse::title(story.deeds[i].abuse_class),
                                  story.deeds[i].summary));
    }
  }
  for (std::size_t i = 0; i < story.actors.size(); ++i) {
    if (!busy.contains(i)) {
      lines.push_back(fmt::format("#{} {}: no traffic of this incident answers to it", story.actors[i].seq, name_of(story.actors[i])));
    }
  }
  return lines;
}

}  // namespace pinfold::desk
