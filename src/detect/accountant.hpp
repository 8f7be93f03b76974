/// Per-server counters, both directions, over 10 s, 1 min, 10 min and 1 h: what the volume detectors, the portal and the history read.
/// Each window is a running bucket and the last whole one, on slots of event time: 10:20:00–10:20:10, not "the last ten seconds".
///
///   record ─▶ tens[2] ──leaves──▶ minutes[4] ──leaves──▶ ten minutes[2] ──leaves──▶ hours[2] ──▶ forgotten
///                                     └── minutes that nothing can change any more ──▶ take_minutes ─▶ history
///
/// What is recent stands in the finest buckets only and moves to the next coarser ones when it leaves; a view adds the levels up. So a record
/// touches one cache line, not four buckets.
/// A flow that lasted longer than one slot is spread over its time, evenly, bytes and packets conserved to the last one; it counts as one flow
/// where it ended. Bounded: at most 11 pieces, coarser ones the older they are.
/// Sampling: figures are scaled by the rate; with them goes the variance of the estimate, Σ N(N−1)·n over the records (n sampled packets at rate
///          1:N, random sampling). With one rate the relative error at 95 % is the textbook's 1.96·√(1/n); unsampled traffic adds none.
///          It is the error of packets; that of bytes is somewhat larger where packet sizes differ much. Flows are as exported: not scaled.
/// Clock:   event times (record end times, see Pipeline). The slots of a server are those of its newest record. What is older than the last whole
///          hour is in no window. A clock that was set back shows as buckets in the future: take_minutes empties them.
/// History: a minute is handed out kMinutes - 1 minutes after it began; what comes later for it goes on a list of late parts, bounded by
///          kMaxLate (then counted as lost to the history; the windows have it all the same).
/// Cost:    O(1) a record, dense by ServerIndex, no hash; 512 bytes a server.
/// Threads: none.
/// Source:  sampling error: P. Phaal, S. Panchen, "Packet Sampling Basics" (sflow.org).
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/fetch_line.hpp"
#include "base/huge_vector.hpp"
#include "base/row_table.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::detect {

enum class Direction : std::uint8_t { Outbound, Inbound };  ///< as the server sees it
enum class WindowLength : std::uint8_t { TenSeconds, Minute, TenMinutes, Hour };

struct Traffic {
  Estimated<Packets> packets;
  Estimated<Bytes> bytes;
  Flows flows;
  double variance = 0;  ///< of the number of packets; 0 = nothing was sampled, the figures are exact

  /// Half the width of the 95 % interval, as a share of the packets: 0.05 = ±5 %. 0 when exact or empty.
  [[nodiscard]] double relative_error() const;
  /// How many randomly sampled packets are worth as much: n where one rate was used. 0 = exact or empty.
  [[nodiscard]] double samples() const;
};

struct WindowView {
  Traffic running;     ///< the bucket that holds `slot_start`
  Traffic last_whole;  ///< the bucket before it
  WallTime slot_start;
};

/// One minute of one server, or a late part of it.
struct MinuteTraffic {
  inventory::ServerIndex server;
  WallTime minute;                 ///< its start
  bool is_late = false;            ///< an addition to a minute that was handed out (or never will be as a whole)
  std::array<Traffic, 2> traffic;  ///< by Direction
};

class Accountant {
public:
  static constexpr std::size_t kMinutes = 4;
  static constexpr std::size_t kMaxLate = 65'536;
  static constexpr std::size_t kBytesPerServer = 512;

private:
  struct Counts {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint32_t flows = 0;
    float variance = 0;
    Counts& operator+=(const Counts& other) {
      constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
      bytes = __builtin_add_overflow(bytes, other.bytes, &bytes) ? kMost : bytes;
      packets = __builtin_add_overflow(packets, other.packets, &packets) ? kMost : packets;
      flows += other.flows;
      variance += other.variance;
      return *this;
    }
    [[nodiscard]] bool empty() const { return bytes == 0 && packets == 0 && flows == 0; }
  };
  using Bucket = std::array<Counts, 2>;  ///< by Direction

public:
  /// What each record of a server touches; whoever owns the servers' rows gives it its place. Slots are numbers of 10 s since 1970; minutes, ten
  /// minutes and hours are multiples of them.
  struct Row {
    /// Of one direction: all that a record touches, in one cache line. The first two are the same of both directions.
    struct alignas(64) Recent {
      std::uint32_t head = 0;          ///< the newest slot; 0 = nothing yet
      std::uint32_t given : 31 = 0;    ///< the last minute that was handed out
      std::uint32_t measured : 1 = 0;  ///< fed by interface counters, not by records
      std::array<Counts, 2> tens;
    };
    std::array<Recent, 2> recent;  ///< by Direction
    [[nodiscard]] std::int64_t head() const { return recent[0].head; }
    [[nodiscard]] std::int64_t given() const { return recent[0].given; }
    [[nodiscard]] bool is_measured() const { return recent[0].measured != 0 && recent[1].measured != 0; }
    void set_head(std::int64_t slot) { recent[0].head = recent[1].head = static_cast<std::uint32_t>(slot); }
    void set_given(std::int64_t minute) {
      for (Recent& one : recent) {
        one.given = static_cast<std::uint32_t>(minute) & 0x7FFFFFFFU;
      }
    }
    [[nodiscard]] Recent& of(Direction direction) { return recent[static_cast<std::size_t>(direction)]; }
    [[nodiscard]] Counts& ten(std::int64_t slot, Direction direction) { return of(direction).tens[static_cast<std::size_t>(slot & 1)]; }
    [[nodiscard]] Bucket ten(std::int64_t slot) const {
      return {recent[0].tens[static_cast<std::size_t>(slot & 1)], recent[1].tens[static_cast<std::size_t>(slot & 1)]};
    }
  };
  static_assert(sizeof(Row) == 128);

