/// Flow records as NetFlow v5 datagrams with the moment at which each is to be sent: what FastNetMon is fed.
/// IPv4 only, 30 records a datagram; the header says the sampling (at most 1:16383).
/// File: little-endian; double seconds, uint16 length, the datagram; in order of time.
/// Source: Cisco, NetFlow Export Datagram Format, table B-3 and B-4.
#pragma once

#include <filesystem>
#include <vector>

#include "flow/record.hpp"

namespace pinfold::evaluate {

struct TimedRecord {
  double at = 0;  ///< seconds from the beginning of the feed
  flow::FlowRecord record;
};

[[nodiscard]] bool write_feed(const std::filesystem::path& file, std::vector<TimedRecord> records, std::uint32_t one_in);

}  // namespace pinfold::evaluate
