/// The information elements that Pinfold reads, and how each is read: the table behind compiled templates.
/// NetFlow v9 field types below 128 are the same numbers (RFC 3954 section 8); vendors use IANA's higher ones in v9 too.
/// Source: IANA "IP Flow Information Export (IPFIX) Entities"; RFC 5103 section 6.1 (reverse elements).
#pragma once

#include <cstdint>
#include <optional>

namespace pinfold::flow {

/// How one field's bytes go into a record (template.cpp has the switch).
enum class Read : std::uint8_t {
  Skip,
  Bytes,
  Packets,
  ReverseBytes,
  ReversePackets,
  Protocol,
  TcpFlags,
  MoreTcpFlags,  ///< to be added to others of the record
  SrcPort,
  DstPort,
  SrcV4,
  DstV4,
  SrcV6,
  DstV6,
  InIf,
  OutIf,
  SrcMac,
  DstMac,
  Vlan,
  Direction,
  IcmpTypeCode,
  IcmpType,
  IcmpCode,
  FirstSeconds,
  FirstMillis,
  FirstNtp,
  FirstDelta,
  FirstUptime,
  LastSeconds,
  LastMillis,
  LastNtp,
  LastDelta,
  LastUptime,
  ObservedSeconds,
  ObservedMillis,
  ObservedNtp,
  DurationMillis,
  DurationMicros,
  SystemInitMillis,
  SamplingInterval,
  SamplerId,
  SamplingPacketInterval,
  SamplingPacketSpace,
  SamplingSize,
  SamplingPopulation,
  SamplingProbability,
  FrameSection,  ///< the first bytes of a sampled packet itself, from its link layer on
  IpSection,     ///< the same from its IP header on
  Details,       ///< records of other templates
};

/// What a field is about. Of several fields about the same thing a template keeps those of the lowest rank.
enum class Topic : std::uint8_t { Own, Bytes, Packets, SrcPort, DstPort, InIf, OutIf, SrcMac, DstMac, Vlan, First, Last, Observed, Sampling, Count };

struct Element {
  Read read = Read::Skip;
  Topic topic = Topic::Own;
  std::uint8_t rank = 0;
};

/// The reverse-direction elements of RFC 5103.
inline constexpr std::uint32_t kReverseEnterprise = 29305;
/// CERT/NetSA's own elements, of which yaf's TCP flags are read.
inline constexpr std::uint32_t kCertEnterprise = 6871;
/// A length that says "each record carries its own" (RFC 7011 section 7).
inline constexpr std::uint16_t kVariableLength = 0xFFFF;

/// nullopt for elements that carry nothing for a FlowRecord, and for lengths that the element cannot have.
[[nodiscard]] std::optional<Element> find_element(std::uint32_t enterprise, std::uint16_t id, std::uint16_t length);

}  // namespace pinfold::flow
