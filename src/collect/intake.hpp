/// From a batch of datagrams or packets to records in the pipeline: the allow-list, decoding, the exporters' interfaces, and every count of loss.
/// Used by: the collector, whose thread reads the sockets. No I/O and no clock here; `now` is when the batch was received.
/// Threads: none; the owner serialises.
/// Loss:    counted where it happens (counters.hpp) and passed on to the pipeline, so that findings made meanwhile say so: sequence gaps, refused
///          datagrams, data sets that no template came for, full receive buffers (all exporters of the socket may be meant: the kernel does
///          not say whose datagrams it threw away).
/// Cost:    one look-up of the sender a datagram; amortised no allocation. Records are handed on kRecords at a time.
/// Bounds:  decoder limits in flow/decode_types.hpp; kMaxStrangers addresses of unknown exporters a socket.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "collect/counters.hpp"
#include "collect/options.hpp"
#include "collect/udp_socket.hpp"
#include "detect/pipeline.hpp"
#include "flow/decoder.hpp"

namespace pinfold::collect {

class Intake {
public:
  static constexpr std::size_t kRecords = 160;  ///< some 30 KiB: they are still in the first cache when the pipeline reads them

  /// The sources of the pipeline are the exporters in their order, then the mirrors. The first of two equal (address, protocol) counts.
  Intake(const CollectorOptions& options, std::shared_ptr<const inventory::Inventory> inventory, std::uint64_t hash_seed);

  /// One batch of the socket of `protocol`.
  void take(Protocol protocol, std::span<const Received> batch, WallTime now);
  /// The kernel's sums for a socket, as they stand now.
  void note_socket(Protocol protocol, const UdpSocket& socket, WallTime now);
  /// Packets of mirror `index`, one record each; `kernel_drops` is what its ring lost since the last call.
  void take_packets(std::size_t index, std::span<const flow::FlowRecord> records, std::uint64_t not_ip, std::uint64_t kernel_drops, WallTime now);

  [[nodiscard]] detect::Pipeline& pipeline() { return x_pipeline; }
  [[nodiscard]] const detect::Pipeline& pipeline() const { return x_pipeline; }
  [[nodiscard]] CollectorCounters counters() const;

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
  void refuse(Exporter& exporter, detect::SourceIndex source, flow::Fault fault, WallTime now);
  void note_sums(Exporter& exporter, detect::SourceIndex source, const flow::Counters& sums, WallTime now);
  void flush(WallTime now);

  std::vector<Exporter> x_exporters;      ///< by SourceIndex
  std::vector<MirrorCounters> x_mirrors;  ///< by SourceIndex, behind the exporters
  std::array<Side, 2> x_sides;            ///< by Protocol
  detect::Pipeline x_pipeline;
  std::vector<flow::FlowRecord> x_records;  ///< decoded, of x_pending, not yet in the pipeline
  detect::SourceIndex x_pending;
};

}  // namespace pinfold::collect
