/// Who listens, and who reads or forges raw packets: from /proc/net, joined with the processes by their descriptors.
/// Used by: the audit.
/// Not seen: what a firewall stops; sockets of other network namespaces (containers).
/// Bounds:  kMaxSockets sockets, kMaxDescriptors descriptors looked at. Threads: none. Source: proc(5), packet(7).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/audit/host/processes.hpp"

namespace pinfold::agent::audit {

inline constexpr std::size_t kMaxSockets = 20'000;
inline constexpr std::size_t kMaxDescriptors = 500'000;

struct OpenSocket {
  std::string protocol;  ///< "tcp", "udp6", "packet", "raw"
  std::string address;   ///< "0.0.0.0"
  std::uint16_t port = 0;
  std::uint64_t inode = 0;
  bool is_loopback = false;
};

/// The listening (TCP) or unconnected (UDP) sockets of the text of /proc/net/tcp and its like.
[[nodiscard]] std::vector<OpenSocket> parse_inet_sockets(std::string_view text, std::string_view protocol);
/// /proc/net/packet, /proc/net/raw.
[[nodiscard]] std::vector<OpenSocket> parse_packet_sockets(std::string_view text);

void check_sockets(const HostFiles& files, const ProcessTable& table, const PeopleNames& names, Report& report);

}  // namespace pinfold::agent::audit
