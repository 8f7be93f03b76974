// The first bytes of a sampled packet, by each kind of link. What holds: addresses come in pairs, ports and flags only behind them, and the
// payload lies within the bytes given.
#include "base/assert.hpp"
#include "net/packet_header.hpp"

namespace {

void check(const pinfold::net::PacketHeader& header, pinfold::ByteSpan bytes) {
  PINFOLD_ASSERT(header.src.has_value() == header.dst.has_value());
  PINFOLD_ASSERT(header.src_mac.has_value() == header.dst_mac.has_value());
  PINFOLD_ASSERT(!header.protocol || header.src);
  PINFOLD_ASSERT(!header.src_port || (header.protocol && header.dst_port && !header.later_fragment));
  PINFOLD_ASSERT(!header.tcp_flags || header.protocol == std::uint8_t{6});
  PINFOLD_ASSERT(!header.vlan || (*header.vlan > 0 && *header.vlan < 4096));
  PINFOLD_ASSERT(header.payload.empty() ||
                 (header.payload.data() >= bytes.data() && header.payload.data() + header.payload.size() <= bytes.data() + bytes.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold;
  const ByteSpan bytes{data, size};
  check(net::parse_ethernet(bytes), bytes);
  check(net::parse_ip(bytes), bytes);
  check(net::parse_ppp(bytes), bytes);
  check(net::parse_mpls(bytes), bytes);
  return 0;
}