  explicit Accountant(std::size_t servers) : Accountant(Column<Row>(servers)) {}
  explicit Accountant(Column<Row> rows) : x_servers(std::move(rows)), x_past(x_servers.size()) {}

  /// Traffic that ended at `event` and lasted so long. Returns whether its end was in time for every window.
  bool add(inventory::ServerIndex server, Direction direction, SamplingRate rate, Packets packets, Bytes bytes, WallTime event, Micros lasted = {});
  /// The same for figures that were scaled already (summary/summary.hpp), between two moments.
  bool add_scaled(inventory::ServerIndex server, Direction direction, const Traffic& traffic, WallTime begin, WallTime end);
  /// The same from the counters of the server's own interface: for the windows alone, since those have a history of their own.
  void add_measured(inventory::ServerIndex server, Direction direction, Packets packets, Bytes bytes, WallTime event, Micros lasted);
  [[nodiscard]] WindowView view(inventory::ServerIndex server, Direction direction, WindowLength length) const;
  /// Asks for the cache line that `add` will touch.
  void prefetch(inventory::ServerIndex server, Direction direction) const { fetch_line(&x_servers[server.value].of(direction)); }

  /// Hands out the minutes of servers first … first + count - 1 that are over since kMinutes - 1 minutes and were not handed out yet. Minutes
  /// without traffic are handed out where `is_watched(server)`: silence that was observed is a figure, silence in the dark is not.
  /// To be called once a minute; a minute that nobody asked for in time comes as a late part.
  template <typename Watched>
  void take_minutes(std::uint32_t first, std::uint32_t count, WallTime now, Watched&& is_watched, std::vector<MinuteTraffic>& out) {
    for (std::uint32_t i = first; i < x_servers.size() && i - first < count; ++i) {
      take_minutes_of({i}, now, is_watched(inventory::ServerIndex{i}), out);
    }
  }
  /// The late parts, spread over their minutes. With `everything` also what is still in the buckets: the program ends.
  void take_late(std::vector<MinuteTraffic>& out, bool everything = false);
  [[nodiscard]] std::uint64_t lost_to_history() const { return x_lost_late; }
  [[nodiscard]] std::size_t servers() const { return x_servers.size(); }

  /// New order of servers: `old_index[i]` is where server i stood, kUnknown for a new one.
  static constexpr std::uint32_t kUnknown = 0xFFFFFFFF;
  void reorder(const std::vector<std::uint32_t>& old_index, Column<Row> fresh);

private:
  struct Late {
    std::uint32_t server = 0;
    Direction direction = Direction::Outbound;
    WallTime begin;
    WallTime end;
    Counts counts;
  };
  enum class Level : std::uint8_t { Ten, Minute, TenMinutes, Hour, None };

  static void move(Bucket& from, Bucket& to);
  [[nodiscard]] static Level level_of(const Row& server, std::int64_t slot);
  [[nodiscard]] static std::int64_t end_of_bucket(const Row& server, std::int64_t slot, Level level);
  [[nodiscard]] Bucket minute_of(std::uint32_t index, std::int64_t minute) const;
  /// From records, not from interface counters. Whether the end was in time for every window.
  bool add_counts(std::uint32_t index, Direction direction, const Counts& counts, WallTime begin, WallTime end);
  /// The slot that it ended in.
  std::int64_t count(std::uint32_t index, Direction direction, const Counts& counts, WallTime begin, WallTime end);
  void put(std::uint32_t index, Direction direction, std::int64_t slot, const Counts& counts, WallTime begin, WallTime end);
  void spread(std::uint32_t index, Direction direction, const Counts& counts, WallTime begin, WallTime end);
  void advance(std::uint32_t index, std::int64_t to);
  void keep_late(std::uint32_t index, Direction direction, const Counts& counts, WallTime begin, WallTime end);
  void keep_minute_late(std::uint32_t index, std::int64_t minute, const Bucket& bucket);
  void keep_all_late(std::uint32_t index);
  void take_minutes_of(inventory::ServerIndex server, WallTime now, bool is_watched, std::vector<MinuteTraffic>& out);

  /// What has left the last slots: apart, since a record of the moment does not touch it.
  struct Past {
    std::array<Bucket, kMinutes> minutes;
    std::array<Bucket, 2> ten_minutes;
    std::array<Bucket, 2> hours;
  };
  static_assert(sizeof(Row) + sizeof(Past) == kBytesPerServer);

  Column<Row> x_servers;
  HugeVector<Past> x_past;  ///< by server
  std::vector<Late> x_late;
  std::uint64_t x_lost_late = 0;
};

}  // namespace pinfold::detect
