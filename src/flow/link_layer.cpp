#include "flow/link_layer.hpp"

#include <arpa/inet.h>
#include <pcap/pcap.h>

#include <algorithm>

namespace pinfold::flow {
namespace {

constexpr std::uint16_t kPppoeSession = 0x8864;
constexpr std::size_t kMacBytes = 6;
/// NFLOG's attribute that is the packet. Lengths and types are in the byte order of the machine that captured; libpcap has brought them into ours.
constexpr std::uint16_t kNflogPayload = 9;

ByteSpan behind_bytes(ByteSpan frame, std::size_t count) { return frame.subspan(std::min(count, frame.size())); }

/// FreeBSD's and OpenBSD's log of a packet filter: the first byte is the length of what stands before the packet, without its padding.
ByteSpan behind_pflog(ByteSpan frame) {
  const std::size_t length = frame.empty() ? 0 : frame.front();
  return behind_bytes(frame, (length + 3) & ~std::size_t{3});
}

ByteSpan nflog_payload(ByteSpan frame) {
  ByteReader in{behind_bytes(frame, 4)};
  while (in.remaining() >= 4) {
    const std::uint16_t length = ntohs(in.u16().value_or(0));
    const std::uint16_t type = ntohs(in.u16().value_or(0));
    const auto value = length >= 4 ? in.bytes(std::min<std::size_t>(length - 4U, in.remaining())) : std::nullopt;
    if (!value) {
      return {};
    }
    if (type == kNflogPayload) {
      return *value;
    }
    static_cast<void>(in.skip(std::min<std::size_t>(in.remaining(), (4 - length % 4U) % 4U)));
  }
  return {};
}

}  // namespace

bool is_known_link(int link_type) {
  switch (link_type) {
    case DLT_EN10MB:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_NULL:
    case DLT_LOOP:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_PPP:
    case DLT_PPP_SERIAL:
    case DLT_PPP_ETHER:
    case DLT_C_HDLC:
    case DLT_MPLS:
    case DLT_PFLOG:
    case DLT_NFLOG: return true;
    default: return false;
  }
}

int link_type_of_file(int link_type) {
  constexpr int kLinktypeRaw = 101;
  return link_type == kLinktypeRaw ? DLT_RAW : link_type;
}

net::PacketHeader LinkLayer::parse(ByteSpan frame) {
  switch (x_link_type) {
    case DLT_EN10MB: return net::parse_ethernet(frame);
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6: return net::parse_ip(frame);
    case DLT_NULL:
    case DLT_LOOP: return net::parse_ip(behind_bytes(frame, 4));
    case DLT_LINUX_SLL: return cooked(frame);
    case DLT_LINUX_SLL2: return cooked_2(frame);
    case DLT_PPP:
    case DLT_PPP_SERIAL: return net::parse_ppp(frame);
    case DLT_PPP_ETHER: return behind(kPppoeSession, frame);
    case DLT_C_HDLC: return cisco_hdlc(frame);
    case DLT_MPLS: return net::parse_mpls(frame);
    case DLT_PFLOG: return net::parse_ip(behind_pflog(frame));
    case DLT_NFLOG: return net::parse_ip(nflog_payload(frame));
    default: return {};
  }
}

/// What follows an EtherType may be a tag, labels, PPPoE: the Ethernet reader knows them all.
net::PacketHeader LinkLayer::behind(std::uint16_t ether_type, ByteSpan rest) {
  x_frame.assign(2 * kMacBytes, 0);
  x_frame.push_back(static_cast<std::uint8_t>(ether_type >> 8U));
  x_frame.push_back(static_cast<std::uint8_t>(ether_type & 0xFFU));
  x_frame.insert(x_frame.end(), rest.begin(), rest.end());
  net::PacketHeader header = net::parse_ethernet(x_frame);
  header.src_mac.reset();
  header.dst_mac.reset();
  return header;
}

/// Packet type, ARPHRD type, length of the address, the address in eight bytes, protocol.
net::PacketHeader LinkLayer::cooked(ByteSpan frame) {
  ByteReader in{frame};
  const bool head = in.skip(14);
  const auto type = in.u16();
  if (type == std::uint16_t{0}) {
    return net::parse_ip(in.rest());  // not every capturer fills it in
  }
  return head && type ? behind(*type, in.rest()) : net::PacketHeader{};
}

/// Protocol, reserved, interface, ARPHRD type, packet type, length of the address, the address in eight bytes.
net::PacketHeader LinkLayer::cooked_2(ByteSpan frame) {
  ByteReader in{frame};
  const auto type = in.u16();
  return type && in.skip(18) ? behind(*type, in.rest()) : net::PacketHeader{};
}

/// RFC 1547 and its neighbours: address, control, EtherType.
net::PacketHeader LinkLayer::cisco_hdlc(ByteSpan frame) {
  ByteReader in{frame};
  const bool head = in.skip(2);
  const auto type = in.u16();
  return head && type ? behind(*type, in.rest()) : net::PacketHeader{};
}

}  // namespace pinfold::flow
