#include "detect/session_table.hpp"

#include <algorithm>

#include "detect/contact_table.hpp"
#include "detect/services.hpp"
#include "detect/small_count.hpp"

namespace pinfold::detect {
namespace {

void span(Session& session, const flow::FlowRecord& record, WallTime event) {
  const WallTime begin = record.first && record.last && record.first->claimed() <= record.last->claimed()
                             ? event - std::min<Micros>(record.last->claimed() - record.first->claimed(), std::chrono::hours{1})
                             : event;
  session.first = session.first == WallTime{} ? begin : std::min(session.first, begin);
  session.last = std::max(session.last, event);
  session.flags |= record.tcp_flags.value_or(0);
}

}  // namespace

std::uint64_t hash_of(std::uint64_t seed, const SessionKey& key) {
  return hash_of_session(seed, hash_of(seed, ContactKey{key.peer, key.port, flow::kTcp}), key.src_port);
}

bool is_session_outbound(const flow::FlowRecord& record, const ContactEvent& seen) {
  return record.protocol == flow::kTcp && seen.sign == ContactSign::Established && kind_of_port(record.dst_port) != PortKind::Ordinary;
}

bool is_session_inbound(const flow::FlowRecord& record) {
  // A port below the server's own: the same guess as for what it sends (contact.hpp). A SYN-ACK alone opens nothing.
  return record.protocol == flow::kTcp && record.src_port < record.dst_port && kind_of_port(record.src_port) != PortKind::Ordinary;
}

void note_outbound(Session& session, const flow::FlowRecord& record, WallTime event) {
  session.out_packets = add_small(session.out_packets, record.packets.value);
  session.out_bytes += record.bytes.value;
  session.in_packets = add_small(session.in_packets, record.reverse_packets.value_or(Packets{}).value);
  session.in_bytes += record.reverse_bytes.value_or(Bytes{}).value;
  span(session, record, event);
}

void note_inbound(Session& session, const flow::FlowRecord& record, WallTime event) {
  session.in_packets = add_small(session.in_packets, record.packets.value);
  session.in_bytes += record.bytes.value;
  span(session, record, event);
}

}  // namespace pinfold::detect
