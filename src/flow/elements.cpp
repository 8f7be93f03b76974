#include "flow/elements.hpp"

#include <array>

namespace pinfold::flow {
namespace {

/// The lengths that a field may have.
enum class Width : std::uint8_t {
  Integer,  ///< 1 to 8: reduced-size encoding (RFC 7011 section 6.2)
  Four,
  Six,
  Eight,
  Sixteen,
  FloatingPoint,  ///< 8, or 4 (RFC 7011 section 6.2)
  Any,            ///< bytes, of variable length too
};

struct Row {
  std::uint16_t id = 0;
  Width width = Width::Integer;
  Element element;
};

constexpr std::array kRows{
    Row{1, Width::Integer, {Read::Bytes, Topic::Bytes, 0}},                           // octetDeltaCount
    Row{85, Width::Integer, {Read::Bytes, Topic::Bytes, 1}},                          // octetTotalCount
    Row{231, Width::Integer, {Read::Bytes, Topic::Bytes, 2}},                         // initiatorOctets
    Row{352, Width::Integer, {Read::Bytes, Topic::Bytes, 3}},                         // layer2OctetDeltaCount
    Row{23, Width::Integer, {Read::Bytes, Topic::Bytes, 4}},                          // postOctetDeltaCount
    Row{353, Width::Integer, {Read::Bytes, Topic::Bytes, 5}},                         // layer2OctetTotalCount
    Row{171, Width::Integer, {Read::Bytes, Topic::Bytes, 6}},                         // postOctetTotalCount
    Row{312, Width::Integer, {Read::Bytes, Topic::Bytes, 7}},                         // dataLinkFrameSize, of one packet
    Row{224, Width::Integer, {Read::Bytes, Topic::Bytes, 8}},                         // ipTotalLength, of one packet
    Row{2, Width::Integer, {Read::Packets, Topic::Packets, 0}},                       // packetDeltaCount
    Row{86, Width::Integer, {Read::Packets, Topic::Packets, 1}},                      // packetTotalCount
    Row{298, Width::Integer, {Read::Packets, Topic::Packets, 2}},                     // initiatorPackets
    Row{24, Width::Integer, {Read::Packets, Topic::Packets, 4}},                      // postPacketDeltaCount
    Row{172, Width::Integer, {Read::Packets, Topic::Packets, 5}},                     // postPacketTotalCount
    Row{232, Width::Integer, {Read::ReverseBytes, Topic::Own, 0}},                    // responderOctets
    Row{299, Width::Integer, {Read::ReversePackets, Topic::Own, 0}},                  // responderPackets
    Row{4, Width::Integer, {Read::Protocol, Topic::Own, 0}},                          // protocolIdentifier
    Row{6, Width::Integer, {Read::TcpFlags, Topic::Own, 0}},                          // tcpControlBits
    Row{7, Width::Integer, {Read::SrcPort, Topic::SrcPort, 0}},                       // sourceTransportPort
    Row{180, Width::Integer, {Read::SrcPort, Topic::SrcPort, 1}},                     // udpSourcePort
    Row{182, Width::Integer, {Read::SrcPort, Topic::SrcPort, 1}},                     // tcpSourcePort
    Row{11, Width::Integer, {Read::DstPort, Topic::DstPort, 0}},                      // destinationTransportPort
    Row{181, Width::Integer, {Read::DstPort, Topic::DstPort, 1}},                     // udpDestinationPort
    Row{183, Width::Integer, {Read::DstPort, Topic::DstPort, 1}},                     // tcpDestinationPort
    Row{8, Width::Four, {Read::SrcV4, Topic::Own, 0}},                                // sourceIPv4Address
    Row{12, Width::Four, {Read::DstV4, Topic::Own, 0}},                               // destinationIPv4Address
    Row{27, Width::Sixteen, {Read::SrcV6, Topic::Own, 0}},                            // sourceIPv6Address
    Row{28, Width::Sixteen, {Read::DstV6, Topic::Own, 0}},                            // destinationIPv6Address
    Row{10, Width::Integer, {Read::InIf, Topic::InIf, 0}},                            // ingressInterface
    Row{252, Width::Integer, {Read::InIf, Topic::InIf, 1}},                           // ingressPhysicalInterface
    Row{14, Width::Integer, {Read::OutIf, Topic::OutIf, 0}},                          // egressInterface
    Row{253, Width::Integer, {Read::OutIf, Topic::OutIf, 1}},                         // egressPhysicalInterface
    Row{56, Width::Six, {Read::SrcMac, Topic::SrcMac, 0}},                            // sourceMacAddress
    Row{81, Width::Six, {Read::SrcMac, Topic::SrcMac, 1}},                            // postSourceMacAddress
    Row{80, Width::Six, {Read::DstMac, Topic::DstMac, 0}},                            // destinationMacAddress
    Row{57, Width::Six, {Read::DstMac, Topic::DstMac, 1}},                            // postDestinationMacAddress
    Row{58, Width::Integer, {Read::Vlan, Topic::Vlan, 0}},                            // vlanId
    Row{243, Width::Integer, {Read::Vlan, Topic::Vlan, 1}},                           // dot1qVlanId
    Row{59, Width::Integer, {Read::Vlan, Topic::Vlan, 2}},                            // postVlanId
    Row{254, Width::Integer, {Read::Vlan, Topic::Vlan, 3}},                           // postDot1qVlanId
    Row{245, Width::Integer, {Read::Vlan, Topic::Vlan, 4}},                           // dot1qCustomerVlanId
    Row{61, Width::Integer, {Read::Direction, Topic::Own, 0}},                        // flowDirection
    Row{32, Width::Integer, {Read::IcmpTypeCode, Topic::Own, 0}},                     // icmpTypeCodeIPv4
    Row{139, Width::Integer, {Read::IcmpTypeCode, Topic::Own, 0}},                    // icmpTypeCodeIPv6
    Row{176, Width::Integer, {Read::IcmpType, Topic::Own, 0}},                        // icmpTypeIPv4
    Row{177, Width::Integer, {Read::IcmpCode, Topic::Own, 0}},                        // icmpCodeIPv4
    Row{178, Width::Integer, {Read::IcmpType, Topic::Own, 0}},                        // icmpTypeIPv6
    Row{179, Width::Integer, {Read::IcmpCode, Topic::Own, 0}},                        // icmpCodeIPv6
    Row{156, Width::Eight, {Read::FirstNtp, Topic::First, 0}},                        // flowStartNanoseconds
    Row{154, Width::Eight, {Read::FirstNtp, Topic::First, 1}},                        // flowStartMicroseconds
    Row{152, Width::Eight, {Read::FirstMillis, Topic::First, 2}},                     // flowStartMilliseconds
    Row{158, Width::Integer, {Read::FirstDelta, Topic::First, 3}},                    // flowStartDeltaMicroseconds
    Row{150, Width::Integer, {Read::FirstSeconds, Topic::First, 4}},                  // flowStartSeconds
    Row{22, Width::Integer, {Read::FirstUptime, Topic::First, 5}},                    // flowStartSysUpTime
    Row{157, Width::Eight, {Read::LastNtp, Topic::Last, 0}},                          // flowEndNanoseconds
    Row{155, Width::Eight, {Read::LastNtp, Topic::Last, 1}},                          // flowEndMicroseconds
    Row{153, Width::Eight, {Read::LastMillis, Topic::Last, 2}},                       // flowEndMilliseconds
    Row{159, Width::Integer, {Read::LastDelta, Topic::Last, 3}},                      // flowEndDeltaMicroseconds
    Row{151, Width::Integer, {Read::LastSeconds, Topic::Last, 4}},                    // flowEndSeconds
    Row{21, Width::Integer, {Read::LastUptime, Topic::Last, 5}},                      // flowEndSysUpTime
    Row{325, Width::Eight, {Read::ObservedNtp, Topic::Observed, 0}},                  // observationTimeNanoseconds
    Row{324, Width::Eight, {Read::ObservedNtp, Topic::Observed, 1}},                  // observationTimeMicroseconds
    Row{323, Width::Eight, {Read::ObservedMillis, Topic::Observed, 2}},               // observationTimeMilliseconds
    Row{322, Width::Integer, {Read::ObservedSeconds, Topic::Observed, 3}},            // observationTimeSeconds
    Row{161, Width::Integer, {Read::DurationMillis, Topic::Own, 0}},                  // flowDurationMilliseconds
    Row{162, Width::Integer, {Read::DurationMicros, Topic::Own, 0}},                  // flowDurationMicroseconds
    Row{160, Width::Eight, {Read::SystemInitMillis, Topic::Own, 0}},                  // systemInitTimeMilliseconds
    Row{34, Width::Integer, {Read::SamplingInterval, Topic::Sampling, 0}},            // samplingInterval
    Row{50, Width::Integer, {Read::SamplingInterval, Topic::Sampling, 1}},            // samplerRandomInterval
    Row{311, Width::FloatingPoint, {Read::SamplingProbability, Topic::Sampling, 2}},  // samplingProbability
    Row{48, Width::Integer, {Read::SamplerId, Topic::Own, 0}},                        // samplerId
    Row{302, Width::Integer, {Read::SamplerId, Topic::Own, 0}},                       // selectorId, which replaced samplerId
    Row{305, Width::Integer, {Read::SamplingPacketInterval, Topic::Own, 0}},          // samplingPacketInterval
    Row{306, Width::Integer, {Read::SamplingPacketSpace, Topic::Own, 0}},             // samplingPacketSpace
    Row{309, Width::Integer, {Read::SamplingSize, Topic::Own, 0}},                    // samplingSize
    Row{310, Width::Integer, {Read::SamplingPopulation, Topic::Own, 0}},              // samplingPopulation
    Row{315, Width::Any, {Read::FrameSection, Topic::Own, 0}},                        // dataLinkFrameSection
    Row{104, Width::Any, {Read::FrameSection, Topic::Own, 0}},                        // layer2packetSectionData, which 315 replaced
    Row{313, Width::Any, {Read::IpSection, Topic::Own, 0}},                           // ipHeaderPacketSection
    Row{293, Width::Any, {Read::Details, Topic::Own, 0}},                             // subTemplateMultiList
};

bool fits(Width width, std::uint16_t length) {
  switch (width) {
    case Width::Integer: return length >= 1 && length <= 8;
    case Width::Four: return length == 4;
    case Width::Six: return length == 6;
    case Width::Eight: return length == 8;
    case Width::Sixteen: return length == 16;
    case Width::FloatingPoint: return length == 4 || length == 8;
    case Width::Any: return length != 0;
  }
  return false;
}

// Of the first packet, and of all others.
constexpr std::uint16_t kInitialTcpFlags = 14;
constexpr std::uint16_t kUnionTcpFlags = 15;

std::optional<Element> reverse_of(std::uint16_t id) {
  switch (id) {
    case 1:
    case 85: return Element{Read::ReverseBytes, Topic::Own, 0};
    case 2:
    case 86: return Element{Read::ReversePackets, Topic::Own, 0};
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Element> find_element(std::uint32_t enterprise, std::uint16_t id, std::uint16_t length) {
  if (enterprise == kReverseEnterprise) {
    return fits(Width::Integer, length) ? reverse_of(id) : std::nullopt;
  }
  if (enterprise == kCertEnterprise && (id == kInitialTcpFlags || id == kUnionTcpFlags) && fits(Width::Integer, length)) {
    return Element{Read::MoreTcpFlags, Topic::Own, 0};
  }
  if (enterprise != 0) {
    return std::nullopt;
  }
  for (const Row& row : kRows) {
    if (row.id == id) {
      return fits(row.width, length) ? std::optional{row.element} : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace pinfold::flow
