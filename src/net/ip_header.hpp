/// IPv4, IPv6 and the transport headers behind them: the part of packet_header.hpp that every link layer shares. Internal to `net`.
#pragma once

#include "base/byte_reader.hpp"
#include "net/packet_header.hpp"

namespace pinfold::net {

/// Tells the versions apart by the first nibble; what is not IP leaves `out` as it is.
void parse_ip_into(ByteReader in, PacketHeader& out);

}  // namespace pinfold::net
