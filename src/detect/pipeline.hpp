/// From flow records to findings: whose record is it, has another exporter told it already, count it, judge it.
/// Used by: collect (live), detect/offline.hpp (files).
///
/// A server is accounted at one observation point: the one that is called like its access port if that exports, else the first that showed
/// it, until that has been silent about it for `point_hold`. Within the point one source is accounted (detect/observation.hpp). Where a
/// source exports the same packets on ingress and on egress, ingress counts. So two border routers that split a server's traffic show
/// only the half of one: give both one name only if they see the same packets.
/// Events:  records without any packet or byte (a firewall's "created" and "denied", a NAT's log) are counted and say that their sender lives. They
/// are
///          no traffic, and no attempts: nobody tells afterwards whether those were answered.
/// Time:    a record happened at its end time as exported, but never after its receipt. Without one, or with one that is more than kMaxSkew
///          ahead or kMaxAge old (counted: the exporter's clock is wrong), it happened when it was received.
/// Loss:    findings carry what the accounted exporter is known to have lost in the last one to two minutes before they were made.
/// Batches: records are attributed first (two prefix look-ups each), and told apart into what servers sent and what they received, so that a
///          processor can foresee the way of each. Then these go through four steps, some records apart: the server's row is asked for, the record
///          is read and its recent contact asked for, its other entries are asked for, and it is counted. The rows of 100,000 servers do not stay in
///          any cache, and waiting for each costs more than all the rest.
/// Clock:   passed in. Threads: none; the owner serialises.
/// Cost:    O(1) a record, no allocation of its own; memory: 740 bytes a server and the contacts of those that make attempts
///          (detect/client_tracker.hpp, which also says what skips the detectors and why nothing is missed).
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "abuse/finding.hpp"
#include "base/fetch_line.hpp"
#include "base/row_table.hpp"
#include "detect/accountant.hpp"
#include "detect/attribution.hpp"
#include "detect/detectors.hpp"
#include "detect/observation.hpp"
#include "detect/server_lookup.hpp"
#include "detect/summary/maker.hpp"
#include "detect/thresholds.hpp"

namespace pinfold::detect {

struct PipelineCounters {
  std::uint64_t records = 0;
  std::uint64_t accounted = 0;       ///< counted for at least one server
  std::uint64_t spare = 0;           ///< told already by another source, point or direction
  std::uint64_t foreign = 0;         ///< of no server of ours
  std::uint64_t events = 0;          ///< without a packet or byte: a firewall or NAT tells that something began or was refused; no traffic
  std::uint64_t late = 0;            ///< too old for some window
  std::uint64_t wrong_clock = 0;     ///< end time after receipt or absurdly old
  std::uint64_t disagreed = 0;       ///< port, MAC and source address named different servers (detect/attribution.hpp)
  std::uint64_t untracked = 0;       ///< attempts that no memory was left for
  std::uint64_t untracked_told = 0;  ///< records that collectors' summaries had no room for; their traffic is counted
  std::uint64_t findings = 0;        ///< handed out, updates included
};

/// What the counters of a server's own interface say it sent and received between two readings.
struct InterfaceTraffic {
  WallTime begin;
  WallTime end;
  Bytes bytes_out;  ///< as the server sees it
  Bytes bytes_in;
  Packets packets_out;
  Packets packets_in;
};

class Pipeline {
public:
  /// Active timeouts go up to half an hour; an export is not older than that.
  static constexpr Micros kMaxAge = std::chrono::hours{1};
  /// Clocks that NTP keeps differ by less.
  static constexpr Micros kMaxSkew = std::chrono::seconds{5};

  /// `hash_seed` should be unpredictable in production and fixed in tests.
  Pipeline(const Thresholds& thresholds, std::shared_ptr<const inventory::Inventory> inventory, std::vector<ObservationSource> sources,
           std::uint64_t hash_seed);

