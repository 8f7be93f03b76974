/// The records within a flow sample of sFlow v5: the sampled packet's headers, or what the agent made of them.
/// Used by: the sFlow decoder only. Errors: false when a record's lengths contradict each other.
/// Source:  sFlow Version 5: "sampled_header", "sampled_ethernet", "sampled_ipv4", "sampled_ipv6", "extended_switch".
#pragma once

#include <cstdint>
#include <optional>

#include "base/byte_reader.hpp"
#include "flow/record.hpp"
#include "net/ip_address.hpp"

namespace pinfold::flow {

/// Sets in `flow` what the record says and better ones have not; formats that Pinfold does not read are skipped.
[[nodiscard]] bool read_sampled_record(std::uint32_t format, ByteReader in, FlowRecord& flow);

[[nodiscard]] std::optional<net::IpAddress> read_sflow_address(ByteReader& in, bool v6);

}  // namespace pinfold::flow
