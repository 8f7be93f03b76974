/// Reads the headers of one packet: Ethernet (802.1Q and 802.1ad tags, LLC/SNAP), MPLS, PPPoE and PPP, IPv4, IPv6 with its extension headers, TCP,
/// UDP, SCTP, ICMP.
/// Used by: `flow` for sFlow's sampled headers and for captures. The bytes are usually only the first 128 of the frame.
///
/// Of a tunnel (GRE, IP in IP, 6in4, VXLAN, Geneve, L2TP, ESP) the OUTER headers are what is recorded: src and dst are the tunnel's ends, protocol
/// is 47, 4, 41 or 17. It is the outer source whose port the packet came from, and a server must not be charged with an address that anybody
/// may write into an inner header. Labels, tags and PPPoE are no tunnels in that sense: they have no addresses; the first IP header counts.
///
/// Bounds:  never reads past the bytes given; at most kMaxVlanTags tags, kMaxMplsLabels labels and kMaxExtensionHeaders extension headers are
///          followed.
/// Errors:  none: what could not be read (cut short, not IP, a later fragment) is absent from the result.
/// Threads: none. O(1), no allocation.
/// Source:  IEEE 802.1Q-2018 clause 9; RFC 1042; RFC 3032 (MPLS); RFC 2516 (PPPoE); RFC 1661 and 1662 (PPP); RFC 791; RFC 8200 section 4;
///          RFC 4302; RFC 9293; RFC 768; RFC 792; RFC 4443.
#pragma once

#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "net/ip_address.hpp"
#include "net/mac_address.hpp"

namespace pinfold::net {

inline constexpr unsigned kMaxVlanTags = 4;
inline constexpr unsigned kMaxMplsLabels = 8;
inline constexpr unsigned kMaxExtensionHeaders = 8;

inline constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr std::uint16_t kEtherTypeIpv6 = 0x86DD;

struct PacketHeader {
  std::optional<MacAddress> src_mac;
  std::optional<MacAddress> dst_mac;
  std::optional<std::uint16_t> vlan;  ///< VLAN id of the outermost tag; absent for untagged and priority-tagged frames
  std::optional<std::uint16_t> ether_type;
  std::optional<IpAddress> src;  ///< src and dst are there together or not at all
  std::optional<IpAddress> dst;
  std::optional<std::uint8_t> protocol;    ///< the last one reached, behind IPv6 extension headers
  std::optional<std::uint32_t> ip_length;  ///< the IP packet's length as its header claims it, in bytes
  bool later_fragment = false;             ///< not the first fragment: the transport header is in another packet
  std::optional<std::uint16_t> src_port;   ///< TCP, UDP and SCTP
  std::optional<std::uint16_t> dst_port;
  std::optional<std::uint16_t> icmp_type_code;  ///< type * 256 + code, ICMP and ICMPv6
  std::optional<std::uint8_t> tcp_flags;
  ByteSpan payload;  ///< behind the UDP header, cut to what UDP and IP claim; empty for everything else
};

/// An Ethernet frame without preamble and FCS.
[[nodiscard]] PacketHeader parse_ethernet(ByteSpan frame);
/// An IPv4 or IPv6 packet, told apart by its first nibble.
[[nodiscard]] PacketHeader parse_ip(ByteSpan packet);
/// A PPP frame, with or without HDLC's address and control bytes, without the FCS.
[[nodiscard]] PacketHeader parse_ppp(ByteSpan frame);
/// A packet that begins with its MPLS label stack.
[[nodiscard]] PacketHeader parse_mpls(ByteSpan stack);

}  // namespace pinfold::net