  /// A datagram came from `source`: it lives, even if it had nothing to tell.
  void heard(SourceIndex source, WallTime received) {
    x_sources.heard(source, received);
    x_source_views[source.value].was_heard = true;
  }
  void add(const flow::FlowRecord& record, SourceIndex source, WallTime received) { add_batch({&record, 1}, source, received); }
  /// Any number of records, several times cheaper together from some dozens on. Of kBatch at a time, what servers sent counts before what they
  /// received: exporters hand on the two directions in no order either.
  void add_batch(std::span<const flow::FlowRecord> records, SourceIndex source, WallTime received);
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
  /// Windows near a threshold, for the history (detect/near_miss.hpp); each is handed out once.
  [[nodiscard]] std::vector<NearMiss> take_near_misses(WallTime now) { return x_detectors.take_near_misses(now); }

  /// From now on records are not judged here: they are told to whoever judges, as summaries (summary/summary.hpp). What the accountant keeps for
  /// the history goes on. `origin` must be new in each life of the collector.
  void publish_as(SummaryOrigin origin);
  /// The next batch, if one is due. Call at least once a second.
  [[nodiscard]] std::optional<SummaryBatch> take_batch(WallTime now);
  /// The other end: judges what collectors have told, as SummaryBook hands it out. This pipeline's sources name the collectors' observation points;
  /// its thresholds are those of `judged_by_summaries`. A summary counts as one record.
  void add_merged(const MergedSummaries& merged, WallTime now);
  /// The same thresholds for detectors that learn of an answer up to one batch after its question, and look once a batch.
  [[nodiscard]] static Thresholds judged_by_summaries(Thresholds thresholds);

  /// For servers that no flow export shows: the windows then hold exact figures. Ignored while flows of the server are accounted.
  void add_interface(const ServerId& server, const InterfaceTraffic& traffic, WallTime now);
  /// For the history, see Accountant::take_minutes and take_late: in slices, so that the owner need not hold its lock for long.
  void take_minutes(std::uint32_t first, std::uint32_t count, WallTime now, std::vector<MinuteTraffic>& out);
  void take_late(std::vector<MinuteTraffic>& out, bool everything) { x_accountant.take_late(out, everything); }

  /// Names of the exporters' interfaces, by SourceIndex: from then on records are charged by port where they tell one (detect/attribution.hpp).
  void set_ports(SourcePorts ports);
  /// Records of that sender whose source address, MAC or port named another: a sign of spoofing, or of an inventory that is wrong.
  [[nodiscard]] std::uint64_t disagreements(inventory::ServerIndex server) const { return x_servers[server.value].disagreed; }

