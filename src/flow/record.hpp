/// A flow record as an exporter sent it, before any scaling: what every decoder gives and everything behind it reads.
/// Units:   packets and bytes as exported (sampled ones when sampling_rate > 1); times as the exporter claims them.
/// Source:  IPFIX information elements (RFC 7012, IANA registry); sFlow v5; names as in the command line (`pinfold flows decode`).
/// Cost:    plain data, no allocation.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "base/units.hpp"
#include "net/ip_address.hpp"
#include "net/mac_address.hpp"

namespace pinfold::flow {

enum class ExportVersion : std::uint8_t { NetFlow5, NetFlow9, Ipfix, Sflow5, Packet };

/// IANA protocol numbers that the code names.
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kIcmpV6 = 58;

/// TCP flags (RFC 9293 section 3.1), cumulative over the flow.
inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kRst = 0x04;
inline constexpr std::uint8_t kPsh = 0x08;
inline constexpr std::uint8_t kAck = 0x10;

/// IPFIX flowDirection (element 61), as seen from the observation point.
enum class Direction : std::uint8_t { Ingress = 0, Egress = 1 };

/// The plain members of a record that an export may lack; they are zero then.
enum class Field : std::uint8_t { Src = 1, Dst = 2, SrcPort = 4, DstPort = 8, Protocol = 16, Packets = 32, Bytes = 64 };

class FieldSet {
public:
  constexpr void add(Field field) { x_bits = static_cast<std::uint8_t>(x_bits | static_cast<std::uint8_t>(field)); }
  [[nodiscard]] constexpr bool has(Field field) const { return (x_bits & static_cast<std::uint8_t>(field)) != 0; }
  friend constexpr bool operator==(FieldSet, FieldSet) = default;

private:
  std::uint8_t x_bits = 0;
};

struct FlowRecord {
  ExportVersion version = ExportVersion::Ipfix;
  FieldSet exported;  ///< which of src, dst, ports, protocol, packets and bytes the export carried
  SamplingRate sampling_rate;
  std::optional<ExporterTime> first;
  std::optional<ExporterTime> last;
  net::IpAddress src;
  net::IpAddress dst;
  std::uint16_t src_port = 0;
  std::uint16_t dst_port = 0;  ///< ICMP: type * 256 + code
  std::uint8_t protocol = 0;
  std::optional<std::uint8_t> tcp_flags;
  Packets packets;
  Bytes bytes;
  std::optional<IfIndex> in_if;
  std::optional<IfIndex> out_if;
  std::optional<net::MacAddress> src_mac;
  std::optional<net::MacAddress> dst_mac;
  std::optional<std::uint16_t> vlan;
  std::optional<Direction> direction;
  std::optional<Packets> reverse_packets;  ///< biflows (RFC 5103): what came back, from dst to src
  std::optional<Bytes> reverse_bytes;
};

}  // namespace pinfold::flow
