/// The unit that crosses machines: what one collector saw of one server since it last said so. Collectors read exports, detectors judge; between
/// them go summaries, so that a server can be judged by the records of all collectors without any of them knowing the others.
///
///   records ─▶ Pipeline (publish_as) ─▶ SummaryMaker ─▶ SummaryBatch ──any order, repeated──▶ SummaryBook ─▶ Pipeline (add_merged) ─▶ findings
///
/// A summary holds
///   - traffic: what the accountant counts, already scaled, as spans of time (all of it; some 50 bytes a span, one to three for most servers);
///   - sightings: records that a detector could want, equal ones folded into one (maker.hpp says which are left out and why nothing is missed);
///   - when the server last sent something.
/// Key:      (collector, epoch, sequence). An epoch is one life of a collector; within it sequences count up. The key is what makes delivery
///           idempotent: a batch that comes twice counts once (book.hpp).
/// Merging:  `merge` of two summaries of one server at one observation point is commutative and associative, bit by bit: sums saturate and are
///           of integers, lists are sorted. So it is the same in any order and any grouping.
/// Points:   all exporters of one observation point must be read by one collector: which of several sources is believed is decided there. Several
///           collectors may name the same point only if they see different packets (an exporter's line cards, say); they add up.
/// Units:    packets and bytes scaled by the sampling rate in `traffic`, as exported in `sightings`. Clock: event times, and the collectors' wall
///           clocks for `published`, which NTP keeps together (kMaxSkew in pipeline.hpp).
/// Bounds:   kMaxSpans, kMaxSightings a server; more are folded, then left out and counted (`left_out`).
/// Threads:  none. How batches travel is the business of `stream`.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "detect/accountant.hpp"
#include "flow/record.hpp"

namespace pinfold::detect {

/// How often a collector tells everything, and how often it tells what could be urgent.
inline constexpr Micros kSummaryInterval = std::chrono::seconds{10};
inline constexpr Micros kSuspectInterval = std::chrono::seconds{1};
inline constexpr std::size_t kMaxSpans = 64;
inline constexpr std::size_t kMaxSightings = 4096;

struct SummaryKey {
  std::string collector;
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  friend auto operator<=>(const SummaryKey&, const SummaryKey&) = default;
};

/// Traffic of one direction between two moments, to be spread evenly. `variance` is that of the number of packets (accountant.hpp).
struct TrafficSpan {
  Direction direction = Direction::Outbound;
  WallTime begin;
  WallTime end;
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t flows = 0;
  std::uint64_t variance = 0;
  friend auto operator<=>(const TrafficSpan&, const TrafficSpan&) = default;
};

/// A record that detectors read, or several that say the same. Of the record only what detectors read is set: addresses, ports, protocol, flags,
/// counters, reverse counters, rate, version, times.
struct RecordSighting {
  Direction direction = Direction::Outbound;
  WallTime event;  ///< when the record ended, our clock's opinion
  bool is_spoofed = false;
  bool by_address_only = false;
  flow::FlowRecord record;
};
/// A total order, so that lists are the same however they came together.
[[nodiscard]] bool operator<(const RecordSighting& a, const RecordSighting& b);
[[nodiscard]] bool operator==(const RecordSighting& a, const RecordSighting& b);

struct Summary {
  ServerId server;
  std::string point;  ///< observation point
  std::vector<TrafficSpan> traffic;
  std::vector<RecordSighting> sightings;
  WallTime outbound;            ///< end of the last packet from the server; 0 = none
  std::uint64_t disagreed = 0;  ///< records whose witnesses named different senders (attribution.hpp)
  std::uint64_t left_out = 0;   ///< records that no sighting was left for; their traffic is counted all the same
  friend bool operator==(const Summary&, const Summary&) = default;
};

/// Takes `other` into `mine`. Both are of one server at one point.
void merge(Summary& mine, const Summary& other);

/// What a collector knows of an observation point of its own.
struct PointReport {
  std::string point;
  std::uint64_t lost_datagrams = 0;  ///< known to be lost since the last report
  bool shows_inbound = false;        ///< has ever shown a packet to a server: answers would be seen
  bool is_alive = false;             ///< was heard since the last report
  friend bool operator==(const PointReport&, const PointReport&) = default;
};

struct SummaryBatch {
  SummaryKey key;
  WallTime published;  ///< whole seconds
  std::vector<PointReport> points;
  std::vector<Summary> summaries;  ///< one a server and point at most
};

/// What the detectors are given: everything that was published in one second, merged, in the order of (server, point).
struct MergedSummaries {
  WallTime published;
  std::vector<PointReport> points;
  std::vector<Summary> summaries;
  friend bool operator==(const MergedSummaries&, const MergedSummaries&) = default;
};

}  // namespace pinfold::detect
