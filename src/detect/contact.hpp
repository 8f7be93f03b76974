/// What one flow record says about who spoke to whom first: the only thing a scan detector needs to know.
///
/// Outbound (the server is the source):
///   TCP   SYN without ACK (also with RST: a half-open scan tears down what it opened), and packets without ACK and RST (FIN, NULL, XMAS
///         probes)                                                    → Attempt
///         SYN-ACK alone, RST without SYN: the server answers; backscatter of a victim looks the same   → nothing
///         one or two bare ACKs of 40 bytes, unsampled, to a port below its own: a probe, or the middle of a connection that other packets tell of
///                                                                    → Attempt
///         anything else with ACK to a port below its own             → Established: the peer must have answered
///         anything else with ACK from a port below the peer's        → nothing: the server serves
///   UDP   few small packets → Attempt; a stream is no probe, nor is what a service's own port (below 1024) sends to a high one   → nothing
///   ICMP  echo, timestamp and mask requests → Attempt; replies and errors (backscatter) → nothing
/// Inbound (the server is the destination): TCP with SYN-ACK or ACK → Accepted; RST without SYN → Refused; a lone SYN → nothing;
///   UDP → Accepted; ICMP replies → Accepted, for the request that they answer. ICMP errors name no port in a flow record → nothing.
/// Biflows (reverse counters above zero): UDP and ICMP were Accepted; a TCP attempt that was answered but never got as far as an ACK is Refused.
/// Multicast and broadcast destinations, and other protocols → nothing.
/// Flags:   a flow exporter that gives no TCP flags, or zero, is judged by size and ports; scans of ports above their source port are then missed.
///          Packet exports (sFlow, captures) give exact flags, and there zero is a NULL probe.
/// Not seen: scans by bare ACK packets under sampling or over IPv6; they look like the middle of a connection.
/// Cost:    O(1), no allocation. Source: RFC 9293 section 3.1, RFC 792, RFC 4443, RFC 5103.
#pragma once

#include <cstdint>
#include <optional>

#include "flow/record.hpp"
#include "net/ip_address.hpp"

namespace pinfold::detect {

/// One end point that a server tried to reach.
struct ContactKey {
  net::IpAddress peer;
  std::uint16_t port = 0;  ///< of the peer; ICMP: type * 256 of the request
  std::uint8_t protocol = 0;
  friend constexpr auto operator<=>(const ContactKey&, const ContactKey&) = default;
};

enum class ContactSign : std::uint8_t { Attempt = 1, Established = 2, Accepted = 4, Refused = 8 };

struct ContactEvent {
  std::uint16_t port = 0;  ///< ContactKey::port
  ContactSign sign = ContactSign::Attempt;
  std::optional<ContactSign> answer;  ///< biflows only: what the reverse counters tell
};

/// The record's source is the server.
[[nodiscard]] std::optional<ContactEvent> read_outbound(const flow::FlowRecord& record);
[[nodiscard]] inline ContactKey key_outbound(const flow::FlowRecord& record, const ContactEvent& seen) {
  return {record.dst, seen.port, record.protocol};
}
/// The record's destination is the server.
[[nodiscard]] std::optional<ContactEvent> read_inbound(const flow::FlowRecord& record);
[[nodiscard]] inline ContactKey key_inbound(const flow::FlowRecord& record, const ContactEvent& seen) {
  return {record.src, seen.port, record.protocol};
}

}  // namespace pinfold::detect
