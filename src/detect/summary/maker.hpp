/// Makes a collector's summaries: takes what the pipeline has accounted, adds it up for each server, and gives it out as batches.
///
/// What becomes a sighting is what the detectors read (client_tracker.hpp, volume_tracker.hpp); everything else is in `traffic` alone:
///   - outbound: attempts and sessions, and what else a server sends to whom it turned to; nothing that read_outbound calls nothing;
///   - inbound: from a port that the server has tried; the first mail session and the first few large records to it in each batch; from whom a
///     busy server sends to, and questions to a busy reflector;
///   - everything outbound of a class of packets of which a server sends at least half of what makes it busy for the volume rules.
/// Equal records (both ends, ports, protocol, flags, sampling, and what a contact would read from them) that end within kSummaryInterval of the first
/// become one. From kMaxSightings on a server's own port no longer tells two apart; from twice as many new ones are left out, and counted.
/// Used by: Pipeline::publish_as. Clock: passed in. Threads: none.
/// Memory:  96 bytes a server, and what it did since the last batch. Cost: O(1) a record, a hash look-up for those that become sightings.
#pragma once

#include <array>
#include <bitset>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/units.hpp"
#include "detect/detectors.hpp"
#include "detect/observation.hpp"
#include "detect/summary/summary.hpp"
#include "detect/volume_tracker.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::detect {

/// Which life of which collector.
struct SummaryOrigin {
  std::string collector;
  std::uint64_t epoch = 0;
};

class SummaryMaker {
public:
  /// A server with so many sightings since the last batch is told every kSuspectInterval.
  static constexpr std::size_t kSuspectSightings = 15;

  SummaryMaker(SummaryOrigin origin, std::size_t servers, const Thresholds& thresholds);

  struct Counted {
    Direction direction = Direction::Outbound;
    SamplingRate rate;
    Packets packets;
    Bytes bytes;
    WallTime event;
    Micros lasted{0};
  };
  void traffic(inventory::ServerIndex server, PointIndex point, const Counted& counted);
  void outbound(const Detectors::Attributed& who, PointIndex point, const flow::FlowRecord& record);
  void inbound(inventory::ServerIndex server, PointIndex point, const flow::FlowRecord& record, WallTime event);
  void sent(inventory::ServerIndex server, PointIndex point, WallTime event, bool disagrees);

  /// Names for what the maker knows by number.
  struct Names {
    const inventory::Inventory& inventory;
    const ObservationSources& sources;
  };
  /// The next batch if its second has come, with the points' reports then. Call at least once a second.
  [[nodiscard]] std::optional<SummaryBatch> take(WallTime now, const Names& names, const std::function<std::vector<PointReport>()>& points);
  [[nodiscard]] bool is_due(WallTime now) const;

  void reorder(const std::vector<std::uint32_t>& old_index);

private:
  struct Key {
    Direction direction;
    flow::ExportVersion version;
    std::uint8_t protocol;
    std::uint8_t flags;
    std::uint16_t own_port;
    std::uint16_t peer_port;
    net::IpAddress own;
    net::IpAddress peer;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  /// Since the last batch.
  struct Pending {
    PointIndex point;
    Summary summary;
    std::unordered_map<Key, std::size_t, KeyHash> places;  ///< in summary.sightings
    unsigned large_answers = 0;
    bool mail_was_told = false;
    bool is_suspect = false;
  };
  /// Sends enough of some class to matter to the volume rules.
  struct Busy {
    std::int64_t until = 0;                    ///< slot
    std::unordered_set<net::IpAddress> peers;  ///< to whom; at most kMaxSightings
  };
  struct Server {
    std::unique_ptr<Pending> pending;
    std::unique_ptr<Busy> busy;
    std::unique_ptr<std::bitset<256>> tried;  ///< (protocol, port) that it turned to, hashed
    std::int64_t slot = 0;
    std::array<std::uint32_t, kVolumeClasses> packets{};  ///< outbound since that slot began, scaled, saturating
    std::uint32_t opened = 0;                             ///< connections, the same
    std::uint32_t opened_plain = 0;                       ///< to plain web ports
  };
  [[nodiscard]] Pending& pending_of(inventory::ServerIndex server, PointIndex point);
  /// Counts the record; whether the server is busy with what it sends.
  [[nodiscard]] bool is_busy(Server& server, const flow::FlowRecord& record, WallTime event) const;
  void tell(inventory::ServerIndex server, PointIndex point, RecordSighting sighting);
  void take_from(std::vector<inventory::ServerIndex>& servers, const Names& names, std::vector<Summary>& out);

  SummaryOrigin x_origin;
  std::uint64_t x_sequence = 0;
  WallTime x_published;
  BusyMarks x_marks;
  std::vector<Server> x_servers;
  std::vector<inventory::ServerIndex> x_dirty;
  std::vector<inventory::ServerIndex> x_suspects;
};

}  // namespace pinfold::detect
