/// From a packet's headers to a flow record of one packet: for sFlow's sampled headers and for captures of packets.
#pragma once

#include "flow/record.hpp"
#include "net/packet_header.hpp"

namespace pinfold::flow {

/// Sets what the headers say; leaves alone what they do not, and bytes, packets, times and interfaces always.
void fill_from(const net::PacketHeader& header, FlowRecord& flow);

}  // namespace pinfold::flow
