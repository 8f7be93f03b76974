/// The TCP sessions that one server opened as a client on ports where logins and mail happen: how big each was, and how long.
/// Flow exporters give a session as one record, packet exports (sFlow, captures) packet by packet: both add up to the same entry. The opening SYN
/// opens no entry, so a scan costs nothing here; the packets of a session are therefore counted without it where packets are exported.
/// Not kept: sessions to web ports (kind_of_port, detect/services.hpp): nothing in a flow tells a login there from a page.
/// Memory: 64 bytes an entry, and as much slack; at most kMaxSessions entries a server. Threads: none.
#pragma once

#include <cstdint>
#include <optional>

#include "detect/contact.hpp"
#include "detect/distinct_table.hpp"

namespace pinfold::detect {

struct SessionKey {
  net::IpAddress peer;
  std::uint16_t port = 0;      ///< of the peer
  std::uint16_t src_port = 0;  ///< of the server
  friend constexpr auto operator<=>(const SessionKey&, const SessionKey&) = default;
};

struct alignas(64) Session {  // one cache line
  SessionKey key;
  bool used = false;
  std::uint8_t flags = 0;  ///< TCP flags of both directions
  std::uint32_t out_packets = 0;
  std::uint32_t in_packets = 0;
  std::uint64_t out_bytes = 0;  ///< as exported, IP headers included
  std::uint64_t in_bytes = 0;
  WallTime first;
  WallTime last;
};

using SessionTable = DistinctTable<Session>;
inline constexpr std::size_t kMaxSessions = 1024;

[[nodiscard]] std::uint64_t hash_of(std::uint64_t seed, const SessionKey& key);
/// The same, from the hash of the contact (peer, port, TCP) under that seed.
[[nodiscard]] inline std::uint64_t hash_of_session(std::uint64_t seed, std::uint64_t contact, std::uint16_t src_port) {
  return fold(contact ^ src_port, seed ^ kFold3);
}

/// An outbound record belongs to a session that is kept.
[[nodiscard]] bool is_session_outbound(const flow::FlowRecord& record, const ContactEvent& seen);
[[nodiscard]] inline SessionKey session_outbound(const flow::FlowRecord& record) { return {record.dst, record.dst_port, record.src_port}; }
/// The same for a record that came to the server: an answer to a session of its own.
[[nodiscard]] bool is_session_inbound(const flow::FlowRecord& record);
[[nodiscard]] inline SessionKey session_inbound(const flow::FlowRecord& record) { return {record.src, record.src_port, record.dst_port}; }
void note_outbound(Session& session, const flow::FlowRecord& record, WallTime event);
void note_inbound(Session& session, const flow::FlowRecord& record, WallTime event);

}  // namespace pinfold::detect
