/// Packets of a mirror port, each as a flow record of one packet: for networks whose switches export nothing but can copy a port.
/// The kernel samples (one in so many, at random) and cuts to the headers before it copies; the ring is read in place, block by block.
/// Used by: the collector. Needs CAP_NET_RAW. The interface is put into promiscuous mode while the socket lives; packets that this machine
///          itself sends there are not looked at.
/// Time:    the kernel's receive time, to the microsecond.
/// Bounds:  a ring of kBlocks blocks of kBlockBytes; what finds no room is counted by the kernel and told by `receive`. A packet waits at most
///          kRetireMillis in a block that does not fill.
/// Threads: none; the owner serialises. Never blocks.
/// Errors:  std::system_error at construction.
/// Source:  Linux Documentation/networking/packet_mmap.rst (TPACKET_V3), filter.rst (random sampling by SKF_AD_RANDOM).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "flow/record.hpp"

namespace pinfold::collect {

class PacketSocket {
public:
  static constexpr unsigned kBlockBytes = 256 * 1024;
  static constexpr unsigned kBlocks = 32;
  static constexpr unsigned kRetireMillis = 20;
  static constexpr unsigned kHeaderBytes = 256;  ///< of each packet that are looked at

  PacketSocket(const std::string& interface, SamplingRate sampling);
  PacketSocket(const PacketSocket&) = delete;
  PacketSocket& operator=(const PacketSocket&) = delete;
  ~PacketSocket();

  struct Batch {
    std::uint64_t not_ip = 0;        ///< packets without IP addresses, which became no record
    std::uint64_t kernel_drops = 0;  ///< since the last call
  };
  /// Appends the records of all blocks that are full: at most a ring's worth.
  [[nodiscard]] Batch receive(std::vector<flow::FlowRecord>& out);
  [[nodiscard]] int descriptor() const { return x_descriptor; }

private:
  void open_ring();
  void attach_filter(SamplingRate sampling) const;
  void bind_to(const std::string& interface) const;
  [[nodiscard]] std::uint64_t drops_since() const;

  SamplingRate x_sampling;
  int x_descriptor = -1;
  std::uint8_t* x_ring = nullptr;
  unsigned x_next = 0;  ///< the block that fills next
};

}  // namespace pinfold::collect
