/// A flow record as `pinfold flows decode` prints it: one JSON object a flow, with the names that docs/cli fix for scripts.
///   exporter, version, sampling_rate, first, last, src, dst, src_port, dst_port, protocol, tcp_flags, packets, bytes, in_if, out_if,
///   src_mac, dst_mac, vlan
/// Numbers are as exported, before scaling; times are RFC 3339, UTC; what the export does not have is absent.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "flow/record.hpp"
#include "net/ip_address.hpp"

namespace pinfold::flow {

/// "netflow5", "netflow9", "ipfix", "sflow5", "packet".
[[nodiscard]] std::string_view to_string(ExportVersion version);

/// `exporter` is the address that the export came from; nullopt for raw datagrams from a file, which do not say.
[[nodiscard]] nlohmann::json to_json(const FlowRecord& record, const std::optional<net::IpAddress>& exporter);

}  // namespace pinfold::flow
