/// One story out of what the network saw and what the host saw of one incident: which process and which script made which traffic.
/// Used by: notices (what the owner reads), `pinfold case show`, the staff pages. Pure; times are event times, so that late and out-of-order findings
/// find their place.
///
/// Two findings of one incident belong together
///   by connection   the host's evidence names an address that the network's evidence names as well
///   by time         the process had been started (with kClockMargin for two clocks) before the traffic ended, and no longer than kBeforeTraffic
///                   before it began. Most likely, not proven: the words say so.
/// A process that nothing on the wire answers to stays in the story all the same, and so does traffic that no process explains.
/// Bounds:  the latest kMaxStoryFindings findings of the incident; kMaxNamed addresses a finding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "desk/case.hpp"

namespace pinfold::desk {

inline constexpr std::size_t kMaxStoryFindings = 64;
inline constexpr std::size_t kMaxNamed = 64;
/// A server's own clock may be off by so much against ours.
inline constexpr Micros kClockMargin = std::chrono::minutes{2};
/// What was run longer before the traffic has probably nothing to do with it.
inline constexpr Micros kBeforeTraffic = std::chrono::hours{24};

/// What ran on the server, as its agent said it.
struct Actor {
  std::uint32_t seq = 0;
  std::string script;      ///< path, or the program's; may be empty
  std::string process;     ///< its number, as text; may be empty
  std::string user;        ///< may be empty
  std::string started_by;  ///< its ancestry: likely the way in; may be empty
  std::string summary;
  WallTime first_seen;
};
enum class Link : std::uint8_t { Connection, Time };
struct Deed {
  std::uint32_t seq = 0;
  abuse::AbuseClass abuse_class = abuse::AbuseClass::Other;
  std::string summary;
  WallTime first_seen;
  WallTime last_seen;
};
struct MadeBy {
  std::size_t actor = 0;  ///< index into Story::actors
  std::size_t deed = 0;   ///< index into Story::deeds
  Link link = Link::Time;
  std::string why;  ///< "both name 198.51.100.7", "started 3 s before it began"
};
struct Story {
  IncidentId incident;
  std::vector<Actor> actors;  ///< by the time of their start
  std::vector<Deed> deeds;    ///< what the network saw, by the time of its beginning
  std::vector<MadeBy> links;  ///< the surest of each deed first; links by time only where the deed has none by connection
};

/// The story of one incident; empty when the case has no such incident.
[[nodiscard]] Story tell_story(const Case& c, const std::vector<Event>& events, IncidentId incident);
/// One line a link, then what is left over, for people:
///   "#2 port scan: contacted 4812 hosts, by /dev/shm/x.pl (process 812, www-data), most likely: started 3 s before it began"
[[nodiscard]] std::vector<std::string> story_lines(const Story& story);

}  // namespace pinfold::desk
