#include "detect/contact.hpp"

#include <algorithm>
#include <array>

namespace pinfold::detect {
namespace {

using flow::FlowRecord;

/// A SYN with all its options is 60 to 80 bytes; resends of it make up a flow.
constexpr std::uint64_t kMaxSynBytes = 80;
constexpr std::uint64_t kMaxSynPackets = 6;
/// UDP probes carry a question at most.
constexpr std::uint64_t kMaxProbeBytes = 600;
constexpr std::uint64_t kMaxProbePackets = 10;
constexpr std::uint16_t kFirstHighPort = 1024;

bool is_small(const FlowRecord& record, std::uint64_t max_packets, std::uint64_t max_bytes_each) {
  const std::uint64_t packets = std::max<std::uint64_t>(record.packets.value, 1);
  return packets <= max_packets && record.bytes.value < packets * (max_bytes_each + 1);  // on average, rounded down
}

bool is_group_address(const net::IpAddress& address) {
  if (address.is_v4()) {
    return address.bytes()[0] >= 224;  // multicast, reserved, broadcast
  }
  return address.bytes()[0] == 0xFF;
}

bool has(std::uint8_t flags, std::uint8_t flag) { return (flags & flag) != 0; }

std::uint8_t known_flags(const FlowRecord& record) { return record.tcp_flags.value_or(0); }

/// Zero from a flow exporter means "not kept"; from a packet it means zero.
bool flags_are_unknown(const FlowRecord& record) {
  const bool is_packet = record.version == flow::ExportVersion::Packet || record.version == flow::ExportVersion::Sflow5;
  return !record.tcp_flags || (!is_packet && *record.tcp_flags == 0);
}

/// A probe (nmap -sA) has no options; in the middle of a connection it says nothing that other packets do not say. Of sampled ones nobody knows.
bool is_bare_ack(const FlowRecord& record) {
  constexpr std::uint64_t kWithoutOptions = 40;
  return known_flags(record) == flow::kAck && record.sampling_rate.one_in() == 1 && is_small(record, 2, kWithoutOptions);
}

std::optional<ContactSign> tcp_outbound(const FlowRecord& record) {
  const bool to_lower_port = record.dst_port < record.src_port;
  if (flags_are_unknown(record)) {
    if (!to_lower_port) {
      return std::nullopt;
    }
    return is_small(record, kMaxSynPackets, kMaxSynBytes) ? ContactSign::Attempt : ContactSign::Established;
  }
  const std::uint8_t flags = known_flags(record);
  if (!has(flags, flow::kAck)) {
    const bool is_reset = has(flags, flow::kRst) && !has(flags, flow::kSyn);
    return is_reset ? std::nullopt : std::optional{ContactSign::Attempt};
  }
  const bool is_answer = (flags & (flow::kSyn | flow::kAck | flow::kRst | flow::kFin | flow::kPsh)) == (flow::kSyn | flow::kAck);
  const bool is_refusal = has(flags, flow::kRst) && !has(flags, flow::kSyn);
  if (is_answer || is_refusal || !to_lower_port) {
    return std::nullopt;
  }
  return is_bare_ack(record) ? ContactSign::Attempt : ContactSign::Established;
}

std::optional<ContactSign> tcp_inbound(const FlowRecord& record) {
  if (flags_are_unknown(record)) {
    return is_small(record, 1, kMaxSynBytes) ? std::nullopt : std::optional{ContactSign::Accepted};
  }
  const std::uint8_t flags = known_flags(record);
  if (has(flags, flow::kRst) && !has(flags, flow::kSyn)) {
    return ContactSign::Refused;
  }
  return has(flags, flow::kAck) ? std::optional{ContactSign::Accepted} : std::nullopt;
}

/// The request that an ICMP type is or answers, as a ContactKey port.
struct IcmpQuery {
  std::uint8_t protocol;
  std::uint8_t request;
  std::uint8_t reply;
};
constexpr std::array<IcmpQuery, 4> kIcmpQueries = {{
    {flow::kIcmp, 8, 0},        // echo
    {flow::kIcmp, 13, 14},      // timestamp
    {flow::kIcmp, 17, 18},      // address mask
    {flow::kIcmpV6, 128, 129},  // echo
}};

std::optional<std::uint16_t> icmp_request(const FlowRecord& record, std::uint8_t IcmpQuery::*role) {
  const auto type = static_cast<std::uint8_t>(record.dst_port >> 8U);
  for (const IcmpQuery& query : kIcmpQueries) {
    if (query.protocol == record.protocol && query.*role == type) {
      return static_cast<std::uint16_t>(query.request << 8U);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<ContactEvent> read_outbound(const FlowRecord& record) {
  if (is_group_address(record.dst)) {
    return std::nullopt;
  }
  ContactEvent event{record.dst_port, ContactSign::Attempt, std::nullopt};
  const bool has_reverse = record.reverse_packets.value_or(Packets{}).value > 0;
  if (has_reverse) {
    event.answer = record.protocol == flow::kTcp ? ContactSign::Refused : ContactSign::Accepted;
  }
  switch (record.protocol) {
    case flow::kTcp:
      if (const auto sign = tcp_outbound(record)) {
        event.sign = *sign;
        return event;
      }
      return std::nullopt;
    case flow::kUdp: {
      const bool is_service = record.src_port < kFirstHighPort && record.dst_port >= kFirstHighPort;
      return !is_service && is_small(record, kMaxProbePackets, kMaxProbeBytes) ? std::optional{event} : std::nullopt;
    }
    case flow::kIcmp:
    case flow::kIcmpV6:
      if (const auto request = icmp_request(record, &IcmpQuery::request)) {
        event.port = *request;
        return event;
      }
      return std::nullopt;
    default: return std::nullopt;
  }
}

std::optional<ContactEvent> read_inbound(const FlowRecord& record) {
  ContactEvent event{record.src_port, ContactSign::Accepted, std::nullopt};
  switch (record.protocol) {
    case flow::kTcp:
      if (const auto sign = tcp_inbound(record)) {
        event.sign = *sign;
        return event;
      }
      return std::nullopt;
    case flow::kUdp: return event;
    case flow::kIcmp:
    case flow::kIcmpV6:
      if (const auto request = icmp_request(record, &IcmpQuery::reply)) {
        event.port = *request;
        return event;
      }
      return std::nullopt;
    default: return std::nullopt;
  }
}

}  // namespace pinfold::detect
