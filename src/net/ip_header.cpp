#include "net/ip_header.hpp"

#include <algorithm>
#include <array>

namespace pinfold::net {
namespace {

// IANA protocol numbers.
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kIcmpV6 = 58;
constexpr std::uint8_t kDestinationOptions = 60;
constexpr std::uint8_t kSctp = 132;
constexpr std::uint8_t kMobility = 135;
constexpr std::uint8_t kHostIdentity = 139;
constexpr std::uint8_t kShim6 = 140;

std::optional<IpAddress> read_v6(ByteReader& in) {
  const auto bytes = in.bytes(16);
  if (!bytes) {
    return std::nullopt;
  }
  std::array<std::uint8_t, 16> address{};
  std::copy(bytes->begin(), bytes->end(), address.begin());
  return IpAddress::v6(address);
}

void parse_ports(ByteReader& in, PacketHeader& out) {
  if (const auto ports = in.bytes(4)) {
    out.src_port = load_big_endian<std::uint16_t>(ports->data());
    out.dst_port = load_big_endian<std::uint16_t>(ports->data() + 2);
  }
}

void parse_udp(ByteReader in, PacketHeader& out) {
  parse_ports(in, out);
  const auto length = in.u16();
  if (!length || *length < 8 || !in.skip(2)) {
    return;
  }
  out.payload = in.rest().first(std::min<std::size_t>(in.remaining(), *length - 8U));
}

void parse_transport(ByteReader in, PacketHeader& out) {
  if (out.later_fragment || !out.protocol) {
    return;
  }
  switch (*out.protocol) {
    case kTcp: {
      parse_ports(in, out);
      if (in.skip(9)) {  // sequence, acknowledgment, data offset
        out.tcp_flags = in.u8();
      }
      break;
    }
    case kUdp: parse_udp(in, out); break;
    case kSctp: parse_ports(in, out); break;
    case kIcmp:
    case kIcmpV6: out.icmp_type_code = in.u16(); break;
    default: break;
  }
}

void parse_v4(ByteReader in, PacketHeader& out) {
  constexpr std::size_t kFixed = 20;
  const std::size_t available = in.remaining();
  const auto head = in.bytes(kFixed);
  const std::size_t header_length = head ? (head->front() & 0x0FU) * 4U : 0;
  if (header_length < kFixed) {
    return;
  }
  const std::uint8_t* const at = head->data();
  const auto total = load_big_endian<std::uint16_t>(at + 2);
  out.src.emplace(IpAddress::v4(load_big_endian<std::uint32_t>(at + 12)));
  out.dst.emplace(IpAddress::v4(load_big_endian<std::uint32_t>(at + 16)));
  out.protocol = at[9];
  out.ip_length = total;
  out.later_fragment = (load_big_endian<std::uint16_t>(at + 6) & 0x1FFFU) != 0;
  // A total length of zero is what segmentation offload leaves in packets captured on the sender: then all bytes belong to it.
  const std::size_t claimed = total == 0 ? available : std::min<std::size_t>(total, available);
  if (claimed < header_length || !in.skip(header_length - kFixed)) {
    return;
  }
  parse_transport(ByteReader{in.rest().first(claimed - header_length)}, out);
}

/// Follows the chain of extension headers; true when `in` stands at the header named by out.protocol.
bool skip_extension_headers(ByteReader& in, PacketHeader& out) {
  for (unsigned i = 0; i < kMaxExtensionHeaders; ++i) {
    switch (*out.protocol) {
      case kHopByHop:
      case kRouting:
      case kDestinationOptions:
      case kMobility:
      case kHostIdentity:
      case kShim6:
      case kAuthentication: {
        const auto next = in.u8();
        const auto length = in.u8();
        if (!next || !length) {
          return false;
        }
        // RFC 8200: units of 8 bytes beyond the first 8; RFC 4302: units of 4 bytes beyond the first 8.
        const std::size_t size = *out.protocol == kAuthentication ? (*length + 2U) * 4U : (*length + 1U) * 8U;
        if (!in.skip(size - 2)) {
          return false;
        }
        out.protocol = next;
        break;
      }
      case kFragment: {
        const auto next = in.u8();
        const bool reserved = in.skip(1);
        const auto offset = in.u16();
        if (!next || !reserved || !offset || !in.skip(4)) {
          return false;
        }
        out.protocol = next;
        out.later_fragment = (*offset & 0xFFF8U) != 0;
        if (out.later_fragment) {
          return false;
        }
        break;
      }
      default: return true;
    }
  }
  return false;
}

void parse_v6(ByteReader in, PacketHeader& out) {
  const bool first_word = in.skip(4);
  const auto payload_length = in.u16();
  const auto next = in.u8();
  const bool hop_limit = in.skip(1);
  const auto src = read_v6(in);
  const auto dst = read_v6(in);
  if (!first_word || !payload_length || !next || !hop_limit || !src || !dst) {
    return;
  }
  out.src = src;
  out.dst = dst;
  out.protocol = next;
  out.ip_length = *payload_length + 40U;
  const std::size_t claimed = *payload_length == 0 ? in.remaining() : std::min<std::size_t>(*payload_length, in.remaining());
  ByteReader body{in.rest().first(claimed)};
  if (skip_extension_headers(body, out)) {
    parse_transport(body, out);
  }
}

}  // namespace

void parse_ip_into(ByteReader in, PacketHeader& out) {
  if (in.empty()) {
    return;
  }
  const unsigned version = in.rest().front() >> 4U;
  if (version == 4) {
    parse_v4(in, out);
  } else if (version == 6) {
    parse_v6(in, out);
  }
}

}  // namespace pinfold::net
