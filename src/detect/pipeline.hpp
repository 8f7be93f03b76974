/// From flow records to findings: whose record is it, has another exporter told it already, count it, judge it.
/// Used by: collect (live), detect/offline.hpp (files).
///
/// A server is accounted at one observation point: the one that is called like its access port if that exports, else the first that showed
/// it, until that has been silent about it for `point_hold`. Within the point one source is accounted (detect/observation.hpp). Where a
/// source exports the same packets on ingress and on egress, ingress counts. So two border routers that split a server's traffic show
/// only the half of one: give both one name only if they see the same packets.
/// Time:    a record happened at its end time as exported, but never after its receipt. Without one, or with one that is more than kMaxSkew
///          ahead or kMaxAge old (counted: the exporter's clock is wrong), it happened when it was received.
/// Loss:    findings carry what the accounted exporter is known to have lost in the last one to two minutes before they were made.
/// Clock:   passed in. Threads: none; the owner serialises.
/// Cost:    O(1) a record; memory: 400 bytes a server and the contacts of those that make attempts (detect/client_tracker.hpp).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "abuse/finding.hpp"
#include "detect/accountant.hpp"
#include "detect/detectors.hpp"
#include "detect/observation.hpp"
#include "detect/server_lookup.hpp"
#include "detect/thresholds.hpp"

namespace pinfold::detect {

struct PipelineCounters {
  std::uint64_t records = 0;
  std::uint64_t accounted = 0;    ///< counted for at least one server
  std::uint64_t spare = 0;        ///< told already by another source, point or direction
  std::uint64_t foreign = 0;      ///< of no server of ours
  std::uint64_t late = 0;         ///< too old for some window
  std::uint64_t wrong_clock = 0;  ///< end time after receipt or absurdly old
  std::uint64_t untracked = 0;    ///< attempts that no memory was left for
  std::uint64_t findings = 0;     ///< handed out, updates included
};

class Pipeline {
public:
  /// Active timeouts go up to half an hour; an export is not older than that.
  static constexpr Micros kMaxAge = std::chrono::hours{1};
  /// Clocks that NTP keeps differ by less.
  static constexpr Micros kMaxSkew = std::chrono::seconds{5};

  /// `hash_seed` should be unpredictable in production and fixed in tests.
  Pipeline(Thresholds thresholds, std::shared_ptr<const inventory::Inventory> inventory, std::vector<ObservationSource> sources,
           std::uint64_t hash_seed);

  /// A datagram came from `source`: it lives, even if it had nothing to tell.
  void heard(SourceIndex source, WallTime received) { x_sources.heard(source, received); }
  void add(const flow::FlowRecord& record, SourceIndex source, WallTime received);
  /// Exports of `source` that are known to be lost (gaps in sequence numbers, full socket buffers).
  void note_loss(SourceIndex source, std::uint64_t datagrams, WallTime now);

  /// New findings and updates of running ones. Call a few times a second: contacts settle and incidents update by this clock.
  [[nodiscard]] std::vector<abuse::Finding> take_findings(WallTime now);

  /// When the last packet from the server ended, by any source, spare ones included: for verifying silence after a port was shut.
  /// Only as right as the exporter's clock and its time-outs.
  [[nodiscard]] std::optional<WallTime> last_outbound(inventory::ServerIndex server) const;
  [[nodiscard]] std::optional<WallTime> last_outbound(const ServerId& server) const;
  [[nodiscard]] const Accountant& accountant() const { return x_accountant; }
  [[nodiscard]] PipelineCounters counters() const;
  [[nodiscard]] const inventory::Inventory& inventory() const { return x_lookup->inventory(); }
  [[nodiscard]] bool is_accounted(SourceIndex source) const { return x_sources.accounted(source); }
  [[nodiscard]] std::size_t contact_slots() const { return x_detectors.clients().recent_slots(); }
  [[nodiscard]] const Detectors& detectors() const { return x_detectors; }
  /// What was learned of the servers, to be kept over restarts.
  [[nodiscard]] Baselines& baselines() { return x_detectors.baselines(); }

  /// What is known of a server stays with its id. Building takes O(addresses) under the owner's lock.
  void set_inventory(std::shared_ptr<const inventory::Inventory> inventory);

private:
  static constexpr std::uint32_t kNoPoint = 0xFFFFFFFF;
  struct ServerView {
    std::uint32_t point = kNoPoint;
    WallTime at_point;                ///< when the point last showed the server
    WallTime outbound;                ///< end of the last packet from it; 0 = none
    std::array<WallTime, 2> ingress;  ///< by Direction: when an ingress export last told it
  };
  struct SourceView {
    bool shows_inbound = false;  ///< has ever exported a packet to a server: answers would be seen
    std::int64_t minute = 0;     ///< the running one, of receive time
    std::uint64_t lost_this_minute = 0;
    std::uint64_t lost_last_minute = 0;
    void roll_to(WallTime now);
  };
  struct Side {
    inventory::ServerIndex server;
    Direction direction = Direction::Outbound;
    Packets packets;
    Bytes bytes;
  };
  [[nodiscard]] WallTime event_time(const flow::FlowRecord& record, WallTime received);
  [[nodiscard]] bool counts(const Side& side, const flow::FlowRecord& record, SourceIndex source, WallTime event, WallTime received);
  bool add_side(const Side& side, const flow::FlowRecord& record, SourceIndex source, WallTime event, WallTime received);
  [[nodiscard]] std::optional<SourceIndex> source_of(inventory::ServerIndex server) const;

  Thresholds x_thresholds;
  ObservationSources x_sources;
  std::unique_ptr<ServerLookup> x_lookup;
  std::vector<ServerView> x_servers;
  std::vector<SourceView> x_source_views;
  Accountant x_accountant;
  Detectors x_detectors;
  PipelineCounters x_counters;
};

}  // namespace pinfold::detect
