#include "flow/packet_record.hpp"

namespace pinfold::flow {

void fill_from(const net::PacketHeader& header, FlowRecord& flow) {
  if (header.src_mac) {
    flow.src_mac = header.src_mac;
    flow.dst_mac = header.dst_mac;
  }
  if (header.vlan) {
    flow.vlan = header.vlan;
  }
  if (header.src && header.dst) {
    flow.src = *header.src;
    flow.dst = *header.dst;
    flow.exported.add(Field::Src);
    flow.exported.add(Field::Dst);
  }
  if (header.protocol) {
    flow.protocol = *header.protocol;
    flow.exported.add(Field::Protocol);
  }
  if (header.src_port && header.dst_port) {
    flow.src_port = *header.src_port;
    flow.dst_port = *header.dst_port;
    flow.exported.add(Field::SrcPort);
    flow.exported.add(Field::DstPort);
  }
  if (header.icmp_type_code) {
    flow.dst_port = *header.icmp_type_code;
    flow.exported.add(Field::DstPort);
  }
  if (header.tcp_flags) {
    flow.tcp_flags = header.tcp_flags;
  }
}

}  // namespace pinfold::flow
