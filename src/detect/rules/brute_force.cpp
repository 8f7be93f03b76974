#include "detect/rules/brute_force.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

#include "detect/rules/login_sessions.hpp"
#include "detect/rules/words.hpp"

namespace pinfold::detect {
namespace {

constexpr std::size_t kMaxSamples = 10;
constexpr std::uint16_t kFtp = 21;
constexpr std::uint16_t kSmtp = 25;
constexpr std::uint64_t kTriesAHost = 3;
constexpr std::uint64_t kTriesABusyHost = 10;
constexpr std::size_t kMostMailHosts = 3;
constexpr std::uint64_t kScannedPercent = 50;
constexpr Micros kLongerThanTimeouts = std::chrono::seconds{30};
constexpr Micros kRefusalTakes = std::chrono::milliseconds{500};
constexpr std::uint32_t kOddPortPackets = 9;  ///< without the SYN
constexpr Micros kOddPortDuration = std::chrono::milliseconds{500};
constexpr std::uint32_t kOddPortSimilar = 80;
constexpr std::array<Micros, kLoginWindows> kWindows = {std::chrono::minutes{1}, std::chrono::minutes{10}, std::chrono::hours{1}};

constexpr std::array<std::uint16_t, 22> kSampledPorts = {21,  22,  23,  990, 992, 2222, 2323, 3389, 5900, 5901, 110,
                                                         143, 465, 587, 993, 995, 1433, 1521, 3306, 5432, 6379, 27'017};
/// Times the thresholds of what is seen whole, for sessions of which the size is unknown.
constexpr std::uint64_t kSampledCaution = 5;
/// Of mail boxes and databases, times the minute's threshold.
constexpr std::array<std::uint64_t, kLoginWindows> kBusyTimes = {2, 15, 75};

bool is_busy_kind(PortKind kind) { return kind == PortKind::MailLogin || kind == PortKind::Database || kind == PortKind::Mail; }

/// Packets that a client sends in a login that fails, without its SYN: what is seen of them, one in so many, tells how many logins there were.
std::uint64_t packets_of_login(std::uint16_t port) {
  switch (kind_of_port(port)) {
    case PortKind::MailLogin: return 10;
    case PortKind::Database: return 5;
    default: break;
  }
  const std::string_view service = service_of_port(port);
  return service == "ssh" ? 13 : service == "rdp" ? 10 : service == "telnet" ? 12 : 7;
}

/// On average; a login is small commands and a key exchange, work fills its packets.
std::uint64_t most_bytes_a_packet(PortKind kind) { return kind == PortKind::MailLogin ? 600 : kind == PortKind::Database ? 150 : 450; }

struct Found {
  LoginGroup group;
  std::optional<net::IpAddress> host;  ///< if one host alone passed
  LoginShape shape;
  std::uint64_t least = 0;  ///< what would have been enough
  Micros window{};
  bool is_sampled = false;
  std::string_view measure;  ///< the threshold that decided
};

/// Most of what was tried on that port never answered: whoever looks for hosts finds some, and says a few words to them.
bool is_scanned(const ClientView& view, std::uint16_t port) {
  std::uint64_t tried = 0;
  std::uint64_t silent = 0;
  view.recent.for_each([&](const Contact& contact) {
    const bool counts = contact.key.protocol == flow::kTcp && contact.key.port == port && contact.is_outbound();
    tried += counts ? 1U : 0U;
    silent += counts && !contact.is_answered() ? 1U : 0U;
  });
  return silent * 100 >= tried * kScannedPercent;
}

/// A try for each host. Exporters tell finished sessions at once and unanswered probes after a time-out, so that a scan's first seconds look alike.
bool is_one_try_each(const LoginGroup& group) { return group.sessions.size() < kTriesAHost * group.hosts.size(); }
bool has_lasted(const LoginGroup& group) {
  const auto [first, last] =
      std::minmax_element(group.sessions.begin(), group.sessions.end(), [](const Session* a, const Session* b) { return a->first < b->first; });
  return (*last)->first - (*first)->first >= kLongerThanTimeouts;
}

/// Sessions of one service (odd ports: one port) that began in a window.
using Groups = std::map<std::uint16_t, LoginGroup>;

class Judge {
public:
  /// `ten_minutes`: all login-sized sessions of that time, for the tries that each host got.
  Judge(const ClientView& view, const BruteForceThresholds& thresholds, BruteForceExemptions exempt, const Groups& ten_minutes)
      : x_view(view), x_thresholds(thresholds), x_exempt(exempt), x_ten_minutes(ten_minutes) {}

  [[nodiscard]] std::optional<Found> judge(std::uint16_t port, const LoginGroup& group, std::size_t window) const {
    const PortKind kind = kind_of_port(port);
    auto found = one_host(kind, group, window);
    if (!found && window == 0 && (kind == PortKind::Login || kind == PortKind::MailLogin || kind == PortKind::Database) && !x_exempt.several_hosts) {
      found = many_hosts(port, group);
    }
    if (found) {
      found->window = kWindows.at(window);
      found->measure = measure_of(*found, kind, window);
    }
    return found;
  }

private:
  [[nodiscard]] std::uint64_t estimate(std::uint64_t sessions) const { return saturating_multiply(sessions, x_view.sessions.scale()); }

  [[nodiscard]] std::uint64_t least_on_one_host(PortKind kind, std::size_t window) const {
    if (window > 0) {
      const std::uint64_t least = window == 1 ? x_thresholds.min_logins_ten_minutes : x_thresholds.min_logins_hour;
      return kind == PortKind::Login ? least : 10 * least;
    }
    switch (kind) {
      case PortKind::Login: return x_thresholds.min_logins_one_host;
      case PortKind::Mail:
      case PortKind::MailLogin:
      case PortKind::Database: return x_thresholds.min_logins_one_host_busy;
      default: return x_thresholds.min_logins_odd_port;
    }
  }

  [[nodiscard]] std::optional<Found> one_host(PortKind kind, const LoginGroup& group, std::size_t window) const {
    const std::uint64_t least = least_on_one_host(kind, window);
    std::optional<Found> best;
    for (const auto& [host, count] : group.hosts) {
      if (estimate(count) < least || (best && best->group.sessions.size() >= count)) {
        continue;
      }
      Found found;
      for (const Session* session : group.sessions) {
        if (session->key.peer == host) {
          found.group.add(*session);
        }
      }
      found.shape = shape_of(found.group.sessions);
      found.host = host;
      found.least = least;
      if (group.port == kFtp && has_data_connections(host, count)) {
        continue;
      }
      const bool is_plain = kind != PortKind::Unknown || (found.shape.packets >= kOddPortPackets && found.shape.duration >= kOddPortDuration &&
                                                          found.shape.similar_percent >= kOddPortSimilar);
      if (is_plain && is_alike(kind, found.shape)) {
        best = std::move(found);
      }
    }
    return best;
  }

  [[nodiscard]] static std::string_view measure_of(const Found& found, PortKind kind, std::size_t window) {
    if (window > 0) {
      return window == 1 ? "brute_force.min_logins_ten_minutes" : "brute_force.min_logins_hour";
    }
    if (is_busy_kind(kind)) {
      return "brute_force.min_logins_one_host_busy";
    }
    return kind == PortKind::Unknown ? "brute_force.min_logins_odd_port"
           : found.host              ? "brute_force.min_logins_one_host"
                                     : "brute_force.min_logins_many_hosts";
  }
  [[nodiscard]] bool is_alike(PortKind kind, const LoginShape& shape) const {
    const bool is_refused = kind != PortKind::MailLogin || shape.duration >= kRefusalTakes;
    return is_refused && shape.similar_percent >= x_thresholds.min_similar_percent;
  }

  /// Passive FTP: whoever got in fetches something from another port of the same host.
  [[nodiscard]] bool has_data_connections(const net::IpAddress& host, std::uint64_t sessions) const {
    std::uint64_t others = 0;
    x_view.recent.for_each([&](const Contact& contact) {
      others += contact.key.protocol == flow::kTcp && contact.key.peer == host && contact.key.port >= 1024 && contact.is_answered() ? 1U : 0U;
    });
    return others * 2 >= sessions;
  }

  [[nodiscard]] static bool has_tries(const LoginGroup& group, std::uint64_t tries) { return group.sessions.size() >= tries * group.hosts.size(); }
  [[nodiscard]] bool came_back(std::uint16_t port) const {
    const auto longer = x_ten_minutes.find(port);
    return longer != x_ten_minutes.end() && has_tries(longer->second, kTriesAHost);
  }

  [[nodiscard]] std::optional<Found> many_hosts(std::uint16_t port, const LoginGroup& group) const {
    const PortKind kind = kind_of_port(port);
    const std::uint64_t logins = estimate(group.sessions.size());
    const std::uint64_t least = kind == PortKind::Login ? x_thresholds.min_logins_many_hosts : x_thresholds.min_logins_one_host_busy;
    const std::uint64_t tries = kind == PortKind::Login ? kTriesAHost : kTriesABusyHost;
    const bool is_persistent = group.hosts.size() > 1 && logins >= least && (has_tries(group, tries) || (kind == PortKind::Login && came_back(port)));
    const bool is_broad = kind == PortKind::Login && group.hosts.size() * x_view.sessions.scale() >= x_thresholds.min_hosts_one_try;
    const LoginShape shape = shape_of(group.sessions);
    if ((!is_persistent && !is_broad) || !is_alike(kind, shape) || (!is_persistent && (!has_lasted(group) || is_scanned(x_view, port)))) {
      return std::nullopt;
    }
    Found found;
    found.group = group;
    found.shape = shape;
    found.least = least;
    return found;
  }

  const ClientView& x_view;
  const BruteForceThresholds& x_thresholds;
  BruteForceExemptions x_exempt;
  const Groups& x_ten_minutes;
};

Groups groups_of(const ClientView& view, Micros window) {
  const WallTime from = view.newest - window;
  std::map<std::uint16_t, LoginGroup> groups;
  view.sessions.for_each([&](const Session& session) {
    if (session.first > from && is_login_sized(session)) {
      groups[session.key.port].add(session);
    }
  });
  for (auto& [port, group] : groups) {
    group.port = port;
  }
  // Who delivers mail to many servers is refused by some of them all day.
  if (const auto mail = groups.find(kSmtp); mail != groups.end() && mail->second.hosts.size() > kMostMailHosts) {
    groups.erase(mail);
  }
  return groups;
}

/// Of a sampled session, one packet or two: its size is unknown, but a long session would have shown more.
std::optional<Found> judge_sampled(const ClientView& view, const BruteForceThresholds& thresholds, std::uint16_t port, std::size_t window) {
  constexpr std::uint32_t kMaxCaught = 3;
  const PortKind kind = kind_of_port(port);
  LoginGroup group;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t longer = 0;
  const WallTime from = view.newest - kWindows.at(window);
  view.sessions.for_each([&](const Session& session) {
    if (session.key.port != port || session.first <= from || session.out_packets == 0) {
      return;
    }
    packets += session.out_packets + session.in_packets;
    bytes += session.out_bytes + session.in_bytes;
    longer += session.out_packets > kMaxCaught ? 1U : 0U;
    group.add(session);
  });
  const std::uint64_t sessions = group.sessions.size();
  const std::uint64_t least = least_sampled_sessions(port, window, view.rate, thresholds);
  const std::uint64_t seen = sessions * view.sessions.scale();
  if (sessions < thresholds.min_sampled_sessions || seen < least || longer * 10 > sessions || bytes > packets * most_bytes_a_packet(kind)) {
    return std::nullopt;
  }
  if (is_one_try_each(group) && (!has_lasted(group) || is_scanned(view, port))) {
    return std::nullopt;
  }
  const std::uint64_t logins = seen * view.rate.one_in() / packets_of_login(port);
  const auto minutes = static_cast<std::uint64_t>(kWindows.at(window) / kWindows[0]);
  if (is_busy_kind(kind) && logins < kTriesABusyHost * minutes * group.hosts.size()) {
    return std::nullopt;
  }
  Found found;
  found.shape = shape_of(group.sessions);
  found.host = group.hosts.size() == 1 ? std::optional{group.hosts.begin()->first} : std::nullopt;
  found.group = std::move(group);
  found.least = least;
  found.window = kWindows.at(window);
  found.is_sampled = true;
  found.measure = "brute_force.min_sampled_sessions";
  return found;
}

std::string top_hosts(const LoginGroup& group) {
  std::vector<std::pair<std::uint64_t, net::IpAddress>> hosts;
  for (const auto& [host, count] : group.hosts) {
    hosts.emplace_back(count, host);
  }
  std::sort(hosts.begin(), hosts.end(), [](const auto& a, const auto& b) { return std::pair{b.first, a.second} < std::pair{a.first, b.second}; });
  std::string text;
  for (std::size_t i = 0; i < std::min(hosts.size(), kMaxSamples); ++i) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", to_string(hosts[i].second), hosts[i].first);
  }
  return text;
}

std::string summary_of(const Found& found, const ClientView& view, std::uint16_t port, std::uint64_t logins, Micros span) {
  const std::string where =
      found.host ? to_string(*found.host) : fmt::format("{} hosts", with_commas(found.group.hosts.size() * view.sessions.scale()));
  if (found.is_sampled) {
    return fmt::format("opened many short sessions to {} on tcp/{} in {}: {} different ones were seen, though only one packet in {} was looked at",
                       where, port, span_text(span), with_commas(logins), with_commas(view.rate.one_in()));
  }
  return fmt::format("opened {} short sessions, all alike, to {} on tcp/{} in {}; each as big as a login that fails", with_commas(logins), where,
                     port, span_text(span));
}

std::string floor_of(const Found& found, const ClientView& view, std::uint16_t port, const BruteForceThresholds& thresholds) {
  if (found.is_sampled) {
    return fmt::format("with one packet in {} looked at, about {} login attempts in {} are needed to be seen", with_commas(view.rate.one_in()),
                       with_commas(std::uint64_t{view.rate.one_in()} * found.least / packets_of_login(port)), span_text(found.window));
  }
  return fmt::format("fewer than {} attempts on one host in {} are not reported; the hour's limit is {}",
                     found.host ? found.least : thresholds.min_logins_one_host, span_text(found.window), thresholds.min_logins_hour);
}

int confidence_of(const Found& found, const ClientView& view, PortKind kind) {
  const std::uint64_t logins = found.group.sessions.size() * view.sessions.scale();
  int percent = logins >= 30 ? 90 : logins >= 10 ? 75 : 60;
  percent -= kind == PortKind::Login ? 0 : 10;
  percent -= found.is_sampled ? 15 : 0;
  percent -= found.window > kWindows[0] ? 10 : 0;
  percent -= !found.host && is_one_try_each(found.group) && !found.is_sampled ? 20 : 0;
  return percent;
}

Sighting sighting_of(const Found& found, const ClientView& view, std::uint16_t port, const BruteForceThresholds& thresholds) {
  const std::string service(service_of_port(port));
  const std::uint64_t logins = found.group.sessions.size() * view.sessions.scale();
  Sighting sighting;
  sighting.abuse_class = abuse::AbuseClass::BruteForce;
  sighting.kind = service;
  sighting.series = service == "unknown" ? fmt::format("brute_force/{}", port) : "brute_force/" + service;
  sighting.first_seen = WallTime{Micros::max()};
  for (const Session* session : found.group.sessions) {
    sighting.first_seen = std::min(sighting.first_seen, session->first);
    sighting.last_seen = std::max(sighting.last_seen, session->last);
  }
  const Micros span = sighting.last_seen - sighting.first_seen;
  sighting.strength = logins;
  sighting.measure = found.measure;
  sighting.measured = logins;
  sighting.severity = logins >= 300 ? abuse::Severity::High : abuse::Severity::Medium;
  sighting.confidence = {static_cast<std::uint8_t>(confidence_of(found, view, kind_of_port(port)))};
  sighting.summary = summary_of(found, view, port, logins, span);
  sighting.floor = floor_of(found, view, port, thresholds);
  sighting.rate = view.rate;
  sighting.facts = {{"service", service},
                    {"port", std::to_string(port)},
                    {"sessions", std::to_string(logins)},
                    {"destinations", std::to_string(found.group.hosts.size() * view.sessions.scale())},
                    {"seconds", std::to_string(whole_seconds(span))},
                    {"source", to_string(view.source)}};
  if (!found.is_sampled) {
    sighting.facts.emplace_back("usual_session", fmt::format("{} packets, {} bytes, {:.1f} s", found.shape.packets, found.shape.bytes,
                                                             static_cast<double>(found.shape.duration.count()) / 1e6));
    sighting.facts.emplace_back("similar_percent", std::to_string(found.shape.similar_percent));
  }
  sighting.facts.emplace_back("top_destinations_by_sessions", top_hosts(found.group));
  auto sessions = found.group.sessions;
  std::sort(sessions.begin(), sessions.end(), [](const Session* a, const Session* b) {
    return std::pair{a->first, a->key} < std::pair{b->first, b->key};
  });
  for (std::size_t i = 0; i < std::min(sessions.size(), kMaxSamples); ++i) {
    const Session& s = *sessions[i];
    sighting.facts.emplace_back("flow", fmt::format("{} port {} -> {} port {} tcp packets={}/{} bytes={}/{}", to_string(s.first), s.key.src_port,
                                                    to_string(s.key.peer), port, s.out_packets, s.in_packets, s.out_bytes, s.in_bytes));
  }
  return sighting;
}

}  // namespace

std::uint64_t least_sampled_sessions(std::uint16_t port, std::size_t window, SamplingRate rate, const BruteForceThresholds& thresholds) {
  const std::array<std::uint64_t, kLoginWindows> patient = {thresholds.min_logins_many_hosts, thresholds.min_logins_ten_minutes * kSampledCaution,
                                                            thresholds.min_logins_hour * kSampledCaution};
  const std::uint64_t logins = is_busy_kind(kind_of_port(port)) ? thresholds.min_logins_one_host_busy * kBusyTimes.at(window) : patient.at(window);
  return std::max<std::uint64_t>(thresholds.min_sampled_sessions, (logins * packets_of_login(port) + rate.one_in() - 1) / rate.one_in());
}

std::vector<Sighting> judge_brute_force(const ClientView& view, const BruteForceThresholds& thresholds, BruteForceExemptions exempt) {
  std::map<std::string, Sighting> best;  // by series
  const auto offer = [&](std::uint16_t port, const std::optional<Found>& found) {
    if (found) {
      Sighting sighting = sighting_of(*found, view, port, thresholds);
      auto [at, is_new] = best.try_emplace(sighting.series, sighting);
      if (!is_new && sighting.strength > at->second.strength) {
        at->second = std::move(sighting);
      }
    }
  };
  const bool is_sampled = view.rate.one_in() > 1;
  const Groups ten_minutes = is_sampled ? Groups{} : groups_of(view, kWindows[1]);
  const Judge judge(view, thresholds, exempt, ten_minutes);
  for (std::size_t window = 0; window < kWindows.size(); ++window) {
    if (window > 0 && kWindows.at(window) > view.session_memory) {
      break;
    }
    if (!is_sampled) {
      for (const auto& [port, group] : groups_of(view, kWindows.at(window))) {
        offer(port, judge.judge(port, group, window));
      }
    } else {
      for (const std::uint16_t port : kSampledPorts) {
        offer(port, judge_sampled(view, thresholds, port, window));
      }
    }
    if (!best.empty()) {
      break;  // the fastest window that passes says when it happened best
    }
  }
  std::vector<Sighting> sightings;
  for (auto& [series, sighting] : best) {
    sightings.push_back(std::move(sighting));
  }
  return sightings;
}

}  // namespace pinfold::detect
