/// An interface's counters as an sFlow agent pushed them: what bandwidth per port can be made of without SNMP.
/// Used by: `collect`, beside the flow records (Decoder::interface_counters).
/// Units:   octets and packets since the agent last started counting; the 32-bit ones wrap. `speed` is in bit/s.
/// Cost:    plain data, no allocation but for a long name. All ones stands for "not counted" (sFlow v5 section 3.1): such counters are absent here.
/// Source:  sFlow Version 5, "if_counters" (enterprise 0, format 1), which follows IF-MIB (RFC 2863); "port_name" (format 1005, sFlow OpenFlow
///          Structures).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/units.hpp"
#include "net/ip_address.hpp"

namespace pinfold::flow {

enum class Duplex : std::uint8_t { Unknown = 0, Full = 1, Half = 2, In = 3, Out = 4 };

struct InterfaceCounters {
  net::IpAddress agent;             ///< as the datagram names it; behind a NAT it is not the address that sent it
  std::uint32_t sub_agent = 0;      ///< counters of one interface from two sub-agents are two series
  std::uint32_t uptime_millis = 0;  ///< the agent's clock at this sample: the distance of two samples, right over network delays. Wraps
  std::uint32_t sequence = 0;       ///< of the counter samples of this source; going back means that the counters began again
  IfIndex interface;
  std::string name;         ///< ifName, if the sample carries it (format 1005)
  std::uint32_t type = 0;   ///< ifType
  std::uint64_t speed = 0;  ///< 0: unknown
  Duplex duplex = Duplex::Unknown;
  bool admin_up = false;
  bool oper_up = false;
  std::optional<std::uint64_t> in_octets;
  std::optional<std::uint32_t> in_unicast;
  std::optional<std::uint32_t> in_multicast;
  std::optional<std::uint32_t> in_broadcast;
  std::optional<std::uint32_t> in_discards;
  std::optional<std::uint32_t> in_errors;
  std::optional<std::uint32_t> in_unknown_protocols;
  std::optional<std::uint64_t> out_octets;
  std::optional<std::uint32_t> out_unicast;
  std::optional<std::uint32_t> out_multicast;
  std::optional<std::uint32_t> out_broadcast;
  std::optional<std::uint32_t> out_discards;
  std::optional<std::uint32_t> out_errors;
};

}  // namespace pinfold::flow
