/// What the collector counts. Loss is never silent: every datagram and record that was not judged stands in one of these numbers.
/// Used by: the desk's metrics page and health; docs/manual/flows.md says what to do about each.
/// Units:   whole numbers since the start, but for `last_heard`.
///
///   socket:   received        = sum over its exporters of `datagrams` + unknown_exporters   (kernel_drops come on top)
///   exporter: records         = other_interfaces + what the pipeline was given
///   pipeline: records         = accounted + spare + foreign + events
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "detect/pipeline.hpp"
#include "flow/decode_types.hpp"
#include "net/ip_address.hpp"

namespace pinfold::collect {

enum class Protocol : std::uint8_t { Ipfix, Sflow };  ///< which socket; Ipfix means NetFlow too
[[nodiscard]] std::string_view to_string(Protocol protocol);

inline constexpr std::size_t kFaults = static_cast<std::size_t>(flow::Fault::TooManyExporters) + 1;
/// "truncated", "bad_length": for labels.
[[nodiscard]] std::string_view fault_name(flow::Fault fault);

struct ExporterCounters {
  net::IpAddress address;
  Protocol protocol = Protocol::Ipfix;
  std::string observation_point;
  bool is_accounted = false;
  std::uint64_t datagrams = 0;
  std::uint64_t decode_errors = 0;              ///< datagrams refused whole; the sum of `faults`
  std::array<std::uint64_t, kFaults> faults{};  ///< by flow::Fault; one for the other socket's protocol is UnknownVersion
  std::uint64_t records = 0;
  std::uint64_t pushed = 0;            ///< interface counters (sFlow)
  std::uint64_t pushed_dropped = 0;    ///< of them, without room
  std::uint64_t other_interfaces = 0;  ///< records of interfaces that are not on the exporter's list
  std::uint64_t sets_waiting = 0;      ///< data sets put aside because their template had not come; most are read when it does
  std::uint64_t sets_dropped = 0;      ///< data sets that no room was left for, or that their template did not fit: lost
  std::uint64_t lost_datagrams = 0;    ///< by sequence gaps (sFlow, NetFlow v9)
  std::uint64_t lost_records = 0;      ///< by sequence gaps (IPFIX, NetFlow v5)
  std::optional<WallTime> last_heard;
};

/// Somebody who sends but is not on the list: forgotten in the configuration, or up to no good.
struct UnknownExporter {
  net::IpAddress address;
  std::uint64_t datagrams = 0;
  WallTime last_heard;
};

struct SocketCounters {
  static constexpr std::size_t kMaxStrangers = 8;
  Protocol protocol = Protocol::Ipfix;
  std::uint64_t datagrams = 0;
  std::uint64_t unknown_exporters = 0;     ///< datagrams dropped because their sender is not on the list
  std::vector<UnknownExporter> strangers;  ///< the last kMaxStrangers of them; who was heard longest ago makes room
  std::uint64_t kernel_drops = 0;          ///< datagrams that the receive buffer had no room for (SO_RXQ_OVFL, SO_MEMINFO)
  std::uint64_t errors = 0;                ///< failed system calls
  std::uint64_t buffer_bytes = 0;          ///< what the kernel granted, its overhead included
};

struct MirrorCounters {
  std::string interface;
  std::string observation_point;
  bool is_accounted = false;
  std::uint64_t packets = 0;       ///< looked at
  std::uint64_t not_ip = 0;        ///< of those, without IP addresses (ARP, LLDP, cut short)
  std::uint64_t kernel_drops = 0;  ///< the ring had no room (PACKET_STATISTICS)
  std::optional<WallTime> last_heard;
};

struct CollectorCounters {
  std::vector<ExporterCounters> exporters;
  std::vector<SocketCounters> sockets;
  std::vector<MirrorCounters> mirrors;
  detect::PipelineCounters pipeline;
};

}  // namespace pinfold::collect
