/// Counters of an interface as an sFlow agent pushed them, with who sent them and when they arrived. Handed from the intake to the engine, which
/// makes bandwidth of them (pushed_counters.hpp). Plain data.
#pragma once

#include "base/time.hpp"
#include "flow/interface_counters.hpp"
#include "net/ip_address.hpp"

namespace pinfold::collect {

struct PushedSample {
  net::IpAddress exporter;  ///< who sent the datagram
  WallTime received;
  flow::InterfaceCounters counters;
};

}  // namespace pinfold::collect
