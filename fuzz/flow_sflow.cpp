// sFlow v5: a sequence of datagrams, each behind a 16-bit length, from one exporter. What holds for any input: a refused datagram leaves
// nothing behind, and every flow sample gives one record of one packet.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/assert.hpp"
#include "base/byte_reader.hpp"
#include "flow/decoder.hpp"
#include "flow/record_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold;
  flow::Decoder decoder;
  const flow::ExporterKey exporter{net::IpAddress::v4(0xC0000201), 0};
  std::vector<flow::FlowRecord> flows;
  ByteReader in{{data, size}};
  while (const auto length = in.u16()) {
    const auto datagram = in.bytes(std::min<std::size_t>(*length, in.remaining()));
    if (flow::sniff(*datagram) != flow::ExportVersion::Sflow5) {
      continue;  // the other protocols have a target of their own
    }
    flows.clear();
    const auto done = decoder.decode(exporter, *datagram, flows, WallTime{});
    PINFOLD_ASSERT(done || flows.empty());
    PINFOLD_ASSERT(done || done.error().offset <= datagram->size());
    PINFOLD_ASSERT(!done || done->records == flows.size());
    for (const flow::FlowRecord& flow : flows) {
      PINFOLD_ASSERT(flow.packets.value == 1);
      PINFOLD_ASSERT(!flow::to_json(flow, exporter.address).empty());
    }
  }
  return 0;
}
