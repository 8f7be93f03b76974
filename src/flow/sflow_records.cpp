#include "flow/sflow_records.hpp"

#include <algorithm>
#include <array>

#include "flow/packet_record.hpp"
#include "net/packet_header.hpp"

namespace pinfold::flow {
namespace {

// Formats: the enterprise in the top 20 bits, 0 for the standard ones, the format in the low 12.
// Of records within a flow sample:
constexpr std::uint32_t kRawHeader = 1;
constexpr std::uint32_t kEthernetFrame = 2;
constexpr std::uint32_t kIpv4Data = 3;
constexpr std::uint32_t kIpv6Data = 4;
constexpr std::uint32_t kExtendedSwitch = 1001;
// Of what a raw header begins with:
constexpr std::uint32_t kEthernet = 1;
constexpr std::uint32_t kPpp = 7;
constexpr std::uint32_t kIpv4 = 11;
constexpr std::uint32_t kIpv6 = 12;
constexpr std::uint32_t kMpls = 13;
constexpr std::uint32_t kPos = 14;

void put_transport(FlowRecord& flow, std::optional<std::uint16_t> src_port, std::optional<std::uint16_t> dst_port) {
  if (src_port) {
    flow.src_port = *src_port;
    flow.exported.add(Field::SrcPort);
  }
  if (dst_port) {
    flow.dst_port = *dst_port;
    flow.exported.add(Field::DstPort);
  }
}

void put_bytes(FlowRecord& flow, std::uint64_t bytes) {
  flow.bytes = Bytes{bytes};
  flow.exported.add(Field::Bytes);
}

/// sampled_header: the first bytes of the frame.
bool read_raw_header(ByteReader in, FlowRecord& flow) {
  const auto head = in.bytes(16);  // protocol, the frame's length, bytes that were stripped, the header's length
  const auto header = head ? in.bytes(load_big_endian<std::uint32_t>(head->data() + 12)) : std::nullopt;
  if (!header) {
    return false;
  }
  put_bytes(flow, load_big_endian<std::uint32_t>(head->data() + 4));
  switch (load_big_endian<std::uint32_t>(head->data())) {
    case kEthernet: fill_from(net::parse_ethernet(*header), flow); break;
    case kPpp:
    case kPos: fill_from(net::parse_ppp(*header), flow); break;
    case kIpv4:
    case kIpv6: fill_from(net::parse_ip(*header), flow); break;
    case kMpls: fill_from(net::parse_mpls(*header), flow); break;
    default: break;  // token ring, frame relay, wireless…: the bytes count
  }
  return true;
}

/// sampled_ethernet: 48-bit addresses, each padded to eight bytes.
bool read_ethernet_frame(ByteReader in, FlowRecord& flow) {
  const auto length = in.u32();
  const auto src = in.bytes(6);
  const bool src_pad = in.skip(2);
  const auto dst = in.bytes(6);
  if (!length || !src || !src_pad || !dst) {
    return false;
  }
  if (!flow.exported.has(Field::Bytes)) {
    put_bytes(flow, *length);
  }
  flow.src_mac.emplace();
  flow.dst_mac.emplace();
  std::copy(src->begin(), src->end(), flow.src_mac->bytes.begin());
  std::copy(dst->begin(), dst->end(), flow.dst_mac->bytes.begin());
  return true;
}

/// sampled_ipv4 and sampled_ipv6: what the agent made of the packet itself. Only where there is no header to read.
bool read_ip_data(ByteReader in, bool v6, FlowRecord& flow) {
  const auto length = in.u32();
  const auto protocol = in.u32();
  const auto src = read_sflow_address(in, v6);
  const auto dst = read_sflow_address(in, v6);
  const auto src_port = in.u32();
  const auto dst_port = in.u32();
  const auto tcp_flags = in.u32();
  if (!length || !protocol || !src || !dst || !src_port || !dst_port || !tcp_flags) {
    return false;
  }
  if (flow.exported.has(Field::Src)) {
    return true;
  }
  if (!flow.exported.has(Field::Bytes)) {
    put_bytes(flow, *length);
  }
  flow.src = *src;
  flow.dst = *dst;
  flow.protocol = static_cast<std::uint8_t>(*protocol);
  flow.exported.add(Field::Src);
  flow.exported.add(Field::Dst);
  flow.exported.add(Field::Protocol);
  put_transport(flow, static_cast<std::uint16_t>(*src_port), static_cast<std::uint16_t>(*dst_port));
  if (flow.protocol == kTcp) {
    flow.tcp_flags = static_cast<std::uint8_t>(*tcp_flags);
  }
  return true;
}

/// extended_switch: the VLAN in which the frame came, for switches that take the tag off before they sample.
bool read_extended_switch(ByteReader in, FlowRecord& flow) {
  const auto src_vlan = in.u32();
  if (!src_vlan) {
    return false;
  }
  if (!flow.vlan && *src_vlan != 0 && *src_vlan < 4096) {
    flow.vlan = static_cast<std::uint16_t>(*src_vlan);
  }
  return true;
}

}  // namespace

std::optional<net::IpAddress> read_sflow_address(ByteReader& in, bool v6) {
  if (!v6) {
    const auto number = in.u32();
    return number ? std::optional{net::IpAddress::v4(*number)} : std::nullopt;
  }
  const auto view = in.bytes(16);
  if (!view) {
    return std::nullopt;
  }
  std::array<std::uint8_t, 16> bytes{};
  std::copy(view->begin(), view->end(), bytes.begin());
  return net::IpAddress::v6(bytes);
}

bool read_sampled_record(std::uint32_t format, ByteReader in, FlowRecord& flow) {
  switch (format) {
    case kRawHeader: return read_raw_header(in, flow);
    case kEthernetFrame: return read_ethernet_frame(in, flow);
    case kIpv4Data: return read_ip_data(in, false, flow);
    case kIpv6Data: return read_ip_data(in, true, flow);
    case kExtendedSwitch: return read_extended_switch(in, flow);
    default: return true;  // skipped by its length
  }
}

}  // namespace pinfold::flow
