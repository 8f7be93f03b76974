/// The frames of capture files, by their link type: what stands before the IP packet. Used by: capture.cpp only.
/// Bounds:  never reads past the frame. Errors: a frame that cannot be read gives an empty header. Threads: none.
/// Source:  www.tcpdump.org/linktypes.html.
#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_reader.hpp"
#include "net/packet_header.hpp"

namespace pinfold::flow {

/// `link_type` is libpcap's DLT_ number.
[[nodiscard]] bool is_known_link(int link_type);

/// The DLT_ number of a LINKTYPE_ number as files have it: they differ for raw IP.
[[nodiscard]] int link_type_of_file(int link_type);

/// Reads the frames of one file, one after the other.
class LinkLayer {
public:
  explicit LinkLayer(int link_type) : x_link_type(link_type) {}
  /// The payload of the result is valid until the next call, as long as `frame` is.
  [[nodiscard]] net::PacketHeader parse(ByteSpan frame);

private:
  [[nodiscard]] net::PacketHeader behind(std::uint16_t ether_type, ByteSpan rest);
  [[nodiscard]] net::PacketHeader cooked(ByteSpan frame);
  [[nodiscard]] net::PacketHeader cooked_2(ByteSpan frame);
  [[nodiscard]] net::PacketHeader cisco_hdlc(ByteSpan frame);

  int x_link_type;
  std::vector<std::uint8_t> x_frame;  ///< an Ethernet frame made of another
};

}  // namespace pinfold::flow
