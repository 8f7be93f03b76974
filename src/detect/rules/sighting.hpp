/// What a rule says when it passes, and the life of an incident made of such sayings: the same for every class.
///
///   Sighting ──no running incident of the series, or the last one quiet for `quiet`──▶ new incident ──▶ a finding at once
///      └── else: the incident grows (last_seen), and its strongest sighting is what people read ──▶ the same finding again, at most
///          every `update_interval`
///
/// A series is what makes one story at one detector: "port_scan", "brute_force/ssh", "flood". The finding's id is
/// net/SERVER/SERIES/FIRST_SEEN, so a running incident updates its finding and never pours out new ones.
/// Used by: the rules (rules/*), Detectors. Clock: passed in. Threads: none.
/// Bounds: one incident a (server, series); forgotten `quiet` after its end; kMaxIncidents over all servers, more are refused and counted.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "abuse/finding.hpp"
#include "detect/thresholds.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::detect {

struct Sighting {
  abuse::AbuseClass abuse_class = abuse::AbuseClass::Other;
  std::string kind;
  std::string series;
  WallTime first_seen;  ///< event times
  WallTime last_seen;
  /// The threshold that decided ("port_scan.min_targets_per_minute", as in the policy file) and what was held against it: for `policy simulate`.
  std::string measure;
  std::uint64_t measured = 0;
  std::uint64_t strength = 0;  ///< comparable within a series; the strongest moment is what people should read
  abuse::Severity severity = abuse::Severity::Medium;
  abuse::Confidence confidence;
  std::string summary;
  std::string floor;
  SamplingRate rate;
  std::vector<std::pair<std::string, std::string>> facts;
};

class IncidentBook {
public:
  static constexpr std::size_t kMaxIncidents = 100'000;

  explicit IncidentBook(IncidentThresholds thresholds) : x_thresholds(thresholds) {}

  void note(inventory::ServerIndex server, Sighting sighting);
  /// Incidents that are new, or have gone on since they were last given out and `update_interval` has passed.
  using Emit = std::function<void(inventory::ServerIndex, const Sighting&)>;
  void give_out(WallTime now, const Emit& emit);
  /// The running incident's last event time; nullopt: none known.
  [[nodiscard]] std::optional<WallTime> last_seen(inventory::ServerIndex server, const std::string& series) const;

  /// New order of servers: `old_index[i]` is where server i stood, or Accountant::kUnknown.
  void reorder(const std::vector<std::uint32_t>& old_index);
  [[nodiscard]] std::size_t size() const { return x_incidents.size(); }
  [[nodiscard]] std::uint64_t refused() const { return x_refused; }

private:
  struct Incident {
    Sighting strongest;  ///< with the incident's own first_seen and last_seen
    WallTime given_out;
    std::optional<WallTime> given_out_last_seen;
  };
  using Key = std::pair<inventory::ServerIndex, std::string>;
  IncidentThresholds x_thresholds;
  std::map<Key, Incident> x_incidents;
  std::uint64_t x_refused = 0;
  WallTime x_swept;
};

struct FindingContext {
  ServerId server;
  std::string observation_point;
  std::uint64_t lost_datagrams = 0;
  /// The exporter names the sender's MAC address or port, but these records were charged by source address alone: it could be forged.
  bool could_be_framed = false;
  WallTime now;
};

[[nodiscard]] abuse::Finding finding_of(const Sighting& sighting, FindingContext context);

}  // namespace pinfold::detect
