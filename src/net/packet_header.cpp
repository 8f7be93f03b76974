#include "net/packet_header.hpp"

#include <algorithm>

#include "net/ip_header.hpp"

namespace pinfold::net {
namespace {

constexpr std::uint16_t kEtherTypeVlan = 0x8100;
constexpr std::uint16_t kEtherTypeServiceVlan = 0x88A8;
constexpr std::uint16_t kEtherTypeOldServiceVlan = 0x9100;  // before 802.1ad; still what some switches send
constexpr std::uint16_t kEtherTypeOldServiceVlan2 = 0x9200;
constexpr std::uint16_t kEtherTypeMpls = 0x8847;
constexpr std::uint16_t kEtherTypeMplsUpstream = 0x8848;
constexpr std::uint16_t kEtherTypePppoeSession = 0x8864;
constexpr std::uint16_t kLargestLength = 1500;  // IEEE 802.3: up to here the field is a length, and LLC follows
constexpr std::uint16_t kVlanIdMask = 0x0FFF;
constexpr std::uint32_t kMplsBottom = 0x0000'0100;
constexpr std::uint16_t kPppIpv4 = 0x0021;
constexpr std::uint16_t kPppIpv6 = 0x0057;
constexpr std::uint16_t kPppMpls = 0x0281;
constexpr std::uint16_t kPppAddressControl = 0xFF03;

bool is_vlan_tag(std::uint16_t ether_type) {
  return ether_type == kEtherTypeVlan || ether_type == kEtherTypeServiceVlan || ether_type == kEtherTypeOldServiceVlan ||
         ether_type == kEtherTypeOldServiceVlan2;
}

/// Steps over the label stack to what lies below. A pseudowire's control word begins with 0 and is no IP (RFC 4385).
void parse_mpls_into(ByteReader in, PacketHeader& out) {
  for (unsigned labels = 0; labels < kMaxMplsLabels; ++labels) {
    const auto label = in.u32();
    if (!label) {
      return;
    }
    if ((*label & kMplsBottom) != 0) {
      parse_ip_into(in, out);
      return;
    }
  }
}

/// The protocol field, of one byte where its lowest bit is set (RFC 1661 section 2), and what lies behind.
void parse_ppp_into(ByteReader in, PacketHeader& out) {
  const auto first = in.u8();
  if (!first) {
    return;
  }
  std::uint16_t protocol = *first;
  if ((protocol & 1U) == 0) {
    const auto second = in.u8();
    if (!second) {
      return;
    }
    protocol = static_cast<std::uint16_t>(protocol << 8U | *second);
  }
  if (protocol == kPppIpv4 || protocol == kPppIpv6) {
    parse_ip_into(in, out);
  } else if (protocol == kPppMpls) {
    parse_mpls_into(in, out);
  }
}

/// RFC 2516 section 4: version and type, code 0 for sessions, session id, length.
void parse_pppoe_into(ByteReader in, PacketHeader& out) {
  const auto version_type = in.u8();
  const auto code = in.u8();
  const bool session = in.skip(2);
  const auto length = in.u16();
  if (version_type == std::uint8_t{0x11} && code == std::uint8_t{0} && session && length) {
    parse_ppp_into(ByteReader{in.rest().first(std::min<std::size_t>(*length, in.remaining()))}, out);
  }
}

/// The EtherType behind LLC and SNAP with the Ethernet encapsulation (RFC 1042); nullopt for anything else.
std::optional<std::uint16_t> read_snap(ByteReader& in) {
  const auto llc = in.u32();
  const auto rest_of_oui = in.u16();
  return llc == 0xAAAA'0300U && rest_of_oui == std::uint16_t{0} ? in.u16() : std::nullopt;
}

}  // namespace

PacketHeader parse_ethernet(ByteSpan frame) {
  PacketHeader out;
  ByteReader in{frame};
  const auto head = in.bytes(14);
  if (!head) {
    return out;
  }
  out.dst_mac = load_mac(head->data());
  out.src_mac = load_mac(head->data() + 6);
  std::optional type = load_big_endian<std::uint16_t>(head->data() + 12);
  for (unsigned tags = 0; tags < kMaxVlanTags && is_vlan_tag(*type); ++tags) {
    const auto control = in.u16();
    const auto inner = in.u16();
    if (!control || !inner) {
      return out;
    }
    // Id 0 is a priority tag, which names no VLAN.
    if (!out.vlan && (*control & kVlanIdMask) != 0) {
      out.vlan = static_cast<std::uint16_t>(*control & kVlanIdMask);
    }
    type = inner;
  }
  if (*type <= kLargestLength) {
    type = read_snap(in);
  }
  out.ether_type = type;
  if (type == kEtherTypeIpv4 || type == kEtherTypeIpv6) {
    parse_ip_into(in, out);
  } else if (type == kEtherTypeMpls || type == kEtherTypeMplsUpstream) {
    parse_mpls_into(in, out);
  } else if (type == kEtherTypePppoeSession) {
    parse_pppoe_into(in, out);
  }
  return out;
}

PacketHeader parse_ip(ByteSpan packet) {
  PacketHeader out;
  parse_ip_into(ByteReader{packet}, out);
  return out;
}

PacketHeader parse_ppp(ByteSpan frame) {
  PacketHeader out;
  ByteReader in{frame};
  if (ByteReader{frame}.u16() == kPppAddressControl) {
    static_cast<void>(in.skip(2));
  }
  parse_ppp_into(in, out);
  return out;
}

PacketHeader parse_mpls(ByteSpan stack) {
  PacketHeader out;
  parse_mpls_into(ByteReader{stack}, out);
  return out;
}

}  // namespace pinfold::net