  /// What is known of a server stays with its id. Building takes O(addresses) under the owner's lock.
  void set_inventory(std::shared_ptr<const inventory::Inventory> inventory);

private:
  static constexpr std::uint32_t kNoPoint = 0xFFFFFFFF;
  struct ServerView {
    std::uint32_t point = kNoPoint;
    std::uint32_t disagreed = 0;
    WallTime at_point;                          ///< when the point last showed the server
    WallTime outbound;                          ///< end of the last packet from it; 0 = none
    std::array<std::uint32_t, 2> ingress_at{};  ///< by Direction: second when an ingress export last told it; 0 = never
  };
  struct SourceView {
    bool shows_inbound = false;  ///< has ever exported a packet to a server: answers would be seen
    std::int64_t minute = 0;     ///< the running one, of receive time
    std::uint64_t lost_this_minute = 0;
    std::uint64_t lost_last_minute = 0;
    std::uint64_t lost_untold = 0;  ///< since the last batch
    bool was_heard = false;         ///< since the last batch
    void roll_to(WallTime now);
  };
  struct Side {
    inventory::ServerIndex server;
    Direction direction = Direction::Outbound;
    Packets packets;
    Bytes bytes;
  };
  /// What holds for all records of a batch.
  struct Teller {
    SourceIndex source;
    PointIndex point;
    bool is_accounted = false;
    bool is_access_port = false;  ///< the point is some server's own port
    WallTime counts_from;
    WallTime received;
  };
  /// A record as one server's: what it sent, or what it received.
  struct Half {
    std::uint32_t at = 0;  ///< of the chunk
    inventory::ServerIndex server;
    WallTime event;
    bool disagrees = false;   ///< the witnesses of the sender (detect/attribution.hpp)
    bool is_spoofed = false;  ///< charged by port or MAC address, and the source address is not the server's
    bool is_on_wire = false;  ///< charged by port or MAC address
  };
  static constexpr std::size_t kBatch = 512;
  // Records between asking for memory and needing it.
  static constexpr std::size_t kAddressesAhead = 16;
  static constexpr std::size_t kRowsAhead = 20;
  static constexpr std::size_t kPeersAhead = 6;
  static constexpr std::size_t kContactsAhead = 12;
  static constexpr std::size_t kTablesAhead = 6;
  /// What is told to the contacts.
  struct Told {
    Half half;
    Detectors::Reading reading;
  };
  /// Of one kind of a chunk of records.
  template <typename Item>
  struct List {
    std::array<Item, kBatch> all;
    std::size_t count = 0;
    [[nodiscard]] std::span<const Item> items() const { return std::span{all}.first(count); }
  };
  using Halves = List<Half>;
  /// By port, MAC and source address.
  [[nodiscard]] std::optional<Half> witnessed_sender_of(const flow::FlowRecord& record, SourceIndex source) const;
  /// Whose records these are, into x_chunk.
  void tell_apart(std::span<const flow::FlowRecord> chunk, const Teller& teller);
  /// Of the server: what every record of that direction touches.
  void fetch_row(inventory::ServerIndex server, Direction direction) const;
  /// First all are counted, then the contacts are told together.
  template <Direction direction>
  void count_all(const Halves& halves, std::span<const flow::FlowRecord> chunk, const Teller& teller);
  /// Both: whether it counts for anybody; what the contacts are to be told goes to x_chunk.
  [[nodiscard]] bool count_sent(const flow::FlowRecord& record, const Half& half, const Teller& teller);
  [[nodiscard]] bool count_received(const flow::FlowRecord& record, const Half& half, const Teller& teller);
  void tell(const Half& half, const std::optional<Detectors::Reading>& reading) {
    if (reading) {
      x_chunk->told.all[x_chunk->told.count++] = {half, *reading};
    }
  }
  [[nodiscard]] WallTime event_time(const flow::FlowRecord& record, WallTime received);
  [[nodiscard]] static Micros duration_of(const flow::FlowRecord& record);
  /// Its observation point lives: silence is silence.
  [[nodiscard]] bool is_watched(inventory::ServerIndex server, WallTime now) const;
  void note_outbound(inventory::ServerIndex server, WallTime event) {
    x_servers[server.value].outbound = std::max(x_servers[server.value].outbound, event);
  }
  [[nodiscard]] bool counts(const Side& side, const flow::FlowRecord& record, WallTime event, const Teller& teller);
  [[nodiscard]] bool count(const Side& side, const flow::FlowRecord& record, WallTime event, const Teller& teller);
  [[nodiscard]] std::vector<PointReport> point_reports();
  void add_summary(const Summary& summary, WallTime now);
  [[nodiscard]] std::optional<SourceIndex> source_of(inventory::ServerIndex server) const;

  Thresholds x_thresholds;
  ObservationSources x_sources;
  std::unique_ptr<ServerLookup> x_lookup;
  SourcePorts x_port_names;
  PortServers x_ports;
  /// Two cache lines, of which a record that was received touches only the first, and the accountant's.
  using Rows = RowTable<ServerView, ClientTracker::Trace, VolumeGate, ClientTracker::Tables, Accountant::Row>;
  static_assert(sizeof(ServerView) + sizeof(ClientTracker::Trace) == kCacheLine && sizeof(VolumeGate) + sizeof(ClientTracker::Tables) == kCacheLine);
  [[nodiscard]] static ClientTracker::Rows client_rows(const Rows& rows) {
    return {rows.column<ClientTracker::Trace>(), rows.column<ClientTracker::Tables>()};
  }
  Rows x_rows;
  Column<ServerView> x_servers;  ///< of x_rows
  Column<VolumeGate> x_gates;    ///< of x_rows
  std::vector<SourceView> x_source_views;
  Accountant x_accountant;
  Detectors x_detectors;
  std::unique_ptr<SummaryMaker> x_maker;  ///< if set, it is told what the detectors would be
  PipelineCounters x_counters;
  /// Of the running chunk.
  struct Chunk {
    Halves sent;
    Halves received;
    List<Told> told;                          ///< of what was sent, then of what was received
    std::array<bool, kBatch> is_accounted{};  ///< for at least one server
  };
  std::unique_ptr<Chunk> x_chunk;
};

}  // namespace pinfold::detect
