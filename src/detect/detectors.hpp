/// All detectors behind one door: attributed records go in, findings come out.
///
///   records ─▶ ClientTracker (contacts, sessions) ─▶ scan · brute_force · spam · file_sharing ┐
///          └─▶ VolumeTracker (rates, top destinations) ─▶ flood · reflector                    ├─▶ IncidentBook ─▶ Finding
///   Accountant ─▶ Baselines (hour of the week) ─▶ burst                                       ┘
///
/// Each rule is a pure function of a view and its thresholds (rules/*.hpp: rule, source, memory, floor, who is left alone). Declared roles
/// (inventory/roles.hpp) switch off what they explain until they end.
/// Used by: Pipeline.
/// Clock:   passed in; windows in event time. Threads: none; the owner serialises.
/// Cost:    a record: the two trackers'; an evaluation: only servers with enough contacts or packets to matter, each once a second.
#pragma once

#include <array>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "abuse/finding.hpp"
#include "detect/accountant.hpp"
#include "detect/baselines.hpp"
#include "detect/client_tracker.hpp"
#include "detect/near_miss.hpp"
#include "detect/rules/sighting.hpp"
#include "detect/thresholds.hpp"
#include "detect/volume_tracker.hpp"

namespace pinfold::detect {

class Detectors {
public:
  Detectors(const Thresholds& thresholds, std::shared_ptr<const inventory::Inventory> inventory, ClientTracker::Rows clients,
            std::uint64_t hash_seed);

  struct Attributed {
    inventory::ServerIndex server;
    WallTime event;
    WallTime received;
    bool is_spoofed = false;       ///< the source address is none of the server's: it was charged by MAC address or port
    bool by_address_only = false;  ///< by source address, though the exporter names senders better and the server's MAC address or port is known
  };
  /// A record is counted as it comes; what it means to the contacts, if anything, is told later, several together (`clients`).
  using Reading = ClientTracker::Reading;
  [[nodiscard]] std::optional<Reading> outbound(const Attributed& who, VolumeGate& gate, const flow::FlowRecord& record);
  [[nodiscard]] std::optional<Reading> inbound(inventory::ServerIndex server, const flow::FlowRecord& record, WallTime event);
  [[nodiscard]] ClientTracker& clients() { return x_clients; }
  /// Some records before `outbound` or `inbound`, the second once the first has had its time.
  void fetch(inventory::ServerIndex server) const { x_volumes.prefetch(server); }
  void fetch(inventory::ServerIndex server, const net::IpAddress& peer) const { x_volumes.prefetch(server, peer); }

  /// What the owner knows about a server's observation.
  struct Surroundings {
    std::function<bool(inventory::ServerIndex)> answers_visible;
    std::function<FindingContext(inventory::ServerIndex)> context;
    const Accountant* accountant = nullptr;
  };
  /// New findings and updates of running ones. Call a few times a second.
  [[nodiscard]] std::vector<abuse::Finding> evaluate(WallTime now, const Surroundings& surroundings);

  void set_inventory(std::shared_ptr<const inventory::Inventory> inventory, const std::vector<std::uint32_t>& old_index, ClientTracker::Rows clients);

  [[nodiscard]] const ClientTracker& clients() const { return x_clients; }
  [[nodiscard]] const VolumeTracker& volumes() const { return x_volumes; }
  [[nodiscard]] Baselines& baselines() { return x_baselines; }
  [[nodiscard]] const NearMisses& near_misses() const { return x_near_misses; }
  [[nodiscard]] std::vector<NearMiss> take_near_misses(WallTime now) { return x_near_misses.take(now); }
  [[nodiscard]] std::uint64_t refused() const { return x_clients.refused() + x_incidents.refused(); }

private:
  [[nodiscard]] bool has_role(inventory::ServerIndex server, std::initializer_list<inventory::Role> roles, WallTime at) const;
  void index_roles();
  void look_at_client(inventory::ServerIndex server, const ClientView& view);
  void look_at_volume(inventory::ServerIndex server, const VolumeTracker::View& view, WallTime now);
  void learn(WallTime now, const Surroundings& surroundings);
  void note(inventory::ServerIndex server, Sighting sighting, WallTime now);
  void note_near(inventory::ServerIndex server, const Sighting& sighting, bool did_pass);
  /// `rule(thresholds)` at half the height first, for the near misses.
  template <typename Judge>
  void judge(inventory::ServerIndex server, WallTime now, Judge&& rule);

  Thresholds x_thresholds;
  Thresholds x_halved;
  std::shared_ptr<const inventory::Inventory> x_inventory;
  ClientTracker x_clients;
  VolumeTracker x_volumes;
  Baselines x_baselines;
  IncidentBook x_incidents;
  NearMisses x_near_misses;
  std::unordered_map<std::uint32_t, std::vector<inventory::DeclaredRole>> x_roles;  ///< by server
  std::unordered_map<std::uint32_t, WallTime> x_fast_scans;                         ///< when the last fast scan of a server ended
  std::unordered_map<std::uint32_t, WallTime> x_abusive;                            ///< when a sighting of it was last noted: not learned from
  std::unordered_map<std::uint32_t, WallTime> x_by_address;                         ///< charged by source address where better was to be had
  std::vector<std::uint32_t> x_mail_received;                                       ///< by server: hour of event time of the last mail session to it
  WallTime x_learned;
};

}  // namespace pinfold::detect
