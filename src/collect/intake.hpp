/// From a batch of datagrams or packets to records in the pipeline: the allow-list, decoding, the exporters' interfaces, and every count of loss.
/// Used by: the collector, each of whose threads reads its own sockets and has an intake of its own; all share the pipeline. No I/O and no clock
/// here;
///          `now` is when the batch was received.
/// Threads: none; the owner serialises. The pipeline's lock is taken for each kRecords records, and when there is something to note.
/// Loss:    counted where it happens (counters.hpp) and passed on to the pipeline, so that findings made meanwhile say so: sequence gaps, refused
///          datagrams, data sets that no template came for, full receive buffers (all exporters of the socket may be meant: the kernel does
///          not say whose datagrams it threw away).
/// Cost:    one look-up of the sender a datagram; amortised no allocation. Records are handed on kRecords at a time.
/// Bounds:  decoder limits in flow/decode_types.hpp; kMaxPushed interface counters between two calls of take_pushed; kMaxStrangers addresses of
/// unknown exporters a socket.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/lock_guarded.hpp"
#include "collect/counters.hpp"
#include "collect/options.hpp"
#include "collect/pushed_sample.hpp"
#include "collect/udp_socket.hpp"
#include "detect/pipeline.hpp"
#include "flow/decoder.hpp"

namespace pinfold::collect {

using SharedPipeline = LockGuarded<std::unique_ptr<detect::Pipeline>>;

/// The exporters in their order, then the mirrors.
[[nodiscard]] std::vector<detect::ObservationSource> sources_of(const CollectorOptions& options);

class Intake {
public:
  static constexpr std::size_t kMaxPushed = 16'384;
  static constexpr std::size_t kRecords = 384;  ///< some 70 KiB: fewer, and what servers sent and received would each be too few to fetch ahead

  /// `pipeline` must outlive the intake; its sources are those of `sources_of`. The first of two equal (address, protocol) counts.
  Intake(const CollectorOptions& options, SharedPipeline& pipeline);

  /// One batch of the socket of `protocol`.
  void take(Protocol protocol, std::span<const Received> batch, WallTime now);
  /// The kernel's sums for a socket, as they stand now.
  void note_socket(Protocol protocol, const UdpSocket& socket, WallTime now);
  /// Packets of mirror `index`, one record each; `kernel_drops` is what its ring lost since the last call.
  void take_packets(std::size_t index, std::span<const flow::FlowRecord> records, std::uint64_t not_ip, std::uint64_t kernel_drops, WallTime now);

  /// Interface counters that sFlow agents pushed since the last call; at most kMaxPushed, further ones are dropped and counted.
  [[nodiscard]] std::vector<PushedSample> take_pushed() { return std::exchange(x_pushed, {}); }

  /// Adds this intake's counts to those of others; `all` has its entries already (`begin_counters`).
  void add_counters(CollectorCounters& all) const;
  [[nodiscard]] static CollectorCounters begin_counters(const CollectorOptions& options, const detect::Pipeline& pipeline);

  /// What is news since the last call, of exporters that have templates; to be kept over restarts.
  [[nodiscard]] std::vector<records::ExporterRow> take_memories(WallTime now);
  /// Before the first datagram. False: the bytes were no good, and the exporter begins anew.
  bool recall(const records::ExporterRow& row, WallTime now);

private:
  struct Exporter {
    ExporterCounters counters;
    std::vector<IfIndex> interfaces;  ///< sorted; empty: all
  };
  /// What belongs to one socket.
  struct Side {
    SocketCounters counters;
    std::unordered_map<net::IpAddress, detect::SourceIndex> senders;
    std::unique_ptr<flow::Decoder> decoder;
  };
  [[nodiscard]] Side& side(Protocol protocol) { return x_sides[static_cast<std::size_t>(protocol)]; }
  void take_one(Side& side, const Received& datagram, WallTime now);
  void decode(Side& side, detect::SourceIndex source, const Received& datagram, WallTime now);
  void keep_pushed(const Side& side, Exporter& exporter, const Received& datagram, WallTime now);
  void refuse(Exporter& exporter, detect::SourceIndex source, flow::Fault fault, WallTime now);
  void note_sums(Exporter& exporter, detect::SourceIndex source, const flow::Counters& sums, WallTime now);
  void flush(WallTime now);

  std::vector<Exporter> x_exporters;      ///< by SourceIndex
  std::vector<MirrorCounters> x_mirrors;  ///< by SourceIndex, behind the exporters
  std::array<Side, 2> x_sides;            ///< by Protocol
  SharedPipeline& x_pipeline;
  std::vector<flow::FlowRecord> x_records;  ///< decoded, of x_pending, not yet in the pipeline
  detect::SourceIndex x_pending;
  std::vector<PushedSample> x_pushed;
  bool x_was_heard = false;  ///< x_pending, since the pipeline was last told
};

}  // namespace pinfold::collect
